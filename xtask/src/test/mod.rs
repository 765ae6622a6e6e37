//! `cargo xtask test`: every test there is, against real parts.

mod aside;
mod outside;
pub(crate) mod tally;

use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::command::{self, cargo};
use crate::deploy;
use crate::faults;
use crate::parts::{self, Parts};
use crate::project::Project;
use crate::say::{heading, say, table};
use aside::Aside;
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
        suite("HTTP and command line on PostgreSQL", |tally| {
            on_postgres(&parts, tally)
        }),
    ];
    let aside = begin_aside(&project, &parts, &program);
    suites.extend([
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
        suite("bad inputs", |tally| {
            *tally += faults::inputs::programme(&program, &faults::inputs::Options::of_a_test())?;
            Ok(())
        }),
        suite("files of deploy/", |tally| {
            *tally += deploy::programme(&project, &program)?;
            Ok(())
        }),
    ]);
    if parts.node.is_ok() && parts.packages.is_ok() {
        suites.extend(node_suites(&project, &parts, &program));
    }
    suites.extend(outside::suites(&project, &parts, &program));
    suites.extend(aside.end());
    let missing = parts.missing();
    suites.extend(
        missing
            .into_iter()
            .map(|(part, reason)| not_tested(part, &reason)),
    );
    Ok(close(&suites))
}

/// Runs only the clients from outside. Whether nothing failed.
pub(crate) fn outside() -> Result<bool> {
    let project = Project::load()?;
    let parts = Parts::gather(&project);
    let program = project.build_server()?;
    Ok(close(&outside::suites(&project, &parts, &program)))
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

/// Runs the work under its name and keeps its count.
fn suite(name: &str, work: impl FnOnce(&mut Tally) -> Result<()>) -> Suite {
    heading(name);
    counted_work(name, work)
}

/// Runs the work and keeps its count; an error counts as a failed test.
fn counted_work(name: &str, work: impl FnOnce(&mut Tally) -> Result<()>) -> Suite {
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

/// All of the project is named, so that nothing is built a second time with other features.
const EVERYTHING: [&str; 3] = ["--workspace", "--all-features", "--no-fail-fast"];

/// Most tests wait for a server more than they compute.
fn at_once() -> String {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    (2 * cores + 1).to_string()
}

fn rust_tests(parts: &Parts, tally: &mut Tally) -> Result<()> {
    let mut tests = cargo();
    if command::cargo_can("nextest") {
        tests.args(["nextest", "run", "--test-threads", &at_once()]);
        tests.args(EVERYTHING);
    } else {
        tests.arg("test").args(EVERYTHING).arg("--all-targets");
        tests.args(["--", "--test-threads", &at_once()]);
    }
    if let Ok(database) = &parts.database {
        tests.env(parts::DATABASE_VARIABLE, database.url());
    }
    if let Ok(broker) = &parts.broker {
        tests.env(parts::BROKER_VARIABLE, broker.url());
    }
    counted(&mut tests, tally)
}

/// The same promises with everything kept on a server instead of in a file.
fn on_postgres(parts: &Parts, tally: &mut Tally) -> Result<()> {
    let Ok(database) = &parts.database else {
        // The part itself is named at the end, with the reason.
        return Ok(());
    };
    let mut tests = cargo();
    if command::cargo_can("nextest") {
        tests.args(["nextest", "run", "--test-threads", &at_once()]);
        tests.args(EVERYTHING);
        tests.args(["-E", "binary(http) | binary(cli) & test(/^people::|^m18/)"]);
    } else {
        tests.arg("test").args(EVERYTHING).args(["--test", "http"]);
        tests.args(["--", "--test-threads", &at_once()]);
    }
    tests.env(parts::DATABASE_VARIABLE, database.url());
    counted(tests.env(parts::STORAGE_VARIABLE, "postgres"), tally)?;
    // Nextest counts what the filter leaves out; that has run in the suite before.
    tally.skipped = 0;
    Ok(())
}

/// What mostly waits. Servers and workers, PostgreSQL and RabbitMQ are killed: those of our own, whatever else
/// runs here.
fn begin_aside(project: &Project, parts: &Parts, program: &Path) -> Aside {
    let mut programmes: Vec<(_, &[&str])> = vec![
        ("rolling restart", &["rolling", "--rounds", "1"]),
        ("mail faults", &["smtp"]),
    ];
    // A part that is missing is named at the end, with the reason.
    if parts.broker.is_ok() {
        programmes.push(("broker under blows", &["--kills", "4", "broker"]));
        if parts.database.is_ok() {
            programmes.push(("several nodes under kills", &["--kills", "4", "cluster"]));
        }
    }
    // This program may have been built anew since it was started.
    Aside::begin(project.program("debug", "xtask"), program, programmes)
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
        suites.push(suite("the link's dashboard (Chromium)", |tally| {
            let gateway = project.program("debug", "usher-gateway");
            let mut dashboard = node("link.test.mjs");
            dashboard
                .env("USHER_TEST_CHROMIUM", chromium)
                .env("USHER_TEST_GATEWAY", gateway);
            counted(&mut dashboard, tally)
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
    say(format_args!("\n{sum}"));
    sum.failed == 0
}
