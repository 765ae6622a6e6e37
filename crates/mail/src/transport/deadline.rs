//! One deadline over all steps of a mail, and the place where a step that overruns it becomes an error.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use crate::error::{SendError, Stage};

/// How long the test of a connection may take.
pub const CHECK_DEADLINE: Duration = Duration::from_secs(3);

/// A moment after which nothing is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// This one, or `span` from now if that is sooner.
    pub(crate) fn within(self, span: Duration) -> Self {
        Self(self.0.min(Instant::now() + span))
    }

    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// Waits for one step. Whatever fails in it fails at `stage`; silence counts as a lost connection.
    pub(crate) async fn step<T, E>(
        self,
        stage: Stage,
        step: impl Future<Output = Result<T, E>>,
        explain: impl FnOnce(E) -> Fault,
    ) -> Result<T, Fault> {
        match timeout_at(self.0, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(explain(error)),
            Err(_) => Err(Fault::lost(SendError::transient(stage, "no answer in time"))),
        }
    }
}
