//! What two nodes must agree on, asked of both again and again.

use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::driver::Stage;
use super::watch::{access_token, newcomer, patiently};
use crate::client::http::Connection;
use crate::client::journey::{self, Registered};

const CODES: u32 = 2;
const USES: usize = 50;
const SIGN_OUTS: u32 = 4;
const HEARD_LIMIT: Duration = Duration::from_secs(1);
const RECOVERY_LIMIT: Duration = Duration::from_secs(5);
/// When it is hopeless.
const LIMIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(2);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Checks {
    codes: u32,
    codes_misused: u32,
    sign_outs: u32,
    heard_late: u32,
    heard_after: Duration,
    restarts: u32,
    unnoticed: u32,
    late: u32,
    recovered_after: Duration,
}

impl Checks {
    /// Each promise and how often it was broken.
    pub(super) fn promises(&self) -> [(&'static str, u32); 4] {
        [
            (
                "one code used 50× at once over both servers counts once",
                self.codes_misused,
            ),
            (
                "of four sessions ended on one server three are refused on the other within 1 s",
                self.heard_late.saturating_sub(self.sign_outs / 4),
            ),
            ("requests get a 503 while PostgreSQL is away", self.unnoticed),
            (
                "both servers write within 5 s after PostgreSQL is back",
                self.late,
            ),
        ]
    }

    /// Codes and sign-outs, at this moment of the play.
    pub(super) fn all(&mut self, stage: &Stage) -> Result<()> {
        for _ in 0..CODES {
            self.use_a_code(stage).context("while a code was used")?;
        }
        self.sign_out(stage).context("while sessions were ended")
    }

    fn use_a_code(&mut self, stage: &Stage) -> Result<()> {
        self.codes += 1;
        let email = format!("codes{}@faults.example", self.codes);
        let mut connection = Connection::open(stage.address(0))?;
        let (person, code) = newcomer(stage, &mut connection, &email)?;
        let statuses = at_once(stage, &person, &code)?;
        let wins = statuses.iter().filter(|status| (200..300).contains(*status));
        self.codes_misused += u32::from(wins.count() != 1);
        Ok(())
    }

    fn sign_out(&mut self, stage: &Stage) -> Result<()> {
        for _ in 0..SIGN_OUTS {
            self.sign_outs += 1;
            let place = self.sign_outs as usize;
            let mut here = Connection::open(stage.address(place))?;
            let mut there = Connection::open(stage.address(place + 1))?;
            // The first watcher's account.
            let answer = patiently(&mut here, &journey::sign_in("watcher0@faults.example"))?;
            let token = access_token(&answer).context("the sign-in was refused")?;
            let known = patiently(&mut there, &journey::me(&token))?;
            ensure!(known.status == 200, "the other server does not know the session");
            let ended = patiently(&mut here, &journey::sign_out(&token))?;
            ensure!(ended.status == 200, "the sign-out was refused");
            let begun = Instant::now();
            while there.call(&journey::me(&token))?.status != 401 {
                ensure!(begun.elapsed() < LIMIT, "a session that ended is served for ever");
                thread::sleep(PAUSE);
            }
            self.heard_late += u32::from(begun.elapsed() > HEARD_LIMIT);
            self.heard_after = self.heard_after.max(begun.elapsed());
        }
        Ok(())
    }

    /// How long after the database's return both servers write again.
    pub(super) fn recovery(&mut self, stage: &Stage) -> Result<Duration> {
        self.restarts += 1;
        let begun = Instant::now();
        for place in 0..stage.addresses.len() {
            let email = format!("return{}-{place}@faults.example", self.restarts);
            let mut connection = Connection::open(stage.address(place))?;
            while connection.call(&journey::registration(&email))?.status != 201 {
                ensure!(begun.elapsed() < LIMIT, "a server does not write any more");
                thread::sleep(PAUSE);
            }
        }
        let recovered = begun.elapsed();
        self.late += u32::from(recovered > RECOVERY_LIMIT);
        self.recovered_after = self.recovered_after.max(recovered);
        Ok(recovered)
    }

    /// So many were refused while the database was away.
    pub(super) fn outage(&mut self, refused: u64) {
        self.unnoticed += u32::from(refused == 0);
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} codes used {USES}× at once; {} sign-outs heard by the other server after {} ms at most; {} restarts \
             of PostgreSQL, written to again after {} ms at most",
            self.codes,
            self.sign_outs,
            self.heard_after.as_millis(),
            self.restarts,
            self.recovered_after.as_millis(),
        )
    }
}

/// What each of the uses was answered; half of them go to either server.
fn at_once(stage: &Stage, person: &Registered, code: &str) -> Result<Vec<u16>> {
    let connections: Vec<_> = (0..USES)
        .map(|place| Connection::open(stage.address(place)))
        .collect::<Result<_, _>>()?;
    let (request, start) = (journey::verification(person, code), Barrier::new(USES));
    thread::scope(|scope| {
        let uses: Vec<_> = connections
            .into_iter()
            .map(|mut connection| {
                let (request, start) = (&request, &start);
                scope.spawn(move || {
                    start.wait();
                    connection.call(request)
                })
            })
            .collect();
        uses.into_iter()
            .map(|answer| Ok(answer.join().ok().context("a person broke down")??.status))
            .collect()
    })
}
