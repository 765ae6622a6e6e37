//! `cargo xtask bench`: builds everything for release, then lets that build measure. A debug build
//! of the measure itself would hide what the server costs.

pub(crate) mod measure;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::command::{self, cargo};
use crate::project::Project;

/// What to measure, and where to write it.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench --json figures.json")]
pub(crate) struct Options {
    /// Also writes the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How long each load lasts.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

/// Builds and measures.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let project = Project::load()?;
    // One build, so that the bare axum program gets exactly the axum of the server.
    let packages = ["--package", "usher-server", "--package", "xtask"];
    if !command::succeeds(cargo().args(["build", "--release"]).args(packages))? {
        bail!("the project does not build");
    }
    let mut measure = Command::new(project.program("release", "xtask"));
    measure
        .arg("measure")
        .arg("--seconds")
        .arg(options.seconds.to_string());
    if let Some(file) = &options.json {
        measure.arg("--json").arg(file);
    }
    command::succeeds(&mut measure)
}
