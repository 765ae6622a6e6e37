//! What the gateway reported, run by run: a live link, or a simulation.

use usher_accounts::id::RunId;
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// Reports that belong together.
    pub struct Run {
        /// Its id.
        pub id: RunId,
        /// What people call it: the link or the scenario.
        pub name: String,
        /// 1 for a simulation.
        pub simulation: i64,
        /// When its first report came.
        pub started_at: Timestamp,
        /// When its last report came.
        pub last_at: Timestamp,
        /// How many reports are kept of it.
        pub reports: i64,
    }
}

row! {
    /// One report.
    pub struct Report {
        /// Its moment, in the time of the run.
        pub at: Timestamp,
        /// As the gateway sent it.
        pub body: String,
    }
}

statements! {
    START = "INSERT INTO link_runs (id, name, simulation, started_at, last_at, reports) VALUES ($1, $2, $3, $4, $4, 0)";
    ADD = "INSERT INTO link_reports (run_id, at, body) VALUES ($1, $2, $3) ON CONFLICT (run_id, at) DO NOTHING";
    GROW = "UPDATE link_runs SET reports = reports + $2, last_at = $3 WHERE id = $1";
    RUNS = "SELECT id, name, simulation, started_at, last_at, reports FROM link_runs ORDER BY started_at DESC, id DESC LIMIT $1";
    FIND = "SELECT id, name, simulation, started_at, last_at, reports FROM link_runs WHERE id = $1";
    PAGE = "SELECT at, body FROM link_reports WHERE run_id = $1 AND at > $2 ORDER BY at LIMIT $3";
    FORGET_RUNS = "DELETE FROM link_runs WHERE last_at < $1";
    FORGET_REPORTS = "DELETE FROM link_reports WHERE at < $1 AND run_id IN (SELECT id FROM link_runs WHERE simulation = 0)";
    RECOUNT = "UPDATE link_runs SET reports = (SELECT COUNT(*) FROM link_reports WHERE run_id = link_runs.id)
        WHERE simulation = 0";
}

/// Begins a run.
pub async fn start(
    tx: &mut Tx,
    id: RunId,
    name: &str,
    simulation: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    run!(tx, execute, START, id, name, i64::from(simulation), now).map(drop)
}

/// Adds reports to a run. One that is there already is not added again.
pub async fn add(tx: &mut Tx, id: RunId, reports: &[Report], now: Timestamp) -> Result<(), StoreError> {
    let mut added: i64 = 0;
    for report in reports {
        added += run!(&mut *tx, execute, ADD, id, report.at, report.body)?.cast_signed();
    }
    run!(tx, execute, GROW, id, added, now).map(drop)
}

/// The latest runs, the newest first.
pub async fn runs<'a>(on: impl AsExec<'a>, most: i64) -> Result<Vec<Run>, StoreError> {
    run!(on, fetch_all Run, RUNS, most)
}

/// One run.
pub async fn find<'a>(on: impl AsExec<'a>, id: RunId) -> Result<Option<Run>, StoreError> {
    run!(on, fetch_optional Run, FIND, id)
}

/// Reports of a run after a moment, in order.
pub async fn page<'a>(
    on: impl AsExec<'a>,
    id: RunId,
    after: Timestamp,
    most: i64,
) -> Result<Vec<Report>, StoreError> {
    run!(on, fetch_all Report, PAGE, id, after, most)
}

/// Forgets runs that ended before a moment, and what a live link reported before it.
pub async fn forget_before(tx: &mut Tx, moment: Timestamp) -> Result<u64, StoreError> {
    let runs = run!(&mut *tx, execute, FORGET_RUNS, moment)?;
    let reports = run!(&mut *tx, execute, FORGET_REPORTS, moment)?;
    if reports > 0 {
        run!(tx, execute, RECOUNT)?;
    }
    Ok(runs + reports)
}
