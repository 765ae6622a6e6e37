//! People who register and verify as fast as they are let, and write down what was promised to them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::client::http::{Answer, Connection};
use crate::client::journey::{self, Registered};
use crate::client::sink::Sink;

/// How long a person waits for the code before going on without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a person waits after a refusal or a broken connection.
const BREATH: Duration = Duration::from_millis(20);

/// What all people share.
#[derive(Debug)]
pub(super) struct Stage {
    /// Every server; who is left by one goes to the next.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) sink: Sink,
    pub(super) over: AtomicBool,
    /// Acknowledged registrations.
    pub(super) registered: AtomicU64,
    /// Requests that were refused because the server was busy.
    pub(super) shed: AtomicU64,
    /// Requests that never got an answer.
    pub(super) unanswered: AtomicU64,
    /// Right requests that were refused in another way, by status.
    pub(super) wronged: Mutex<BTreeMap<u16, u32>>,
}

impl Stage {
    pub(super) fn new(addresses: &[SocketAddr], sink: Sink) -> Self {
        Self {
            addresses: addresses.to_vec(),
            sink,
            over: AtomicBool::new(false),
            registered: AtomicU64::new(0),
            shed: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            wronged: Mutex::default(),
        }
    }

    /// The server at this place of the round.
    pub(super) fn address(&self, place: usize) -> SocketAddr {
        self.addresses[place % self.addresses.len()]
    }

    /// Counts how a right request was refused: as busy, with a moment to come back, or wrongly.
    pub(super) fn refused(&self, answer: &Answer) {
        if answer.status == 503 && answer.retry_after {
            self.shed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut wronged = self.wronged.lock().unwrap_or_else(PoisonError::into_inner);
        *wronged.entry(answer.status).or_default() += 1;
    }
}

/// What a person was told about the verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// Not asked for, or refused.
    Open,
    /// Asked for; the answer never came, so both outcomes are right.
    Unknown,
    /// Acknowledged.
    Acknowledged,
}

/// One acknowledged registration and what followed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) person: Registered,
    pub(super) verification: Verification,
}

/// Acts until the play is over. Every acknowledged registration is in what it returns.
pub(super) fn act(stage: &Stage, person: u32) -> Vec<Entry> {
    let mut line = Line {
        stage,
        place: person as usize,
        connection: None,
    };
    let mut entries = Vec::new();
    for round in 0_u32.. {
        if stage.over.load(Ordering::Acquire) {
            break;
        }
        let email = format!("person{person}-{round}@faults.example");
        let Some(person) = register(&mut line, &email) else {
            continue;
        };
        stage.registered.fetch_add(1, Ordering::Relaxed);
        // Every third person leaves it at the registration, so that some are open at every kill.
        let verification = if round % 3 == 0 {
            Verification::Open
        } else {
            verify(&mut line, &person)
        };
        entries.push(Entry { person, verification });
    }
    entries
}

fn register(line: &mut Line<'_>, email: &str) -> Option<Registered> {
    let answer = line.ask(|connection| connection.call(&journey::registration(email)))?;
    let registered = journey::registered(email, &answer);
    if registered.is_none() {
        line.stage.refused(&answer);
        thread::sleep(BREATH);
    }
    registered
}

fn verify(line: &mut Line<'_>, person: &Registered) -> Verification {
    let mail = line.stage.sink.code_after(&person.email, 0, PATIENCE);
    let Some(code) = mail.and_then(|mail| mail.code) else {
        return Verification::Open;
    };
    match line.ask(|connection| journey::verify(connection, person, &code)) {
        None => Verification::Unknown,
        Some(answer) if answer.status == 200 => Verification::Acknowledged,
        Some(answer) => {
            line.stage.refused(&answer);
            Verification::Open
        }
    }
}

/// A connection that is made anew after it broke; a request is never sent twice.
pub(super) struct Line<'a> {
    pub(super) stage: &'a Stage,
    pub(super) place: usize,
    pub(super) connection: Option<Connection>,
}

impl Line<'_> {
    /// Nothing when no answer came.
    pub(super) fn ask(&mut self, talk: impl FnOnce(&mut Connection) -> io::Result<Answer>) -> Option<Answer> {
        let mut connection = match self.connection.take().filter(|open| !open.is_over()) {
            Some(connection) => connection,
            None => Connection::open(self.stage.address(self.place))
                .or_else(|_| self.redial())
                .ok()?,
        };
        if let Ok(answer) = talk(&mut connection) {
            self.connection = Some(connection);
            return Some(answer);
        }
        self.stage.unanswered.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// The server is down for a moment after every kill.
    fn redial(&mut self) -> io::Result<Connection> {
        thread::sleep(BREATH);
        self.place += 1;
        Connection::open(self.stage.address(self.place))
    }
}
