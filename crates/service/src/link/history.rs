//! What was used, and what the gateway reported: written down in portions, forgotten in time.

use std::time::Duration;

use usher_accounts::id::{PersonId, RunId};
use usher_accounts::time::Timestamp;
use usher_store::link::history::{self, Report, Run};
use usher_store::link::{devices, plans};

use super::day;
use crate::{Trouble, Usher};

/// How long the use of a day is kept.
const KEEP_USE: Duration = Duration::from_hours(31 * 24);
/// Runs shown at the most.
const RUNS: i64 = 100;

/// A report to keep.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// Its moment, in the time of the run.
    pub at: Timestamp,
    /// As the gateway sent it.
    pub body: String,
}

impl Usher {
    /// Begins a run.
    pub async fn start_run(&self, name: &str, simulation: bool) -> Result<RunId, Trouble> {
        let now = self.now();
        let id = RunId::mint(now, &*self.dice);
        let mut tx = self.db.begin().await?;
        history::start(&mut tx, id, name, simulation, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Adds reports to a run.
    pub async fn keep_reports(&self, run: RunId, reports: Vec<NewReport>) -> Result<(), Trouble> {
        let rows: Vec<Report> = reports
            .into_iter()
            .map(|NewReport { at, body }| Report { at, body })
            .collect();
        let mut tx = self.db.begin().await?;
        history::add(&mut tx, run, &rows, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Counts what accounts have used, and that they are not idle.
    pub async fn count_use(&self, used: &[(PersonId, u64)]) -> Result<(), Trouble> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        for (account, bytes) in used {
            let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
            plans::count(&mut tx, *account, day(now), bytes).await?;
            devices::note_use(&mut tx, *account, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The latest runs, the newest first.
    pub async fn runs(&self) -> Result<Vec<Run>, Trouble> {
        Ok(history::runs(&self.db, RUNS).await?)
    }

    /// Reports of a run after a moment, at most `most`; `None` when there is no such run.
    pub async fn reports_of(
        &self,
        run: RunId,
        after: Timestamp,
        most: i64,
    ) -> Result<Option<Vec<Report>>, Trouble> {
        if history::find(&self.db, run).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(history::page(&self.db, run, after, most).await?))
    }

    /// Forgets reports and use that are too old to be kept.
    pub async fn forget_link_history(&self) -> Result<(), Trouble> {
        let Some(link) = &self.link else {
            return Ok(());
        };
        let now = self.now();
        let mut tx = self.db.begin().await?;
        history::forget_before(&mut tx, now - link.policy.keep).await?;
        plans::forget_before(&mut tx, day(now - KEEP_USE)).await?;
        tx.commit().await?;
        Ok(())
    }
}
