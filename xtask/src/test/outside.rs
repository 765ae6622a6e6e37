//! Clients that nobody here wrote, against a server as its users start it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Suite, suite};
use crate::client::usher::Recipe;
use crate::command;
use crate::parts::Parts;
use crate::project::Project;
use crate::test::tally::Tally;

/// Seconds that schemathesis may take, as an administrator and as nobody.
const ADMINISTRATOR: &str = "70";
const NOBODY: &str = "40";
const SEED: &str = "1";

/// Every suite whose program is here.
pub(super) fn suites(project: &Project, parts: &Parts, program: &Path) -> Vec<Suite> {
    let tests = project.outside_tests();
    let mut suites = Vec::new();
    if parts.curl.is_ok() && cfg!(unix) {
        suites.push(suite("clients: curl", |tally| {
            let mut curl = Command::new("sh");
            against(program, curl.arg(tests.join("curl/readme.sh")), tally)
        }));
    }
    if parts.clients.is_ok() {
        suites.push(suite("clients: npm", |tally| {
            let mut node = Command::new("node");
            node.args(["--test", "--test-reporter=tap", "clients.test.mjs"]);
            against(program, node.current_dir(tests.join("node")), tally)
        }));
    }
    if let Ok(python) = &parts.python {
        suites.push(suite("clients: Python", |tally| {
            let mut tests_of_python = Command::new(python);
            tests_of_python.env("PYTHONDONTWRITEBYTECODE", "1");
            against(program, tests_of_python.arg(tests.join("python/run.py")), tally)
        }));
        for (name, as_administrator) in [
            ("schemathesis as an administrator", true),
            ("schemathesis as nobody", false),
        ] {
            suites.push(suite(name, |tally| {
                *tally += schemathesis(&tests.join("schema"), python, program, as_administrator)?;
                Ok(())
            }));
        }
    }
    suites
}

/// Runs the client's tests against a server of their own, with the settings it has by itself.
fn against(program: &Path, tests: &mut Command, tally: &mut Tally) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let recipe = Recipe::new(program, folder.path())?;
    let _server = recipe.start()?;
    tests.env("USHER_URL", format!("http://{}", recipe.address()));
    let ended_well = command::watched(tests, |line| {
        tally.read(line);
        tally.read_closing(line);
    })?;
    ensure!(
        ended_well || tally.failed > 0,
        "ended with an error outside its tests"
    );
    ensure!(tally.passed + tally.failed > 0, "no test was run");
    ensure!(!recipe.ever_said("panicked"), "the server panicked");
    Ok(())
}

/// Everything the description says, tried. Limits are off, because one address does all of it.
fn schemathesis(folder: &Path, python: &Path, program: &Path, as_administrator: bool) -> Result<Tally> {
    let scene = tempfile::tempdir().context("no temporary folder")?;
    let recipe = Recipe::new(program, scene.path())?.with("USHER_LIMITS__ENABLED", "false");
    let server = recipe.start()?;
    let url = format!("http://{}", recipe.address());
    let seconds = if as_administrator { ADMINISTRATOR } else { NOBODY };
    // It leaves notes where it runs.
    for file in ["schemathesis.toml", "hooks.py"] {
        fs::copy(folder.join(file), scene.path().join(file)).with_context(|| format!("no {file}"))?;
    }
    let mut run = Command::new(python);
    run.args(["-m", "schemathesis.cli", "--config-file", "schemathesis.toml"])
        .args(["run", &format!("{url}/openapi.json"), "--url", &url])
        .args([
            "--checks",
            "all",
            "--phases",
            "examples,coverage,fuzzing,stateful",
        ])
        .args(["--max-time", seconds, "--seed", SEED, "--continue-on-failure"])
        .args(["--generation-database", "none", "--warnings", "off", "--no-color"]);
    run.env("USHER_URL", &url).env("PYTHONDONTWRITEBYTECODE", "1");
    if as_administrator {
        run.env("USHER_PROGRAM", program).env("USHER_DATA", recipe.data());
    }
    let mut cases = 0_u32;
    let clean = command::watched(run.current_dir(scene.path()), |line| {
        cases = cases.max(generated(line).unwrap_or(0));
    })?;
    ensure!(!clean || cases > 0, "schemathesis tried nothing");
    ensure!(!recipe.ever_said("panicked"), "the server panicked");
    drop(server);
    Ok(Tally::of(clean))
}

/// `  4079 generated, 4079 passed, 51 skipped`.
fn generated(line: &str) -> Option<u32> {
    let (number, rest) = line.trim().split_once(' ')?;
    rest.starts_with("generated").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inputs_are_counted_from_the_closing_lines() {
        assert_eq!(generated("  4079 generated, 4079 passed, 51 skipped"), Some(4079));
        assert_eq!(
            generated("  2125 generated, 1 found 1 unique failure"),
            Some(2125)
        );
        assert_eq!(generated("Test cases:"), None);
    }
}
