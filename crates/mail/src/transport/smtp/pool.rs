//! Connections that stay open between mails.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How many mails may be on their way at once.
const MAX_CONNECTIONS: usize = 4;

/// How long a connection is kept unused. Shorter than what mail servers commonly allow.
const MAX_IDLE: Duration = Duration::from_mins(1);

/// The kept connections and the right to open more.
pub(super) struct Pool {
    kept: Mutex<Vec<Kept>>,
    permits: Semaphore,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self {
            kept: Mutex::new(Vec::new()),
            permits: Semaphore::const_new(MAX_CONNECTIONS),
        }
    }

    /// The right to use one connection.
    pub(super) async fn permit(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire().await
    }

    /// The connection used last, since the server is least likely to have closed that one.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        self.fresh().pop().map(|kept| kept.connection)
    }

    /// Keeps a connection that stands between two mails.
    pub(super) fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.fresh();
        if kept.len() < MAX_CONNECTIONS {
            kept.push(Kept {
                connection,
                since: Instant::now(),
            });
        }
    }

    fn fresh(&self) -> MutexGuard<'_, Vec<Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.since.elapsed() < MAX_IDLE);
        kept
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("kept", &self.fresh().len())
            .finish_non_exhaustive()
    }
}
