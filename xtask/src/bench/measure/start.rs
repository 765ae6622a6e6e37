//! Start times, memory at rest, and the size of the program.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::figures::{Figure, Target};
use super::machine;
use super::place::Kind;
use super::statistics::{median, milliseconds};
use crate::client::usher::Usher;

const STARTS: usize = 5;
const SETTLE: Duration = Duration::from_secs(2);
const MIB: f64 = 1_048_576.0;

/// Everything that is measured before anybody comes; the memory at rest first of all.
pub(super) fn measure(program: &Path, kind: &Kind) -> Result<(f64, Vec<Figure>)> {
    let (mut empty, mut migrated) = (Vec::new(), Vec::new());
    let mut at_rest = Vec::new();
    for _ in 0..STARTS {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let place = kind.place("start")?;
        let recipe = place.recipe(program, folder.path())?;
        empty.push(started_in(&recipe.start()?));
        let server = recipe.start()?;
        migrated.push(started_in(&server));
        if at_rest.is_empty() {
            thread::sleep(SETTLE);
            at_rest.push(machine::resident(server.process())?);
        }
    }
    let size = fs::metadata(program).context("the program is gone")?.len() as f64 / MIB;
    let at_rest = median(&at_rest);
    let figures = vec![
        Figure::new("start_from_nothing", median(&empty), "ms").target(Target::AtMost(150.0)),
        Figure::new("start_migrated", median(&migrated), "ms").target(Target::AtMost(50.0)),
        Figure::new("memory_idle", at_rest, "MiB").target(Target::AtMost(15.0)),
        Figure::new("program_size", size, "MiB").target(Target::AtMost(30.0)),
    ];
    Ok((at_rest, figures))
}

fn started_in(server: &Usher) -> f64 {
    milliseconds(server.started_in)
}
