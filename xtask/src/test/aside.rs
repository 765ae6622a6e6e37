//! Programmes that mostly wait, one after the other beside the suites that mostly work. Each is a process of
//! its own, so that what it says stays together and is shown when the others are over.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use anyhow::{Result, bail, ensure};

use super::tally::Tally;
use super::{Suite, counted_work};
use crate::command;
use crate::say::{heading, say};

/// Programmes under way.
pub(super) struct Aside(JoinHandle<Vec<(Suite, String)>>);

impl Aside {
    /// Begins with the first of these: names, and what `xtask faults` is told.
    pub(super) fn begin(
        xtask: PathBuf,
        program: &Path,
        programmes: Vec<(&'static str, &'static [&'static str])>,
    ) -> Self {
        let program = program.to_owned();
        Self(thread::spawn(move || {
            let one = |(name, arguments): (&str, &[&str])| {
                let mut faults = Command::new(&xtask);
                faults
                    .arg("faults")
                    .arg("--program")
                    .arg(&program)
                    .args(arguments);
                played(name, &mut faults)
            };
            programmes.into_iter().map(one).collect()
        }))
    }

    /// Waits for the last, and shows what all of them said.
    pub(super) fn end(self) -> Vec<Suite> {
        let Ok(ended) = self.0.join() else {
            return vec![counted_work("programmes beside the others", |_| {
                bail!("they broke down")
            })];
        };
        let show = |(suite, said): (Suite, String)| {
            heading(&suite.name);
            say(said.trim());
            suite
        };
        ended.into_iter().map(show).collect()
    }
}

fn played(name: &str, faults: &mut Command) -> (Suite, String) {
    let mut said = String::new();
    let suite = counted_work(name, |tally| run(faults, tally, &mut said));
    (suite, said)
}

fn run(faults: &mut Command, tally: &mut Tally, said: &mut String) -> Result<()> {
    let ended_well = command::heard(faults, |line| {
        tally.read_closing(line);
        said.push_str(line);
        said.push('\n');
    })?;
    ensure!(
        ended_well || tally.failed > 0,
        "ended with an error outside its promises"
    );
    ensure!(tally.passed > 0 || tally.failed > 0, "nothing was tried");
    Ok(())
}
