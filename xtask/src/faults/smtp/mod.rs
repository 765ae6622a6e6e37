//! `cargo xtask faults smtp`: people register and verify while the mail server fails in every way there
//! is, each for some seconds; then it recovers, and nothing may be missing.

mod late;
mod poison;
mod traces;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::driver::{self, Entry, Stage};
use super::oracle;
use crate::client::mood::{Act, Mood};
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::command;
use crate::say::{heading, say, table};
use crate::test::tally::Tally;

/// Every way, in the words of the table that is printed.
const WAYS: [(&str, Mood); 14] = [
    ("refuses connections", Mood::Foul("", Act::Reset)),
    (
        "421 at the greeting",
        Mood::Foul("", Act::Say("421 4.3.2 closing")),
    ),
    (
        "450 at the recipient",
        Mood::Foul("RCPT", Act::Say("450 4.2.0 later")),
    ),
    (
        "550 at the recipient",
        Mood::Foul("RCPT", Act::Say("550 5.1.1 nobody")),
    ),
    (
        "450 at the end of the mail",
        Mood::Foul(".", Act::Say("450 4.3.0 no room")),
    ),
    ("closes at EHLO", Mood::Foul("EHLO", Act::Close)),
    ("closes at MAIL", Mood::Foul("MAIL", Act::Close)),
    ("closes at RCPT", Mood::Foul("RCPT", Act::Close)),
    ("closes at DATA", Mood::Foul("DATA", Act::Close)),
    ("closes at the end of the mail", Mood::Foul(".", Act::Close)),
    ("says nothing at MAIL", Mood::Foul("MAIL", Act::Hang)),
    ("says nothing at the end of the mail", Mood::Foul(".", Act::Hang)),
    ("250, then a reset", Mood::Foul(".", Act::TakeAndReset)),
    ("is not there", Mood::Gone),
];

/// How long the queue may take to find out that all is well again: its longest early pause, and a hang.
const RECOVERY_LIMIT: Duration = Duration::from_secs(45);
/// How long mail may take to leave after the last fault.
const REST_LIMIT: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(50);

/// How hard to try.
#[derive(Args, Debug)]
#[command(after_help = "Example: cargo xtask faults smtp --seconds 10")]
pub(crate) struct Options {
    /// How long each fault lasts.
    #[arg(long, default_value_t = 2)]
    pub(crate) seconds: u64,
    /// How many people act at once.
    #[arg(long, default_value_t = 3)]
    pub(crate) people: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: 2,
            people: 3,
        }
    }
}

/// The programme on a built server.
pub(super) fn programme(program: &Path, options: &Options) -> Result<Tally> {
    heading(format_args!(
        "mail faults: {} ways to fail, {} s each",
        WAYS.len() + 1,
        options.seconds
    ));
    let mut promises = Vec::new();
    faults(program, options, &mut promises)?;
    late::measure(program, &mut promises)?;
    poison::measure(program, &mut promises)?;
    let mut tally = Tally::default();
    let rows: Vec<_> = promises
        .into_iter()
        .map(|(promise, broken)| {
            tally += Tally::of(broken.is_none());
            [
                promise,
                broken.map_or_else(|| "kept".to_owned(), |how| format!("BROKEN: {how}")),
            ]
        })
        .collect();
    say(table(["promise", "state"], &rows));
    Ok(tally)
}

/// Each promise, and how it was broken if it was.
type Promises = Vec<(String, Option<String>)>;

/// As in production: in development mode codes and addresses are on the console by right.
fn recipe(program: &Path, folder: &Path, sink: &Sink) -> Result<Recipe> {
    Ok(super::recipe(program, folder, sink)?
        .with("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org")
        .with("USHER_METRICS__LISTEN", "off"))
}

fn faults(program: &Path, options: &Options, promises: &mut Promises) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = recipe(program, folder.path(), &sink)?;
    let stage = Stage::new(&[recipe.address()], sink);
    let (entries, mut server) = fail_in_every_way(&recipe, &stage, options)?;
    ensure!(!entries.is_empty(), "nobody could register, so nothing is proven");
    // Those that were refused for good left the queue; an operator gives them another chance.
    let revived = command::output_of(&mut recipe.command(&["mail", "retry", "--all"]))?;
    say(format_args!("usher mail retry --all: {}", revived.trim()));
    let begun = Instant::now();
    let rest = wait_for_rest(&recipe)?;
    say(format_args!(
        "the queue was empty {:.1} s after the last fault",
        begun.elapsed().as_secs_f64()
    ));
    oracle::wait_for_mail(&stage.sink, &entries);
    say(oracle::summary(&stage, &entries));
    for (promise, broken) in oracle::examine(&stage, &entries)?.promises() {
        promises.push((promise.to_owned(), (broken > 0).then(|| format!("{broken}×"))));
    }
    promises.push(("every mail was sent, none is left or lost".to_owned(), rest));
    let unanswered = stage.unanswered.load(Ordering::Relaxed);
    // Two restarts stand between the settings with and without encryption; a person may be cut off there.
    let allowed = u64::from(options.people) * 4;
    promises.push((
        "registration answered while mail failed".to_owned(),
        (unanswered > allowed).then(|| format!("{unanswered} requests without an answer")),
    ));
    promises.push((
        "no password and no address in logs and files".to_owned(),
        traces::found(&recipe)?,
    ));
    server.kill()?;
    let (found, tally) = super::integrity(&recipe)?;
    promises.push((
        "the database is whole (usher doctor)".to_owned(),
        (tally.failed > 0).then(|| found.to_owned()),
    ));
    Ok(())
}

fn fail_in_every_way(recipe: &Recipe, stage: &Stage, options: &Options) -> Result<(Vec<Entry>, Usher)> {
    thread::scope(|scope| {
        let first = recipe.start()?;
        let people: Vec<_> = (0..options.people)
            .map(|person| scope.spawn(move || driver::act(stage, person)))
            .collect();
        let last = go_through(first, recipe, stage, Duration::from_secs(options.seconds));
        stage.sink.turn(Mood::Kind);
        stage.over.store(true, Ordering::Release);
        let mut entries = Vec::new();
        for person in people {
            entries.extend(person.join().ok().context("a person broke down")?);
        }
        Ok((entries, last?))
    })
}

fn go_through(mut server: Usher, recipe: &Recipe, stage: &Stage, span: Duration) -> Result<Usher> {
    for (way, mood) in WAYS {
        suffer(stage, way, mood, span)?;
    }
    // Encryption is a setting, so the server is started with it, suffers, and is started without.
    let insisting = recipe
        .clone()
        .with("USHER_MAIL__SMTP__URL", stage.sink.url_with_encryption());
    server.kill()?;
    stage.sink.turn(Mood::BadTls);
    server = insisting.start().context("the server did not come back")?;
    thread::sleep(span);
    server.kill()?;
    stage.sink.turn(Mood::Kind);
    server = recipe.start().context("the server did not come back")?;
    recover(stage, "breaks off encryption")?;
    Ok(server)
}

fn suffer(stage: &Stage, way: &str, mood: Mood, span: Duration) -> Result<()> {
    stage.sink.turn(mood);
    thread::sleep(span);
    stage.sink.turn(Mood::Kind);
    recover(stage, way)
}

/// Waits until mail comes again.
fn recover(stage: &Stage, way: &str) -> Result<()> {
    let (begun, known) = (Instant::now(), stage.sink.count());
    while stage.sink.count() == known {
        ensure!(
            begun.elapsed() < RECOVERY_LIMIT,
            "no mail came any more after: {way}"
        );
        thread::sleep(PAUSE);
    }
    say(format_args!(
        "{way}: mail came again after {:.1} s; {} registrations acknowledged so far",
        begun.elapsed().as_secs_f64(),
        stage.registered.load(Ordering::Relaxed)
    ));
    Ok(())
}

/// Waits until no mail is due, under way or given up; what is left at the limit.
pub(super) fn wait_for_rest(recipe: &Recipe) -> Result<Option<String>> {
    let begun = Instant::now();
    loop {
        let said = command::output_of(&mut recipe.command(&["mail", "status", "--json"]))?;
        let status: serde_json::Value =
            serde_json::from_str(&said).context("no JSON from usher mail status")?;
        let mails = &status["mails"];
        if ["due", "leased", "dead"].iter().all(|state| mails[state] == 0) {
            return Ok(None);
        }
        if begun.elapsed() > REST_LIMIT {
            return Ok(Some(mails.to_string()));
        }
        thread::sleep(PAUSE * 10);
    }
}
