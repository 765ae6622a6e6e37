//! `cargo xtask test`: every test there is, against real parts.

pub(crate) mod tally;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::command::{self, cargo};
use crate::faults;
use crate::parts::{self, Parts};
use crate::project::Project;
use crate::say::{heading, say, table};
use tally::Tally;

/// One line of the closing table.
struct Suite {
    name: String,
    tally: Tally,
    took: Duration,
    note: String,
}

/// Runs everything. Whether nothing failed.
pub(crate) fn run() -> Result<bool> {
    let project = Project::load()?;
    heading("parts");
    let parts = Parts::gather(&project);
    let build = suite("build", |_| build_everything());
    if build.tally.failed > 0 {
        return Ok(close(&[build]));
    }
    let program = project.program("debug", "usher");
    let mut suites = vec![
        suite("rust tests", |tally| rust_tests(&parts, tally)),
        suite("documentation tests", |tally| {
            counted(
                cargo().args(["test", "--workspace", "--all-features", "--doc"]),
                tally,
            )
        }),
        suite("fault programme", |tally| {
            *tally += faults::programme(&program, &faults::Options::default())?;
            Ok(())
        }),
    ];
    if parts.node.is_ok() && parts.packages.is_ok() {
        suites.extend(node_suites(&project, &parts, &program));
    }
    let missing = parts.missing();
    suites.extend(
        missing
            .into_iter()
            .map(|(part, reason)| not_tested(part, &reason)),
    );
    Ok(close(&suites))
}

/// One build for all that follows: tests and the program use the same artefacts.
fn build_everything() -> Result<()> {
    let arguments = ["build", "--workspace", "--all-features", "--all-targets"];
    ensure!(
        command::succeeds(cargo().args(arguments))?,
        "the project does not build"
    );
    Ok(())
}

/// Runs the work and keeps its count; an error counts as a failed test.
fn suite(name: &str, work: impl FnOnce(&mut Tally) -> Result<()>) -> Suite {
    heading(name);
    let begun = Instant::now();
    let mut tally = Tally::default();
    let note = match work(&mut tally) {
        Ok(()) => String::new(),
        Err(error) => {
            tally += Tally::of(false);
            format!("{error:#}")
        }
    };
    Suite {
        name: name.to_owned(),
        tally,
        took: begun.elapsed(),
        note,
    }
}

fn rust_tests(parts: &Parts, tally: &mut Tally) -> Result<()> {
    let mut tests = cargo();
    if command::cargo_can("nextest") {
        tests.args([
            "nextest",
            "run",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
        ]);
    } else {
        tests.args([
            "test",
            "--workspace",
            "--all-features",
            "--all-targets",
            "--no-fail-fast",
        ]);
    }
    if let Ok(database) = &parts.database {
        tests.env(parts::DATABASE_VARIABLE, database.url());
    }
    counted(&mut tests, tally)
}

fn node_suites(project: &Project, parts: &Parts, program: &Path) -> Vec<Suite> {
    let node = |file: &str| {
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=tap", file])
            .current_dir(project.browser_tests());
        node.env("USHER_TEST_PROGRAM", program);
        node
    };
    let mut suites = vec![suite("mail server (MailDev)", |tally| {
        counted(&mut node("maildev.test.mjs"), tally)
    })];
    if let Ok(chromium) = &parts.chromium {
        suites.push(suite("browser (Chromium)", |tally| {
            counted(
                node("browser.test.mjs").env("USHER_TEST_CHROMIUM", chromium),
                tally,
            )
        }));
        suites.push(suite("React and Next.js kit", |tally| {
            let mut kit = Command::new("node");
            kit.arg(project.kit_tests()).arg("--usher").arg(program);
            let kit = kit.env("USHER_TEST_CHROMIUM", chromium);
            let ended_well = command::watched(kit, |line| tally.read_closing(line))?;
            ensure!(
                ended_well || tally.failed > 0,
                "ended with an error outside its tests"
            );
            Ok(())
        }));
    }
    suites
}

/// Runs a test program and counts what it prints.
fn counted(tests: &mut Command, tally: &mut Tally) -> Result<()> {
    let ended_well = command::watched(tests, |line| tally.read(line))?;
    if !ended_well && tally.failed == 0 {
        bail!("ended with an error outside its tests");
    }
    Ok(())
}

fn not_tested(part: &str, reason: &str) -> Suite {
    say(format_args!("not tested: {part} ({reason})"));
    let name = format!("with {part}");
    Suite {
        name,
        tally: Tally::SKIPPED,
        took: Duration::ZERO,
        note: format!("not tested: {reason}"),
    }
}

fn close(suites: &[Suite]) -> bool {
    let mut sum = Tally::default();
    let mut rows = Vec::new();
    for suite in suites {
        let Tally {
            passed,
            failed,
            skipped,
        } = suite.tally;
        sum += suite.tally;
        let took = format!("{:.1} s", suite.took.as_secs_f64());
        rows.push([
            suite.name.clone(),
            passed.to_string(),
            failed.to_string(),
            skipped.to_string(),
            took,
            suite.note.clone(),
        ]);
    }
    heading("summary");
    say(table(
        ["suite", "passed", "failed", "skipped", "time", "note"],
        &rows,
    ));
    say(format_args!(
        "\n{} passed, {} failed, {} skipped",
        sum.passed, sum.failed, sum.skipped
    ));
    sum.failed == 0
}
