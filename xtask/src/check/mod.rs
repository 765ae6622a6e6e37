//! `cargo xtask check`: everything that can be judged without running the product.

mod floors;
mod unused;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::generate;
use crate::project::Project;
use crate::say::{heading, say, table};

/// How one check ended.
enum Verdict {
    Passed,
    Failed,
    Skipped(&'static str),
}

impl From<bool> for Verdict {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

type Check = (&'static str, fn(&Project) -> Result<Verdict>);

const CHECKS: &[Check] = &[
    ("formatting", formatting),
    ("floors", |project| {
        Ok(none_of(&floors::broken(&project.packages)))
    }),
    ("unused dependencies", unused_dependencies),
    ("clippy", clippy),
    ("documentation", documentation),
    ("generated files", generated_files),
    ("cargo deny", deny),
];

/// Runs every check, also after one has failed. Whether all is well.
pub(crate) fn run() -> Result<bool> {
    let project = Project::load()?;
    let mut rows = Vec::new();
    let mut well = true;
    for (name, check) in CHECKS {
        heading(name);
        let verdict = check(&project).unwrap_or_else(|error| {
            say(format_args!("{error:#}"));
            Verdict::Failed
        });
        well &= !matches!(verdict, Verdict::Failed);
        let word = match verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Failed => "FAILED".to_owned(),
            Verdict::Skipped(reason) => format!("skipped: {reason}"),
        };
        rows.push([(*name).to_owned(), word]);
    }
    heading("summary");
    say(table(["check", "verdict"], &rows));
    Ok(well)
}

fn formatting(_: &Project) -> Result<Verdict> {
    Ok(command::succeeds(cargo().args(["fmt", "--all", "--check"]))?.into())
}

fn clippy(_: &Project) -> Result<Verdict> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    Ok(command::succeeds(cargo().args(arguments))?.into())
}

fn documentation(_: &Project) -> Result<Verdict> {
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps"];
    Ok(command::succeeds(cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))?.into())
}

fn unused_dependencies(project: &Project) -> Result<Verdict> {
    let mut complaints = Vec::new();
    for package in &project.packages {
        complaints.extend(unused::unused(package)?);
    }
    Ok(none_of(&complaints))
}

fn generated_files(project: &Project) -> Result<Verdict> {
    let stale = generate::stale(project)?;
    let complaint = |file: &std::path::PathBuf| {
        format!(
            "{} is not what the program says: run `cargo xtask generate`",
            file.display()
        )
    };
    Ok(none_of(&stale.iter().map(complaint).collect::<Vec<_>>()))
}

/// The advisory database is fetched from outside, so that part is left to the workflow.
fn deny(project: &Project) -> Result<Verdict> {
    if !command::cargo_can("deny") {
        return Ok(Verdict::Skipped(
            "cargo-deny is not installed (the workflow runs it)",
        ));
    }
    let mut deny = cargo();
    deny.current_dir(&project.root)
        .args(["deny", "--all-features", "check"]);
    Ok(command::succeeds(deny.args(["bans", "licenses", "sources"]))?.into())
}

fn none_of(complaints: &[String]) -> Verdict {
    for complaint in complaints {
        say(complaint);
    }
    complaints.is_empty().into()
}
