//! `cargo xtask faults rolling`: two servers on one PostgreSQL behind a real proxy are replaced one after the
//! other while people use them. Nobody may notice.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::client::http::{Answer, Connection};
use crate::client::journey;
use crate::client::sink::Sink;
use crate::client::usher::{Recipe, Usher};
use crate::parts::proxy::{Kind, Plan};
use crate::parts::{self, Scratch};
use crate::say::{heading, say};
use crate::test::tally::Tally;

/// Longer than a proxy takes to notice, and longer than it keeps a connection.
const NOTICE: &str = "6s";
/// For the proxy to trust a server again.
const SETTLE: Duration = Duration::from_secs(3);
/// Failures that are shown.
const COMPLAINTS: u64 = 5;
const READERS: u32 = 3;
const WRITERS: u32 = 2;

/// How long to try.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask faults rolling --rounds 10")]
pub(crate) struct Options {
    /// How often both servers are replaced.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: u32,
}

/// Replaces both servers so many times, behind every proxy there is.
pub(super) fn programme(root: &Path, program: &Path, rounds: u32) -> Result<Tally> {
    let mut tally = Tally::default();
    let database = match parts::database() {
        Ok(database) => database,
        Err(reason) => return Ok(missing("two servers", &reason)),
    };
    for kind in Kind::ALL {
        let name = kind.name();
        heading(format_args!(
            "rolling restart behind {name}: {rounds} rounds under load"
        ));
        match kind.find() {
            Ok(proxy) => {
                let scratch = Scratch::on(&database, "rolling")?;
                let seen = replace(kind, &proxy, root, program, scratch.url(), rounds)?;
                say(&seen);
                tally += Tally::of(seen.failed == 0 && seen.both());
            }
            Err(reason) => tally += missing(name, &reason),
        }
    }
    Ok(tally)
}

fn missing(what: &str, reason: &str) -> Tally {
    say(format_args!("not tested: rolling restart, {what} ({reason})"));
    Tally::SKIPPED
}

/// What the people saw.
#[derive(Debug, Default)]
struct Seen {
    answered: u64,
    shed: u64,
    failed: u64,
    /// Answers while only the first or only the second server ran.
    alone: [u64; 2],
}

impl Seen {
    /// Whether each server has carried the load alone.
    fn both(&self) -> bool {
        self.alone.iter().all(|answers| *answers > 0)
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            answered,
            shed,
            failed,
            alone: [first, second],
        } = self;
        write!(
            f,
            "{answered} requests answered ({first} and {second} by one server alone), {shed} shed, {failed} failed"
        )
    }
}

#[derive(Debug, Default)]
struct Stage {
    over: AtomicBool,
    answered: AtomicU64,
    shed: AtomicU64,
    failed: AtomicU64,
}

fn replace(
    kind: Kind,
    proxy: &Path,
    root: &Path,
    program: &Path,
    database: &str,
    rounds: u32,
) -> Result<Seen> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = || -> Result<Recipe> {
        Ok(Recipe::new(program, &folder.path().join("usher"))?
            .with("DATABASE_URL", database)
            // One site, whichever server answers: tokens name it.
            .with("USHER_SERVER__PUBLIC_URL", "http://127.0.0.1:9")
            .with("USHER_LIMITS__ENABLED", "false")
            .with("USHER_SERVER__TRUSTED_PROXIES", "127.0.0.1")
            .with("USHER_SERVER__DRAIN_NOTICE", NOTICE)
            .with("USHER_MAIL__TRANSPORT", "smtp")
            .with("USHER_MAIL__SMTP__URL", sink.url()))
    };
    let recipes = [recipe()?, recipe()?];
    let mut servers = [recipes[0].start()?, recipes[1].start()?];
    let addresses = [recipes[0].address(), recipes[1].address()];
    let plan = Plan {
        root,
        folder: folder.path(),
        servers: &addresses,
        tls: false,
    };
    let front = kind.start(proxy, &plan)?;
    thread::sleep(SETTLE);
    let token = token(front.address, &sink)?;
    let stage = Stage::default();
    let mut alone = [0; 2];
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| act(&stage, front.address, |_| journey::me(&token)));
        }
        for writer in 0..WRITERS {
            let (stage, address) = (&stage, front.address);
            let email = move |round| format!("writer{writer}-{round}@rolling.example");
            scope.spawn(move || act(stage, address, |round| journey::registration(&email(round))));
        }
        let replaced = (0..rounds).try_for_each(|round| {
            say(format_args!("round {}/{rounds}", round + 1));
            roll(&recipes, &mut servers, &stage, &mut alone)
        });
        stage.over.store(true, Ordering::Release);
        replaced
    })?;
    Ok(Seen {
        answered: stage.answered.into_inner(),
        shed: stage.shed.into_inner(),
        failed: stage.failed.into_inner(),
        alone,
    })
}

/// Each server once: told to stop, gone by itself, started again, trusted again.
fn roll(recipes: &[Recipe; 2], servers: &mut [Usher; 2], stage: &Stage, alone: &mut [u64; 2]) -> Result<()> {
    for index in 0..2 {
        thread::sleep(SETTLE);
        servers[index]
            .terminate()
            .context("the server did not end well")?;
        let before = stage.answered.load(Ordering::Relaxed);
        thread::sleep(SETTLE);
        alone[1 - index] += stage.answered.load(Ordering::Relaxed) - before;
        servers[index] = recipes[index].start()?;
    }
    thread::sleep(SETTLE);
    Ok(())
}

fn token(address: SocketAddr, sink: &Sink) -> Result<String> {
    const EMAIL: &str = "reader@rolling.example";
    let mut connection = Connection::open(address)?;
    let registered = connection.call(&journey::registration(EMAIL))?;
    let person = journey::registered(EMAIL, &registered).context("the registration was refused")?;
    let mail = sink.code_after(EMAIL, 0, Duration::from_secs(10));
    let code = mail.and_then(|mail| mail.code).context("no code came")?;
    let verified = journey::verify(&mut connection, &person, &code)?;
    ensure!(verified.status == 200, "the verification was refused");
    let signed_in = connection.call(&journey::sign_in(EMAIL))?;
    let person = journey::signed_in(&signed_in).context("the sign-in was refused")?;
    Ok(person.access_token)
}

/// Asks until it is over. A request is never sent twice: whatever goes wrong is seen.
fn act(stage: &Stage, address: SocketAddr, request: impl Fn(u32) -> Vec<u8>) {
    let mut connection = None;
    for round in 0.. {
        if stage.over.load(Ordering::Acquire) {
            break;
        }
        let answer = ask(&mut connection, address, &request(round));
        let count = match answer {
            Ok(answer) if answer.status < 400 => &stage.answered,
            Ok(answer) if answer.status == 503 && answer.retry_after => &stage.shed,
            failed => {
                if stage.failed.load(Ordering::Relaxed) < COMPLAINTS {
                    complain(failed);
                }
                connection = None;
                &stage.failed
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(2));
    }
}

fn ask(connection: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> std::io::Result<Answer> {
    let open = match connection.take().filter(|open| !open.is_over()) {
        Some(open) => open,
        None => Connection::open(address)?,
    };
    connection.insert(open).call(request)
}

fn complain(answer: std::io::Result<Answer>) {
    match answer {
        Ok(answer) => say(format_args!("failed: {} {}", answer.status, answer.body)),
        Err(error) => say(format_args!("failed: {error}")),
    }
}
