//! Somebody who is signed in, and whose right requests may be refused only as busy.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::driver::{Line, Stage};
use crate::client::http::{Answer, Connection};
use crate::client::journey::{self, Registered};

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);
/// After so many questions another sign-in.
const QUESTIONS: u32 = 10;

/// Somebody with an account.
pub(super) struct Watcher {
    place: usize,
    person: Registered,
}

impl Watcher {
    /// Makes the account.
    pub(super) fn enter(stage: &Stage, place: usize) -> Result<Self> {
        let mut connection = Connection::open(stage.address(place))?;
        let email = format!("watcher{place}@faults.example");
        let (person, code) = newcomer(stage, &mut connection, &email)?;
        // The mail may have come later than an idle connection lives.
        let mut connection = Connection::open(stage.address(place))?;
        let verified = journey::verify(&mut connection, &person, &code)?;
        ensure!(verified.status == 200, "the verification was refused");
        Ok(Self { place, person })
    }

    /// Asks until the play is over; the stage counts every refusal.
    pub(super) fn watch(self, stage: &Stage) {
        let mut line = Line {
            stage,
            place: self.place,
            connection: None,
        };
        let mut token: Option<String> = None;
        for round in 0_u32.. {
            if stage.over.load(Ordering::Acquire) {
                break;
            }
            thread::sleep(PAUSE);
            let request = match &token {
                Some(token) if round % QUESTIONS > 0 => journey::me(token),
                _ => journey::sign_in(&self.person.email),
            };
            let Some(answer) = line.ask(|connection| connection.call(&request)) else {
                continue;
            };
            if answer.status != 200 {
                stage.refused(&answer);
            }
            token = access_token(&answer).or(token);
        }
    }
}

/// A person who has registered, with the code that came.
pub(super) fn newcomer(
    stage: &Stage,
    connection: &mut Connection,
    email: &str,
) -> Result<(Registered, String)> {
    let answer = patiently(connection, &journey::registration(email))?;
    let person = journey::registered(email, &answer)
        .with_context(|| format!("the registration was refused: {} {}", answer.status, answer.body))?;
    let mail = stage.sink.code_after(email, 0, PATIENCE);
    let code = mail.and_then(|mail| mail.code).context("no code came")?;
    Ok((person, code))
}

/// Asks again while the server is busy.
pub(super) fn patiently(connection: &mut Connection, request: &[u8]) -> Result<Answer> {
    loop {
        let answer = connection.call(request)?;
        if answer.status != 503 {
            return Ok(answer);
        }
        thread::sleep(PAUSE * 10);
    }
}

/// What a sign-in brings.
pub(super) fn access_token(answer: &Answer) -> Option<String> {
    journey::signed_in(answer).map(|person| person.access_token)
}
