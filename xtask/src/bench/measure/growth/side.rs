//! One of the two: a server on a database of so many people.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::super::crowd::{ACCOUNTS, CODES, Crowd, REGISTRATIONS, SESSIONS};
use super::super::fill::Fill;
use super::super::place::{Kind, Place};
use super::{ACTIVE, USED_UP};
use crate::client::journey::Registered;
use crate::client::sink::Sink;
use crate::client::sql::Sql;
use crate::client::usher::{Recipe, Usher};
use crate::command;
use crate::say::say;

const MAIL_LIMIT: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(100);
const WAITING: &str = "SELECT count(*) FROM outbox WHERE state IN ('due', 'leased')";

/// A running server and its people.
pub(super) struct Side {
    pub(super) accounts: u64,
    pub(super) crowd: Crowd,
    /// Registrations that wait, with their codes.
    pub(super) waiting: Vec<(Registered, String)>,
    _server: Usher,
    recipe: Recipe,
    sql: Sql,
    _sink: Sink,
    _folder: TempDir,
    // After the server, whose database it is.
    _place: Place,
}

impl Side {
    /// Fills a database and starts a server on it.
    pub(super) fn set(program: &Path, kind: &Kind, accounts: u64) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let (place, sink) = (kind.place(&format!("growth_{accounts}"))?, Sink::start()?);
        let crowd = Crowd::of(accounts)?;
        let recipe = place
            .recipe(program, folder.path())?
            .with("SECRET_KEY", &crowd.secret)
            .with("USHER_LIMITS__ENABLED", "false")
            .with("USHER_SERVER__MAX_CONNECTIONS", "8192")
            .with("USHER_MAIL__TRANSPORT", "smtp")
            .with("USHER_MAIL__SMTP__URL", sink.url());
        command::output_of(&mut recipe.command(&["migrate"]))?;
        let sql = place.sql(&recipe)?;
        let begun = Instant::now();
        let waiting = fill(&sql, &crowd, accounts)?;
        say(format_args!("  filled in {:.0} s", begun.elapsed().as_secs_f64()));
        Ok(Self {
            accounts,
            crowd,
            waiting,
            _server: recipe.start()?,
            recipe,
            sql,
            _sink: sink,
            _folder: folder,
            _place: place,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.recipe.address()
    }

    /// Numbers of sessions whose people do something, the administrator's first.
    pub(super) fn active(&self) -> impl Iterator<Item = u64> + use<> {
        spread(sessions(self.accounts), ACTIVE)
    }

    /// Numbers of sessions that may end.
    pub(super) fn ending(&self) -> Vec<u64> {
        let all = sessions(self.accounts);
        let active: Vec<_> = self.active().collect();
        // The active ones are in order, and so few that looking them up costs nothing.
        let others = (0..all).filter(|number| active.binary_search(number).is_err());
        let step = (all - ACTIVE) / USED_UP;
        others
            .step_by(step.max(1) as usize)
            .take(USED_UP as usize)
            .collect()
    }

    /// Waits until no mail is under way.
    pub(super) fn wait_for_mails(&self) -> Result<()> {
        let limit = Instant::now() + MAIL_LIMIT;
        while self.sql.ask(WAITING)? != "0" {
            if Instant::now() > limit {
                bail!("mails do not leave: {}", self.recipe.last_words());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// As many sessions as accounts, and those that end.
const fn sessions(accounts: u64) -> u64 {
    accounts + USED_UP
}

/// Numbers below `all`, as far from each other as can be.
pub(super) fn spread(all: u64, count: u64) -> impl Iterator<Item = u64> + use<> {
    (0..count).map(move |place| place * all / count)
}

fn fill(sql: &Sql, crowd: &Crowd, accounts: u64) -> Result<Vec<(Registered, String)>> {
    let mut fill = Fill::of(sql)?;
    fill.add(ACCOUNTS, accounts, |number, sql| Ok(crowd.account(number, sql)))?;
    fill.add(SESSIONS, sessions(accounts), |number, sql| {
        Ok(crowd.session(number, sql))
    })?;
    fill.add(REGISTRATIONS, USED_UP, |number, sql| {
        crowd.registration(number, sql)
    })?;
    let mut waiting = Vec::new();
    fill.add(CODES, USED_UP, |number, sql| {
        let (row, code) = crowd.code(number, sql)?;
        waiting.push((crowd.registered(number), code));
        Ok(row)
    })?;
    let first = sql.bytes(crowd.person(0).as_bytes());
    fill.tell(&format!("UPDATE accounts SET role = 'admin' WHERE id = {first};"))?;
    fill.finish()?;
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_are_spread_over_all() {
        let found: Vec<_> = spread(1_000_000, 4).collect();
        assert_eq!(found, [0, 250_000, 500_000, 750_000]);
    }
}
