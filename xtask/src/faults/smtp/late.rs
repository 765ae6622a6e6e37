//! A code that came late still has its whole time.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Promises, recipe};
use crate::client::http::Connection;
use crate::client::journey::{self, Registered};
use crate::client::mood::Mood;
use crate::client::sink::{Mail, Sink};

const TTL: Duration = Duration::from_secs(5);
const OUTAGE: Duration = Duration::from_secs(7);
const NEARLY: Duration = Duration::from_secs(4);
const MAIL_LIMIT: Duration = Duration::from_secs(30);

/// Two people whose mail was held up for longer than a code lives: one enters it just before its end, the
/// other after it.
pub(super) fn measure(program: &Path, promises: &mut Promises) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let sink = Sink::start()?;
    let recipe = recipe(program, folder.path(), &sink)?.with("USHER_VERIFICATION__CODE_TTL", "5s");
    let _server = recipe.start()?;
    let address = recipe.address();
    sink.turn(Mood::Gone);
    let early = register(address, "early@late.example")?;
    let late = register(address, "late@late.example")?;
    thread::sleep(OUTAGE);
    sink.turn(Mood::Kind);
    let in_time = enter(address, &sink, &early, NEARLY)?;
    let too_late = enter(address, &sink, &late, TTL + Duration::from_secs(1))?;
    promises.push((
        "a code that came late still has its whole time".to_owned(),
        (in_time != "200").then(|| format!("a second before its end: {in_time}")),
    ));
    promises.push((
        "and no more than that".to_owned(),
        (too_late != "400 code_expired").then(|| format!("a second after its end: {too_late}")),
    ));
    Ok(())
}

fn register(address: SocketAddr, email: &str) -> Result<Registered> {
    let answer = Connection::open(address)?.call(&journey::registration(email))?;
    journey::registered(email, &answer).context("a registration was refused")
}

/// The status, and the name of the problem, of entering the code this long after its mail came.
fn enter(address: SocketAddr, sink: &Sink, person: &Registered, after: Duration) -> Result<String> {
    let Mail { arrived, code } = sink
        .code_after(&person.email, 0, MAIL_LIMIT)
        .context("a code did not come")?;
    thread::sleep((arrived + after).saturating_duration_since(Instant::now()));
    let code = code.context("a mail without a code")?;
    let answer = journey::verify(&mut Connection::open(address)?, person, &code)?;
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let problem = problem["code"].as_str().unwrap_or_default();
    Ok(format!("{} {problem}", answer.status).trim_end().to_owned())
}
