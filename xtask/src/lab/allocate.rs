//! The allocator by itself: its promises on a million divisions each, and the time of one division.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::command::{self, cargo};
use crate::say::say;
use crate::test::tally::Tally;

const CLIENTS: &str = "10000";
/// Milliseconds.
const SLOWEST: f64 = 5.0;

/// Runs the tests in the release build, where each takes a million cases, and the bench.
pub(super) fn measure() -> Result<Value> {
    let mut tests = cargo();
    tests.args([
        "test",
        "--release",
        "--package",
        "usher-sharing",
        "--lib",
        "allocate::",
    ]);
    let mut tally = Tally::default();
    let ended_well = command::watched(&mut tests, |line| tally.read(line))?;
    let failed = if ended_well {
        f64::from(tally.failed)
    } else {
        f64::from(tally.failed.max(1))
    };
    let said = command::output_of(&mut bench()?)?;
    say(said.trim_end());
    let p99 = after(&said, "p99 ").context("the bench has another form")?;
    let p50 = after(&said, "p50 ").context("the bench has another form")?;
    let promises = f64::from(tally.passed);
    let bar = |name: &str, measured: f64, wanted: f64, at_least: bool| {
        let passed = if at_least {
            measured >= wanted
        } else {
            measured <= wanted
        };
        let (verdict, sign) = (
            if passed { "passed" } else { "FAILED" },
            if at_least { "≥" } else { "≤" },
        );
        say(format_args!("{verdict}: {name} {measured} {sign} {wanted}"));
        json!({"name": name, "measured": measured, "wanted": wanted, "at_least": at_least, "passed": passed})
    };
    let bars = [
        bar("promises_kept", promises, 1.0, true),
        bar("promises_broken", failed, 0.0, false),
        bar("divide_10000_p99_ms", p99, SLOWEST, false),
    ];
    let figures = json!({"promises_kept": promises, "divide_10000_p50_ms": p50, "divide_10000_p99_ms": p99});
    Ok(json!({"lab": "allocate", "schemes": [{"scheme": "allocator", "figures": figures}], "bars": bars}))
}

/// The bench, built, ahead of other programs where this user may be: like the rest of the lab.
fn bench() -> Result<Command> {
    let bench = ["bench", "--package", "usher-sharing", "--bench", "allocate"];
    let built = command::succeeds(cargo().args(bench).arg("--no-run"))?;
    ensure!(built, "the bench does not build");
    let mut plain = cargo();
    plain.args(bench).args(["--", CLIENTS]);
    let ahead = command::output_of(Command::new("chrt").args(["--rr", "5", "true"])).is_ok();
    if !ahead {
        return Ok(plain);
    }
    let mut ahead = Command::new("chrt");
    ahead
        .args(["--rr", "5"])
        .arg(plain.get_program())
        .args(plain.get_args());
    for (name, _) in plain.get_envs().filter(|(_, value)| value.is_none()) {
        ahead.env_remove(name);
    }
    Ok(ahead)
}

/// The number behind a word.
fn after(text: &str, word: &str) -> Option<f64> {
    let (_, rest) = text.split_once(word)?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_the_bench_is_found_by_its_name() {
        let said = "alloc 10000: best 1.20 ms, p50 1.30 ms, p99 1.75 ms of 200";
        assert_eq!(after(said, "p99 "), Some(1.75));
        assert_eq!(after(said, "p95 "), None);
    }
}
