//! How many mails a second a worker sends to a mail server that takes them at once: from the row in the
//! outbox over the code and the wording to the 250, and back to the row.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::crowd::{Crowd, OUTBOX, REGISTRATIONS};
use super::figures::{Figure, Target};
use super::fill::Fill;
use super::load::{Work, work_off};
use super::machine;
use super::place::{Kind, Place};
use crate::client::journey;
use crate::client::sink::Sink;
use crate::client::sql::Sql;
use crate::client::usher::{Recipe, Usher};
use crate::command;
use crate::parts;
use crate::say::say;

const TARGET: Target = Target::AtLeast(500.0);
/// A worker that has not sent everything by then is measured by what it has sent.
const LIMIT: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(20);
const ASKERS: usize = 16;
const WAITING: &str = "SELECT count(*) FROM outbox WHERE state <> 'sent'";

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Server,
    Worker,
}

/// What is measured on this kind of database.
pub(super) fn measure(program: &Path, kind: &Kind, mails: u64) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    match kind {
        Kind::Embedded => figures.push(backlog(program, kind, Sender::Server, mails)?),
        Kind::Postgres { .. } => {
            figures.push(backlog(program, kind, Sender::Worker, mails)?);
            match parts::own_broker() {
                Ok(broker) => figures.push(announced(program, kind, broker.url(), mails)?),
                Err(reason) => say(format_args!("not measured with a broker: {reason}")),
            }
        }
    }
    Ok(figures)
}

/// All mails wait when the sender starts.
fn backlog(program: &Path, kind: &Kind, sender: Sender, mails: u64) -> Result<Figure> {
    let stage = Stage::set(program, kind, mails, |recipe| recipe)?;
    stage.fill(true)?;
    let running = match sender {
        Sender::Server => stage.recipe.start()?,
        Sender::Worker => stage.recipe.start_worker()?,
    };
    let sent = stage.watch(&running)?;
    drop(running);
    let who = match sender {
        Sender::Server => "the server's own worker",
        Sender::Worker => "`usher worker`",
    };
    Ok(Figure::new("worker_mails", sent.rate, "/s")
        .target(TARGET)
        .note(format!(
            "{who}, {mails} in the outbox; {:.2} ms of a core each",
            sent.processor
        )))
}

/// Each mail is asked for while the worker waits, and the broker tells it.
fn announced(program: &Path, kind: &Kind, broker: &str, mails: u64) -> Result<Figure> {
    let stage = Stage::set(program, kind, mails, |recipe| {
        recipe
            .with("USHER_QUEUE__BROKER", "amqp")
            .with("USHER_QUEUE__URL", broker)
            .with("USHER_QUEUE__EMBEDDED", "false")
    })?;
    stage.fill(false)?;
    let _server = stage.recipe.start()?;
    let worker = stage.recipe.start_worker()?;
    let asked = (0..mails).map(|number| journey::resending(&stage.crowd.registered(number)));
    let asked = Work::once(asked, |answer| answer.status == 202);
    let sent = thread::scope(|scope| {
        let asking = scope.spawn(|| work_off(stage.recipe.address(), &asked, ASKERS, LIMIT));
        let sent = stage.watch(&worker)?;
        asking.join().ok().context("a load thread broke down")??;
        Ok::<_, anyhow::Error>(sent)
    })?;
    Ok(Figure::new("worker_mails_by_broker", sent.rate, "/s")
        .target(TARGET)
        .note(format!(
            "`usher worker` told by RabbitMQ, beside the server that is asked; {:.2} ms of a core each",
            sent.processor
        )))
}

/// What a sender managed.
struct Sent {
    /// Mails per second.
    rate: f64,
    /// Milliseconds of processor time that a mail cost the sender, its start included.
    processor: f64,
}

/// Everything around one worker.
struct Stage {
    sink: Sink,
    sql: Sql,
    recipe: Recipe,
    crowd: Crowd,
    mails: u64,
    _folder: TempDir,
    _place: Place,
}

impl Stage {
    fn set(program: &Path, kind: &Kind, mails: u64, settings: impl FnOnce(Recipe) -> Recipe) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let (place, sink, crowd) = (kind.place("mail")?, Sink::start()?, Crowd::of(0)?);
        let recipe = place
            .recipe(program, folder.path())?
            .with("SECRET_KEY", &crowd.secret)
            .with("USHER_LIMITS__ENABLED", "false")
            .with("USHER_MAIL__TRANSPORT", "smtp")
            .with("USHER_MAIL__SMTP__URL", sink.url());
        let recipe = settings(recipe);
        command::output_of(&mut recipe.command(&["migrate"]))?;
        Ok(Self {
            sql: place.sql(&recipe)?,
            sink,
            recipe,
            crowd,
            mails,
            _folder: folder,
            _place: place,
        })
    }

    /// People who wait for a code, with or without the mail.
    fn fill(&self, with_mails: bool) -> Result<()> {
        let mut fill = Fill::of(&self.sql)?;
        fill.add(REGISTRATIONS, self.mails, |number, sql| {
            self.crowd.registration(number, sql)
        })?;
        if with_mails {
            fill.add(OUTBOX, self.mails, |number, sql| self.crowd.mail(number, sql))?;
        }
        fill.finish()
    }

    /// From the first mail at the mail server until no row says that it waits.
    fn watch(&self, sender: &Usher) -> Result<Sent> {
        let limit = Instant::now() + LIMIT;
        while self.sink.count() < self.mails as usize && Instant::now() < limit {
            thread::sleep(LOOK);
        }
        while self.sql.ask(WAITING)? != "0" && Instant::now() < limit {
            thread::sleep(LOOK);
        }
        let (sent, first) = (self.sink.count(), self.sink.first());
        let first = first.with_context(|| format!("no mail came: {}", self.recipe.last_words()))?;
        let waiting = self.sql.ask(WAITING)?;
        ensure!(
            waiting == "0" || first.elapsed() > LIMIT / 2,
            "{waiting} mails wait and none is sent: {}",
            self.recipe.last_words()
        );
        Ok(Sent {
            rate: sent as f64 / first.elapsed().as_secs_f64(),
            processor: machine::processor_time(sender.process()) * 1_000.0 / sent as f64,
        })
    }
}
