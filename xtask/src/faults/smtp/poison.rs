//! Mail that hangs or always fails must not slow the rest: the same people, with and without it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Promises, recipe};
use crate::client::http::Connection;
use crate::client::journey;
use crate::client::sink::{LATER, Sink, TARPIT};
use crate::client::usher::{Recipe, Usher};
use crate::say::say;

const PEOPLE: usize = 60;
/// Of each kind; every one of a domain of its own, which is the hardest case.
const POISON: usize = 12;
const MOST: f64 = 1.5;
const MAIL_LIMIT: Duration = Duration::from_secs(40);

/// A server with poisoned mail and one without it, and people who go to either in turn: whatever else the
/// machine does slows both.
pub(super) fn measure(program: &Path, promises: &mut Promises) -> Result<()> {
    let (clean, poisoned) = (Side::start(program)?, Side::start(program)?);
    for number in 0..POISON {
        for kind in [TARPIT, LATER] {
            poisoned.register(&format!("poison{kind}{number}.example"))?;
        }
    }
    let mut delays = [Vec::new(), Vec::new()];
    for number in 0..PEOPLE {
        for (at, side) in [&clean, &poisoned].into_iter().enumerate() {
            delays[at].push(side.delay(&format!("one{number}@good.example"))?);
        }
    }
    let [alone, among] = delays.map(Spread::of);
    let ratio = among.median.as_secs_f64() / alone.median.as_secs_f64();
    say(format_args!(
        "from the request to the mail, p50 / p95: {} / {} ms alone, {} / {} ms among {} poisoned mails: {ratio:.2}×",
        alone.median.as_millis(),
        alone.slow.as_millis(),
        among.median.as_millis(),
        among.slow.as_millis(),
        2 * POISON,
    ));
    promises.push((
        format!("poisoned mail slows the rest by {MOST}× at most"),
        (ratio > MOST).then(|| format!("{ratio:.2}×")),
    ));
    Ok(())
}

/// A server with its mail server.
struct Side {
    sink: Sink,
    recipe: Recipe,
    _server: Usher,
    _folder: TempDir,
}

impl Side {
    fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let sink = Sink::start()?;
        let recipe = recipe(program, folder.path(), &sink)?;
        Ok(Self {
            _server: recipe.start()?,
            sink,
            recipe,
            _folder: folder,
        })
    }

    /// Over a connection of its own: one that waits for somebody else's mail may be closed as idle.
    fn register(&self, email: &str) -> Result<()> {
        let mut line = Connection::open(self.recipe.address()).context("cannot connect")?;
        let answer = line.call(&journey::registration(email))?;
        journey::registered(email, &answer).context("a registration was refused")?;
        Ok(())
    }

    /// From the request to the mail.
    fn delay(&self, email: &str) -> Result<Duration> {
        let asked = Instant::now();
        self.register(email)?;
        let mail = self.sink.code_after(email, 0, MAIL_LIMIT);
        let mail = mail.context("a code did not come")?;
        Ok(mail.arrived.saturating_duration_since(asked))
    }
}

struct Spread {
    median: Duration,
    slow: Duration,
}

impl Spread {
    fn of(mut delays: Vec<Duration>) -> Self {
        delays.sort_unstable();
        Self {
            median: delays[delays.len() / 2],
            slow: delays[delays.len() * 95 / 100],
        }
    }
}
