//! `cargo xtask faults inputs`: requests with something wrong in them, and bytes that are no requests. None may
//! bring a failure, a panic, or memory that does not come back.

mod corpus;
mod mutants;
mod raw;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::bench::measure::machine;
use crate::client::chance::Chance;
use crate::client::http::{self, Connection};
use crate::client::journey::{self, SignedIn};
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::say::{heading, say, table};
use crate::test::tally::Tally;
use corpus::Corpus;

/// One in ten inputs is no HTTP.
const RAW: u64 = 10;
/// After this share of the inputs, all that is kept for later has been allocated.
const WARM: u64 = 10;
/// What may come on top of that, in MiB.
const GROWTH: f64 = 32.0;
const LINES: usize = 8;
/// A session is looked after as often; many inputs end it.
const LOOK_AFTER: u64 = 200;
const TRIES: u32 = 3;
const CODE_LIMIT: Duration = Duration::from_secs(20);

/// How much to try.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask faults inputs --count 1000000 --seed 42")]
pub(crate) struct Options {
    /// How many inputs.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) count: u64,
    /// Repeats the inputs of an earlier run.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

impl Options {
    /// What there is time for among all other tests.
    pub(crate) fn of_a_test() -> Self {
        Self {
            count: 40_000,
            seed: None,
        }
    }
}

/// What all lines share.
struct Stage<'a> {
    address: SocketAddr,
    sink: &'a Sink,
    corpus: Corpus,
    seed: u64,
    count: u64,
    next: AtomicU64,
    people: AtomicU64,
    findings: Mutex<Findings>,
}

#[derive(Debug, Default)]
struct Findings {
    answered: u64,
    /// Refused by the protocol, or hung up on.
    hung_up: u64,
    shed: u64,
    accepted: u64,
    /// Server errors that nobody planned: number of the input, status, first line.
    failures: Vec<(u64, String)>,
    /// Connections that got neither an answer nor an end.
    stuck: u64,
}

/// The programme on a built server.
pub(crate) fn programme(program: &Path, options: &Options) -> Result<Tally> {
    let seed = options.seed.unwrap_or_else(Chance::any_seed);
    heading(format_args!("{} bad inputs (seed {seed})", options.count));
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = Recipe::new(program, folder.path())?
        .with("USHER_LIMITS__ENABLED", "false")
        .with("USHER_LOG__LEVEL", "warn")
        .with("USHER_MAIL__TRANSPORT", "smtp")
        .with("USHER_MAIL__SMTP__URL", sink.url());
    let server = recipe.start()?;
    let mut connection = Connection::open(recipe.address()).context("cannot connect")?;
    let description = connection.call(&http::request("GET", "/openapi.json", &[], ""))?;
    let stage = Stage {
        address: recipe.address(),
        sink: &sink,
        corpus: Corpus::of(&serde_json::from_str::<Value>(&description.body)?)?,
        seed,
        count: options.count,
        next: AtomicU64::new(0),
        people: AtomicU64::new(0),
        findings: Mutex::default(),
    };
    let begun = Instant::now();
    let memory = stage.run(&server)?;
    say(format_args!(
        "{} inputs made from {} operations in {:.0} s",
        options.count,
        stage.corpus.len(),
        begun.elapsed().as_secs_f64()
    ));
    report(&stage, memory, &recipe)
}

impl Stage<'_> {
    /// Sends everything. Memory after the first inputs and after the last.
    fn run(&self, server: &Usher) -> Result<Option<(f64, f64)>> {
        let lines = machine::cores() * 4;
        self.send_until(self.count / WARM, lines)?;
        let warm = machine::resident(server.process()).ok();
        self.send_until(self.count, lines)?;
        let last = machine::resident(server.process()).ok();
        Ok(warm.zip(last))
    }

    fn send_until(&self, end: u64, lines: usize) -> Result<()> {
        thread::scope(|scope| {
            let lines: Vec<_> = (0..lines).map(|_| scope.spawn(|| self.line(end))).collect();
            for line in lines {
                line.join().ok().context("a line broke down")??;
            }
            Ok(())
        })
    }

    /// One client after the other's heels, until all inputs are sent.
    fn line(&self, end: u64) -> Result<()> {
        let mut connection = None;
        let mut person = self.person()?;
        for sent in 1_u64.. {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= end {
                // The number is for the next round.
                self.next.fetch_min(end, Ordering::Relaxed);
                break;
            }
            let mut chance = Chance::numbered(self.seed, number);
            if number.is_multiple_of(RAW) {
                self.judge_raw(number, raw::send(self.address, &raw::garbage(&mut chance)));
            } else {
                let valid = self.corpus.pick(&mut chance, &person);
                let bytes = mutants::mutant(valid, &mut chance, &person);
                self.judge(number, &bytes, &mut connection);
            }
            if sent.is_multiple_of(LOOK_AFTER) && !self.is_signed_in(&person) {
                person = self.person()?;
            }
        }
        Ok(())
    }

    fn judge(&self, number: u64, bytes: &[u8], connection: &mut Option<Connection>) {
        let call = |connection: &mut Option<Connection>| -> io::Result<http::Answer> {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(self.address)?,
            };
            let answer = open.call(bytes)?;
            *connection = Some(open);
            Ok(answer)
        };
        let answer = call(connection);
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(answer) if answer.status == 503 && answer.retry_after => findings.shed += 1,
            Ok(answer) if answer.status >= 500 => {
                let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
                let said = format!("{} to {}", answer.status, String::from_utf8_lossy(line));
                findings.failures.push((number, said));
            }
            Ok(answer) => {
                findings.answered += 1;
                findings.accepted += u64::from(answer.status < 300);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => findings.stuck += 1,
            Err(_) => findings.hung_up += 1,
        }
    }

    fn judge_raw(&self, number: u64, answer: io::Result<Vec<u8>>) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(answer) = answer else {
            findings.stuck += 1;
            return;
        };
        let statuses = raw::statuses(&answer);
        if statuses.is_empty() {
            findings.hung_up += 1;
        } else {
            findings.answered += 1;
        }
        let failed = statuses.iter().find(|status| matches!(status, 500..=502 | 504..));
        findings
            .failures
            .extend(failed.map(|status| (number, format!("{status} to bytes"))));
    }

    fn is_signed_in(&self, person: &SignedIn) -> bool {
        let answer = Connection::open(self.address)
            .and_then(|mut connection| connection.call(&journey::me(&person.access_token)));
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Somebody new, verified and signed in: also the proof that all of it still works. On a machine that does
    /// much else, not every time within the patience of a client.
    fn person(&self) -> Result<SignedIn> {
        let mut made = self.arrive();
        for _ in 0..TRIES {
            made = made.or_else(|_| self.arrive());
        }
        made
    }

    fn arrive(&self) -> Result<SignedIn> {
        let email = format!(
            "person{}@inputs.example",
            self.people.fetch_add(1, Ordering::Relaxed)
        );
        let mut connection = Connection::open(self.address).context("the server takes no connection")?;
        let mut ask = |request: &[u8]| -> Result<http::Answer> {
            loop {
                let answer = connection.call(request).context("the server hung up")?;
                if answer.status != 503 {
                    return Ok(answer);
                }
                thread::sleep(Duration::from_millis(50));
            }
        };
        let answer = ask(&journey::registration(&email))?;
        let registered = journey::registered(&email, &answer)
            .with_context(|| format!("register answered {}: {}", answer.status, answer.body))?;
        let mail = self.sink.code_after(&email, 0, CODE_LIMIT);
        let code = mail.and_then(|mail| mail.code).context("no code came by mail")?;
        let verified = ask(&journey::verification(&registered, &code))?;
        ensure!(
            verified.status == 200,
            "verify answered {}: {}",
            verified.status,
            verified.body
        );
        let answer = ask(&journey::sign_in(&email))?;
        journey::signed_in(&answer)
            .with_context(|| format!("login answered {}: {}", answer.status, answer.body))
    }
}

fn report(stage: &Stage<'_>, memory: Option<(f64, f64)>, recipe: &Recipe) -> Result<Tally> {
    stage
        .person()
        .context("the server does not serve people any more")?;
    let findings = stage.findings.lock().unwrap_or_else(PoisonError::into_inner);
    say(format_args!(
        "answered: {} ({} of them accepted); hung up on: {}; shed: {}",
        findings.answered, findings.accepted, findings.hung_up, findings.shed
    ));
    for (number, said) in findings.failures.iter().take(LINES) {
        say(format_args!("input {number}: {said}"));
    }
    let panicked = recipe.ever_said("panicked");
    let mut kept = vec![
        (
            "no server error that nobody planned",
            findings.failures.is_empty(),
        ),
        ("no connection without an end", findings.stuck == 0),
        ("no panic", !panicked),
        ("somebody new can register, verify and sign in", true),
    ];
    if let Some((warm, last)) = memory {
        say(format_args!(
            "memory: {warm:.1} MiB after a tenth of the inputs, {last:.1} MiB after the last"
        ));
        kept.push(("memory stays flat", last <= warm + GROWTH));
    }
    let mut tally = Tally::default();
    let rows: Vec<_> = kept
        .into_iter()
        .map(|(promise, kept)| {
            tally += Tally::of(kept);
            [
                promise.to_owned(),
                (if kept { "kept" } else { "BROKEN" }).to_owned(),
            ]
        })
        .collect();
    say(table(["promise", "state"], &rows));
    Ok(tally)
}
