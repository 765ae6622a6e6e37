//! `cargo xtask bench`: builds everything for release, then lets that build measure. A debug build
//! of the measure itself would hide what the server costs.

mod load;
pub(crate) mod measure;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::command::{self, cargo};
use crate::project::Project;
use measure::place::Databases;

/// Mails that the worker has before it among the other figures.
pub(crate) const WORKER_MAILS: u64 = 5_000;

/// What to measure, and where to write it.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench --json figures.json")]
pub(crate) struct Options {
    /// Also writes the figures to this file.
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
    /// Which database the server keeps everything in.
    #[arg(long, value_enum, default_value_t = Databases::Both, global = true)]
    database: Databases,
    /// How long each load lasts.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Another measure than the figures.
    #[command(subcommand)]
    other: Option<Other>,
}

/// What else can be measured.
#[derive(Debug, Subcommand)]
enum Other {
    /// Lets people act as locust makes them, and prints what they had to wait.
    Load(load::Options),
    /// Only how many mails a second leave.
    Worker(WorkerOptions),
    /// The same operations with few accounts and with many, side by side.
    Growth(GrowthOptions),
}

/// How much the worker gets to do.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench worker --mails 20000")]
pub(crate) struct WorkerOptions {
    /// Mails that wait.
    #[arg(long, value_name = "N", default_value_t = WORKER_MAILS, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    mails: u64,
}

/// How far it grows.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench growth --accounts 100000 --database embedded")]
pub(crate) struct GrowthOptions {
    /// Accounts of the large side, and sessions.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    accounts: u64,
}

/// Builds and measures.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let project = Project::load()?;
    if let Some(Other::Load(load)) = &options.other {
        if options.json.is_some() || options.database != Databases::Both {
            bail!("bench load prints what people waited for and takes neither --json nor --database");
        }
        return load::run(&project, load);
    }
    build(&project)?;
    let mut measure = Command::new(project.program("release", "xtask"));
    measure.args(["measure", "--database", options.database.word()]);
    measure.arg("--seconds").arg(options.seconds.to_string());
    if let Some(file) = &options.json {
        measure.arg("--json").arg(file);
    }
    match &options.other {
        Some(Other::Worker(options)) => measure.args(["worker", "--mails", &options.mails.to_string()]),
        Some(Other::Growth(options)) => measure.args(["growth", "--accounts", &options.accounts.to_string()]),
        Some(Other::Load(_)) | None => &mut measure,
    };
    command::succeeds(&mut measure)
}

/// The server for release, and this program. One build, so that the bare axum program gets exactly the axum
/// of the server, and every measure the same server. Says where the server is.
fn build(project: &Project) -> Result<PathBuf> {
    let packages = ["--package", "usher-server", "--package", "xtask"];
    if !command::succeeds(cargo().args(["build", "--release"]).args(packages))? {
        bail!("the project does not build");
    }
    Ok(project.program("release", "usher"))
}
