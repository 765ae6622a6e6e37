//! What is over is removed by itself. Nothing depends on it for being over: every statement that reads
//! compares the time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use usher_store::{codes, counters, email_changes, outbox, registrations, sessions};

use crate::{Trouble, Usher};

/// How often uses of sessions are written down.
const NOTE_USE_EVERY: Duration = Duration::from_secs(10);
/// How often registrations, changes and counters that are over are removed.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// Uses written down in one transaction.
const AT_ONCE: usize = 100;
/// How long a mail that was sent is kept.
const KEEP_SENT: Duration = Duration::from_hours(7 * 24);

impl Usher {
    /// Keeps house until `stop` turns true.
    pub async fn keep_house(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut note = tokio::time::interval(NOTE_USE_EVERY);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        let mut sweep_sessions = tokio::time::interval(self.policy.session_cleanup_every);
        while !*stop.borrow() {
            let done = tokio::select! {
                _ = note.tick() => self.note_use().await,
                _ = sweep.tick() => self.sweep().await,
                _ = sweep_sessions.tick() => self.sweep_sessions().await.map(drop),
                _ = stop.changed() => continue,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "housekeeping has to wait");
            }
        }
        drop(self.note_use().await);
    }

    /// Writes down when sessions were last used.
    pub async fn note_use(&self) -> Result<(), Trouble> {
        let used: Vec<_> = self.cache.take_used().into_iter().collect();
        // In portions, so that nobody waits long for the writer.
        for portion in used.chunks(AT_ONCE) {
            let mut tx = self.db.begin().await?;
            for (id, at) in portion {
                sessions::touch(&mut tx, *id, *at).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Removes sessions that are over; how many.
    pub async fn sweep_sessions(&self) -> Result<u64, Trouble> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let removed = sessions::sweep(&mut tx, self.now()).await?;
            tx.commit().await?;
            total += removed;
            if removed == 0 {
                return Ok(total);
            }
        }
    }

    /// Removes registrations, changes of address, counters and sent mails that are over.
    pub async fn sweep(&self) -> Result<(), Trouble> {
        let now = self.now();
        loop {
            let mut tx = self.db.begin().await?;
            let mut owners: Vec<[u8; 16]> = Vec::new();
            owners.extend(
                registrations::take_lapsed(&mut tx, now)
                    .await?
                    .iter()
                    .map(|id| *id.as_bytes()),
            );
            owners.extend(
                email_changes::take_lapsed(&mut tx, now)
                    .await?
                    .iter()
                    .map(|id| *id.as_bytes()),
            );
            for owner in &owners {
                codes::delete(&mut tx, owner).await?;
                outbox::discard_waiting(&mut tx, owner).await?;
            }
            let counted = counters::sweep(&mut tx, now).await?;
            let sent = outbox::sweep(&mut tx, now - KEEP_SENT).await?;
            tx.commit().await?;
            if owners.is_empty() && counted == 0 && sent == 0 {
                return self.forget_link_history().await;
            }
        }
    }
}
