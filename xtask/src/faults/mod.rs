//! `cargo xtask faults`: kills the server again and again while people register and verify, then asks
//! whether anything it had acknowledged is gone.

mod broker;
mod cluster;
mod driver;
pub(crate) mod inputs;
mod oracle;
mod rolling;
mod smtp;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};

use crate::client::chance::Chance;
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::command;
use crate::project::Project;
use crate::say::{heading, say, table};
use crate::test::tally::Tally;
use driver::{Entry, Stage};
use oracle::Findings;

const SHORTEST_LIFE: Duration = Duration::from_millis(100);
const LONGEST_LIFE: Duration = Duration::from_millis(1200);

/// How hard to try.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask faults --kills 200 --seed 42\n  cargo xtask faults --kills 20 broker\n  cargo xtask faults --kills 20 cluster"
)]
pub(crate) struct Options {
    /// How often it fails.
    #[arg(long, visible_alias = "rounds", default_value_t = 20)]
    pub(crate) kills: u32,
    /// How many people act at once.
    #[arg(long, default_value_t = 4)]
    pub(crate) people: u32,
    /// Repeats the moments of an earlier run.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// A server that is already built.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Another programme than the kills.
    #[command(subcommand)]
    pub(crate) other: Option<Other>,
}

/// What else may go wrong.
#[derive(Debug, Subcommand)]
pub(crate) enum Other {
    /// Sends requests with something wrong in them, and bytes that are no requests.
    Inputs(inputs::Options),
    /// Stops, kills and empties the broker, and kills workers: as often as --kills says.
    Broker,
    /// Two servers and two workers on PostgreSQL and RabbitMQ: kills each in turn, as often as --kills says, and
    /// restarts PostgreSQL.
    Cluster,
    /// Replaces two servers behind a proxy, one after the other; nobody may notice.
    Rolling(rolling::Options),
    /// A mail server that fails in every way there is, and what is left of the mail afterwards.
    Smtp(smtp::Options),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kills: 20,
            people: 4,
            seed: None,
            program: None,
            other: None,
        }
    }
}

/// Runs the programme on a fresh build. Whether every promise held.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let project = Project::load()?;
    let program = match &options.program {
        Some(program) => program.canonicalize().context("there is no such program")?,
        None => project.build_server()?,
    };
    let tally = match &options.other {
        None => programme(&program, options)?,
        Some(Other::Inputs(options)) => inputs::programme(&program, options)?,
        Some(Other::Broker) => broker::programme(&program, options)?,
        Some(Other::Cluster) => cluster::programme(&program, options)?,
        Some(Other::Rolling(options)) => rolling::programme(&project.root, &program, options.rounds)?,
        Some(Other::Smtp(options)) => smtp::programme(&program, options)?,
    };
    say(tally);
    Ok(tally.failed == 0)
}

/// The programme on a built server.
pub(crate) fn programme(program: &Path, options: &Options) -> Result<Tally> {
    let seed = options.seed.unwrap_or_else(Chance::any_seed);
    heading(format_args!(
        "fault programme: {} kills under load (seed {seed})",
        options.kills
    ));
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = recipe(program, folder.path(), &sink)?;
    let stage = Stage::new(&[recipe.address()], sink);
    let (entries, mut server) = kill_under_load(&recipe, &stage, options, &mut Chance::of(seed))?;
    ensure!(
        !entries.is_empty(),
        "nothing was ever acknowledged, so nothing is proven"
    );
    let settled = oracle::wait_for_mail(&stage.sink, &entries);
    say(format_args!(
        "mail had settled {:.1} s after the last start",
        settled.as_secs_f64()
    ));
    say(oracle::summary(&stage, &entries));
    let findings = oracle::examine(&stage, &entries)?;
    server.kill()?;
    report(&findings, &[], &recipe)
}

fn report(findings: &Findings, others: &[(&'static str, u32)], recipe: &Recipe) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    for (promise, broken) in findings.promises().iter().chain(others) {
        tally += Tally::of(*broken == 0);
        rows.push([
            (*promise).to_owned(),
            if *broken == 0 {
                "kept".into()
            } else {
                format!("BROKEN {broken}×")
            },
        ]);
    }
    let (state, counted) = integrity(recipe)?;
    tally += counted;
    rows.push([
        "the database is whole (usher doctor)".to_owned(),
        state.to_owned(),
    ]);
    say(table(["promise", "state"], &rows));
    Ok(tally)
}

/// Codes live long here, so that the oracle can still use those it saw before a kill.
fn recipe(program: &Path, folder: &Path, sink: &Sink) -> Result<Recipe> {
    Ok(Recipe::new(program, folder)?
        .with("USHER_LIMITS__ENABLED", "false")
        .with("USHER_VERIFICATION__CODE_TTL", "10m")
        .with("USHER_MAIL__TRANSPORT", "smtp")
        .with("USHER_MAIL__SMTP__URL", sink.url()))
}

fn kill_under_load(
    recipe: &Recipe,
    stage: &Stage,
    options: &Options,
    chance: &mut Chance,
) -> Result<(Vec<Entry>, Usher)> {
    thread::scope(|scope| {
        let first = recipe.start()?;
        let people: Vec<_> = (0..options.people)
            .map(|person| scope.spawn(move || driver::act(stage, person)))
            .collect();
        let last = kill_repeatedly(first, recipe, stage, options.kills, chance);
        stage.over.store(true, Ordering::Release);
        let mut entries = Vec::new();
        for person in people {
            entries.extend(person.join().ok().context("a person broke down")?);
        }
        Ok((entries, last?))
    })
}

fn kill_repeatedly(
    mut server: Usher,
    recipe: &Recipe,
    stage: &Stage,
    kills: u32,
    chance: &mut Chance,
) -> Result<Usher> {
    for kill in 1..=kills {
        thread::sleep(chance.between(SHORTEST_LIFE, LONGEST_LIFE));
        server.kill()?;
        let begun = Instant::now();
        server = recipe.start().context("the server did not come back")?;
        let acknowledged = stage.registered.load(Ordering::Relaxed);
        say(format_args!(
            "kill {kill}/{kills}: back in {} ms, {acknowledged} registrations acknowledged so far",
            begun.elapsed().as_millis()
        ));
    }
    thread::sleep(LONGEST_LIFE);
    Ok(server)
}

fn integrity(recipe: &Recipe) -> Result<(&'static str, Tally)> {
    let quiet = |arguments: &[&str]| {
        let mut doctor = recipe.command(arguments);
        command::succeeds(doctor.stdout(Stdio::null()).stderr(Stdio::null()))
    };
    if !quiet(&["doctor", "--help"])? {
        return Ok(("skipped: there is no doctor yet", Tally::SKIPPED));
    }
    let whole = quiet(&["doctor"])?;
    Ok((if whole { "kept" } else { "BROKEN" }, Tally::of(whole)))
}
