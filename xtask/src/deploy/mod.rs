//! `cargo xtask deploy`: the files in `deploy/`, judged by the programs they are for.

mod compose;
mod proxied;
mod systemd;
#[cfg(test)]
mod texts;

use std::path::Path;

use anyhow::Result;

use crate::parts::proxy::Kind;
use crate::project::Project;
use crate::say::{heading, say};
use crate::test::tally::Tally;

/// Judges everything. Whether all is well.
pub(crate) fn run() -> Result<bool> {
    let project = Project::load()?;
    let program = project.build_server()?;
    Ok(programme(&project, &program)?.failed == 0)
}

/// The same on a built server.
pub(crate) fn programme(project: &Project, program: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    let root = &project.root;
    tally += step("compose files", || compose::judge(root))?;
    tally += step("systemd units", || systemd::judge(root))?;
    for kind in Kind::ALL {
        tally += step(kind.name(), || proxied::judge(kind, root, program))?;
    }
    Ok(tally)
}

/// What a step came to.
enum Outcome {
    /// These promises, and whether each held.
    Judged(Vec<(String, bool)>),
    /// Why the program it takes is not here.
    Missing(String),
}

fn step(name: &str, work: impl FnOnce() -> Result<Outcome>) -> Result<Tally> {
    heading(name);
    let mut tally = Tally::default();
    match work()? {
        Outcome::Judged(promises) => {
            for (promise, held) in promises {
                say(format_args!(
                    "{} {promise}",
                    if held { "ok    " } else { "FAILED" }
                ));
                tally += Tally::of(held);
            }
        }
        Outcome::Missing(reason) => {
            say(format_args!("not tested: {name} ({reason})"));
            tally += Tally::SKIPPED;
        }
    }
    Ok(tally)
}
