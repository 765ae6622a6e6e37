//! Connections that stay open between mails.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many unused connections are kept.
const MAX_KEPT: usize = 4;

/// How long a connection is kept unused. Shorter than what mail servers commonly allow.
const MAX_IDLE: Duration = Duration::from_mins(1);

/// The kept connections.
pub(crate) struct Pool<C> {
    kept: Mutex<Vec<Kept<C>>>,
}

struct Kept<C> {
    connection: C,
    since: Instant,
}

impl<C> Pool<C> {
    pub(crate) const fn new() -> Self {
        Self {
            kept: Mutex::new(Vec::new()),
        }
    }

    /// The connection used last, since the server is least likely to have closed that one.
    pub(crate) fn take(&self) -> Option<C> {
        self.fresh().pop().map(|kept| kept.connection)
    }

    /// Keeps a connection that stands between two mails.
    pub(crate) fn keep(&self, connection: C) {
        let mut kept = self.fresh();
        if kept.len() < MAX_KEPT {
            kept.push(Kept {
                connection,
                since: Instant::now(),
            });
        }
    }

    fn fresh(&self) -> MutexGuard<'_, Vec<Kept<C>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.since.elapsed() < MAX_IDLE);
        kept
    }
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("kept", &self.fresh().len())
            .finish_non_exhaustive()
    }
}
