//! `cargo xtask lab`: the gateway measured on the real kernel, in namespaces of its own, without root.

mod allocate;
mod bars;
mod page;
mod plot;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::command::{self, cargo};
use crate::project::Project;
use crate::say::{heading, say};
use bars::{By, Run};

/// What to measure.
#[derive(Args)]
#[command(after_help = bars::help())]
pub(crate) struct Options {
    /// Only what has these names
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,
    /// Also write every figure here, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure with this server instead of building it
    #[arg(long, value_name = "PROGRAM")]
    usher: Option<PathBuf>,
    /// Write the report with its pictures into docs/reference
    #[arg(long)]
    report: bool,
}

/// Measures. Whether every bar was passed.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let chosen = bars::chosen(&options.only)?;
    let project = Project::load()?;
    let build = ["build", "--release", "--package", "usher-gateway"];
    ensure!(
        command::succeeds(cargo().args(build))?,
        "the gateway does not build"
    );
    let program = project.program("release", "usher-gateway");
    let before = network()?;
    let mut all = Map::new();
    let mut passed = true;
    for Run { key, by } in chosen.iter().flat_map(|bar| bar.runs) {
        heading(format!("lab {key}"));
        let measured = match by {
            By::Allocator => allocate::measure()?,
            By::Lab(arguments) => measure(&program, arguments, None)?,
            By::Portal => measure(&program, &["portal"], Some(&server(&project, options)?))?,
        };
        passed &= measured["bars"]
            .as_array()
            .is_some_and(|bars| bars.iter().all(|bar| bar["passed"] == true));
        all.insert((*key).to_owned(), measured);
    }
    let untouched = before == network()?;
    say(format_args!(
        "{}: the machine's own network is as it was",
        if untouched { "passed" } else { "FAILED" }
    ));
    let all = json!({"labs": all, "network_untouched": untouched});
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{all:#}\n")).with_context(|| file.display().to_string())?;
    }
    if options.report {
        page::write(&project.root.join("docs/reference"), &all)?;
    }
    Ok(passed && untouched)
}

/// The server's program, built unless one is given.
fn server(project: &Project, options: &Options) -> Result<PathBuf> {
    if let Some(given) = &options.usher {
        return given.canonicalize().with_context(|| given.display().to_string());
    }
    let build = [
        "build",
        "--release",
        "--package",
        "usher-server",
        "--bin",
        "usher",
    ];
    ensure!(
        command::succeeds(cargo().args(build))?,
        "the server does not build"
    );
    Ok(project.program("release", "usher"))
}

/// One bar's figures. It prints its own table.
fn measure(program: &Path, bar: &[&str], usher: Option<&Path>) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("figures.json");
    let mut lab = Command::new(program);
    lab.arg("lab").args(bar).arg("--json").arg(&file);
    if let Some(usher) = usher {
        lab.arg("--usher").arg(usher);
    }
    // Its status says whether the bars were passed; so do the figures.
    command::watched(&mut lab, |_| ())?;
    let text = std::fs::read(&file).with_context(|| format!("lab {} measured nothing", bar[0]))?;
    Ok(serde_json::from_slice(&text)?)
}

/// Devices, addresses, queues and rules of this machine, as its own programs print them.
fn network() -> Result<Vec<String>> {
    let looks: [&[&str]; 5] = [
        &["ip", "-d", "link"],
        &["ip", "address"],
        &["ip", "route", "show", "table", "all"],
        &["tc", "qdisc", "show"],
        &["nft", "list", "ruleset"],
    ];
    looks
        .iter()
        .map(|look| {
            let output = Command::new(look[0])
                .args(&look[1..])
                .output()
                .with_context(|| format!("cannot run {}", look[0]))?;
            // How long an address still holds is the only thing that moves by itself.
            let text = String::from_utf8_lossy(&output.stdout);
            let lines = text.lines().filter(|line| !line.contains("valid_lft"));
            Ok(lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}
