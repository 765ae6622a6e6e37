//! After the last start: is everything that was acknowledged still true?

use std::io;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::driver::{Entry, Stage, Verification};
use crate::client::http::Connection;
use crate::client::journey::{self, Registered, SignedIn};
use crate::client::sink::Sink;

/// A mail whose sender was killed is taken up again when its lease of a minute is over.
const MAIL_LIMIT: Duration = Duration::from_mins(2);
const RESEND_LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);
const EXAMINERS: usize = 4;
const BUSY_TRIES: u32 = 50;

/// How often each promise was broken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    lost_registrations: u32,
    lost_verifications: u32,
    changed_ids: u32,
    missing_codes: u32,
    missing_confirmations: u32,
}

impl Findings {
    /// Each promise and how often it was broken.
    pub(super) fn promises(&self) -> [(&'static str, u32); 5] {
        [
            (
                "an acknowledged registration can be completed",
                self.lost_registrations,
            ),
            (
                "an acknowledged verification can sign in",
                self.lost_verifications,
            ),
            ("an id stays the same for life", self.changed_ids),
            ("every registration gets its code by mail", self.missing_codes),
            (
                "every verification gets its confirmation by mail",
                self.missing_confirmations,
            ),
        ]
    }
}

impl AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        self.lost_registrations += other.lost_registrations;
        self.lost_verifications += other.lost_verifications;
        self.changed_ids += other.changed_ids;
        self.missing_codes += other.missing_codes;
        self.missing_confirmations += other.missing_confirmations;
    }
}

/// Waits until everybody has the mail they were promised, or the limit. How long that took.
pub(super) fn wait_for_mail(sink: &Sink, entries: &[Entry]) -> Duration {
    let begun = Instant::now();
    let waiting = |entry: &Entry| missing_mail(sink, entry) != Findings::default();
    while begun.elapsed() < MAIL_LIMIT && entries.iter().any(waiting) {
        thread::sleep(PAUSE);
    }
    begun.elapsed()
}

fn missing_mail(sink: &Sink, entry: &Entry) -> Findings {
    let mails = sink.mails(&entry.person.email);
    let confirmed = mails.iter().any(|mail| mail.code.is_none());
    Findings {
        missing_codes: u32::from(mails.iter().all(|mail| mail.code.is_none())),
        missing_confirmations: u32::from(entry.verification == Verification::Acknowledged && !confirmed),
        ..Findings::default()
    }
}

/// Examines every entry over HTTP.
pub(super) fn examine(stage: &Stage, entries: &[Entry]) -> Result<Findings> {
    let share = entries.len().div_ceil(EXAMINERS).max(1);
    thread::scope(|scope| {
        let examiners: Vec<_> = entries
            .chunks(share)
            .enumerate()
            .map(|(place, part)| scope.spawn(move || examine_all(stage, stage.address(place), part)))
            .collect();
        let mut findings = Findings::default();
        for examiner in examiners {
            findings += examiner.join().ok().context("an examiner broke down")??;
        }
        Ok(findings)
    })
}

fn examine_all(stage: &Stage, address: SocketAddr, entries: &[Entry]) -> Result<Findings> {
    let mut connection = Connection::open(address).context("the server is gone")?;
    let mut findings = Findings::default();
    for entry in entries {
        findings += missing_mail(&stage.sink, entry);
        findings += examine_one(&mut connection, &stage.sink, entry)
            .with_context(|| format!("the server left while {} was examined", entry.person.email))?;
    }
    Ok(findings)
}

fn examine_one(connection: &mut Connection, sink: &Sink, entry: &Entry) -> io::Result<Findings> {
    let person = sign_in(connection, &entry.person)?;
    let verified = person.as_ref().is_some_and(|person| person.is_verified);
    let lost = !verified && (person.is_none() || !completes(connection, sink, &entry.person)?);
    let acknowledged = entry.verification == Verification::Acknowledged;
    Ok(Findings {
        lost_verifications: u32::from(acknowledged && !verified),
        lost_registrations: u32::from(!acknowledged && lost),
        changed_ids: u32::from(person.is_some_and(|person| person.id != entry.person.id)),
        ..Findings::default()
    })
}

fn sign_in(connection: &mut Connection, person: &Registered) -> io::Result<Option<SignedIn>> {
    for _ in 0..BUSY_TRIES {
        let answer = connection.call(&journey::sign_in(&person.email))?;
        if answer.status != 503 {
            return Ok(journey::signed_in(&answer));
        }
        thread::sleep(PAUSE);
    }
    Ok(None)
}

/// With the newest code that came, or else with one that is asked for now.
fn completes(connection: &mut Connection, sink: &Sink, person: &Registered) -> io::Result<bool> {
    if let Some(code) = sink
        .code_after(&person.email, 0, Duration::ZERO)
        .and_then(|mail| mail.code)
        && journey::verify(connection, person, &code)?.status == 200
    {
        return Ok(true);
    }
    let known = codes(sink, person);
    journey::resend(connection, person)?;
    let Some(code) = sink
        .code_after(&person.email, known, RESEND_LIMIT)
        .and_then(|mail| mail.code)
    else {
        return Ok(false);
    };
    Ok(journey::verify(connection, person, &code)?.status == 200)
}

fn codes(sink: &Sink, person: &Registered) -> usize {
    sink.mails(&person.email)
        .iter()
        .filter(|mail| mail.code.is_some())
        .count()
}

/// One line with the counts.
pub(super) fn summary(stage: &Stage, entries: &[Entry]) -> String {
    let verified = entries
        .iter()
        .filter(|entry| entry.verification == Verification::Acknowledged)
        .count();
    let unknown = entries
        .iter()
        .filter(|entry| entry.verification == Verification::Unknown)
        .count();
    let repeated: usize = entries
        .iter()
        .map(|entry| codes(&stage.sink, &entry.person).saturating_sub(1))
        .sum();
    format!(
        "acknowledged: {} registrations, {verified} verifications; without an answer: {} requests, \
         {unknown} of them verifications; refused as busy: {}; mails sent twice: {repeated}",
        entries.len(),
        stage.unanswered.load(Ordering::Relaxed),
        stage.shed.load(Ordering::Relaxed),
    )
}
