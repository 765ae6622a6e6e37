//! `cargo xtask bench load`: people as locust makes them, on a release build, and what they had to wait.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::client::usher::Recipe;
use crate::parts::python;
use crate::project::Project;
use crate::say::{heading, say, table};

/// The kinds of people of the load test.
const PEOPLE: [&str; 3] = ["Journey", "Storm", "Registration"];
const SHED: &str = " (shed)";

/// How many people, and for how long.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench load --people 200 --seconds 60")]
pub(crate) struct Options {
    /// How many people act at once.
    #[arg(long, default_value_t = 40)]
    people: u32,
    /// How long each kind of them acts.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// A server that is already built.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// What locust says of one name.
#[derive(Debug, Deserialize)]
struct Line {
    name: String,
    num_requests: u64,
    num_failures: u64,
    /// Milliseconds, and how many requests took as many.
    response_times: std::collections::BTreeMap<String, u64>,
}

/// Runs all kinds of people. Whether no request failed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    let program = match &options.program {
        Some(program) => program.canonicalize().context("there is no such program")?,
        None => super::build(project)?,
    };
    let folder = project.load_test();
    let python = python::environment(&project.scratch("load"), &folder.join("requirements.txt"));
    let python = python.map_err(|reason| anyhow::anyhow!("no locust: {reason}"))?;
    let mut rows = Vec::new();
    let mut failures = 0;
    for people in PEOPLE {
        heading(format_args!(
            "{} × {people}, {} s",
            options.people, options.seconds
        ));
        let lines = act(&program, &python, &folder, people, options)?;
        failures += lines.iter().map(|line| line.num_failures).sum::<u64>();
        rows.extend(lines.iter().map(|line| line.row(people, options.seconds)));
    }
    heading("load");
    let header = [
        "people", "request", "requests", "/s", "p50 ms", "p95 ms", "p99 ms", "failed",
    ];
    say(table(header, &rows));
    Ok(failures == 0)
}

/// One kind of people against a server of their own, with its limits off: one address makes all the load.
fn act(program: &Path, python: &Path, folder: &Path, people: &str, options: &Options) -> Result<Vec<Line>> {
    let scene = tempfile::tempdir().context("no temporary folder")?;
    let recipe = Recipe::new(program, scene.path())?.with("USHER_LIMITS__ENABLED", "false");
    let _server = recipe.start()?;
    let mut locust = Command::new(python);
    locust.args([
        "-m",
        "locust",
        "--headless",
        "--json",
        "--only-summary",
        "--loglevel",
        "ERROR",
    ]);
    locust.arg("--locustfile").arg(folder.join("locustfile.py"));
    locust.args(["--host", &format!("http://{}", recipe.address())]);
    locust.args(["--users", &options.people.to_string()]);
    locust.args(["--spawn-rate", &options.people.to_string()]);
    locust.args(["--run-time", &format!("{}s", options.seconds), people]);
    locust.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    let output = locust.output().context("cannot start locust")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let start = said.find("[\n").or_else(|| said.find('['));
    let text = start.and_then(|start| said.get(start..)).unwrap_or_default();
    let lines: Result<Vec<Line>, _> = serde_json::from_str(text.trim());
    lines.with_context(|| {
        format!(
            "locust said nothing to read: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

impl Line {
    fn row(&self, people: &str, seconds: u64) -> [String; 8] {
        let (name, note) = match self.name.strip_suffix(SHED) {
            Some(name) => (name, ", shed"),
            None => (self.name.as_str(), ""),
        };
        [
            people.to_owned(),
            format!("{name}{note}"),
            self.num_requests.to_string(),
            format!("{:.1}", self.num_requests as f64 / seconds as f64),
            self.percentile(50),
            self.percentile(95),
            self.percentile(99),
            self.num_failures.to_string(),
        ]
    }

    /// The time that this percentage of the requests did not exceed.
    fn percentile(&self, percent: u64) -> String {
        let mut times: Vec<_> = self
            .response_times
            .iter()
            .filter_map(|(time, count)| Some((time.parse::<f64>().ok()?, *count)))
            .collect();
        times.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let rank = (self.num_requests * percent).div_ceil(100);
        let mut seen = 0;
        let found = times.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map_or_else(String::new, |(time, _)| format!("{time:.0}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_locust_becomes_rates_and_percentiles() {
        let line: Line = serde_json::from_str(
            r#"{"name": "POST /auth/login (shed)", "method": "POST", "num_requests": 100, "num_failures": 0,
                "response_times": {"9": 50, "12": 45, "100": 4, "250.0": 1}}"#,
        )
        .unwrap();
        let expected = [
            "Storm",
            "POST /auth/login, shed",
            "100",
            "10.0",
            "9",
            "12",
            "100",
            "0",
        ];
        assert_eq!(line.row("Storm", 10), expected);
        assert_eq!(line.percentile(100), "250");
    }
}
