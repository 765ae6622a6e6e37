//! The right to send one mail, which several wait for, and the time it has from then on.

use std::time::Duration;

use super::deadline::Deadline;
use super::fault::Fault;
use super::lanes::{Lanes, Place};
use crate::error::{SendError, Stage};

/// How long one mail may take once a connection is free for it. A queue's lease must be longer.
pub const SEND_DEADLINE: Duration = Duration::from_secs(30);

/// The right to send one mail, within [`SEND_DEADLINE`].
#[derive(Debug)]
pub struct Line(
    /// None where nothing is connected to.
    Option<Place>,
);

impl Line {
    /// Of a transport that connects to nothing.
    pub(crate) const fn free() -> Self {
        Self(None)
    }

    /// The next that is free, if that is within [`SEND_DEADLINE`].
    pub(crate) async fn next(lanes: &Lanes) -> Result<Self, SendError> {
        let place = Deadline::after(SEND_DEADLINE)
            .step(Stage::Local, async { lanes.enter().await.ok_or(()) }, |()| {
                Fault::plain(SendError::transient(Stage::Local, "the transport is closed"))
            })
            .await;
        Ok(Self(Some(place.map_err(|fault| fault.error)?)))
    }

    /// One for a mail that is expected to hang, if there is any.
    pub(crate) fn aside(lanes: &Lanes) -> Option<Self> {
        Some(Self(Some(lanes.enter_aside()?)))
    }

    /// Does what takes the line, and leaves it.
    pub(crate) async fn carry<T, W: Future<Output = T>>(self, work: impl FnOnce(Deadline) -> W) -> T {
        let work = work(Deadline::after(SEND_DEADLINE));
        match self.0 {
            Some(place) => place.during(work).await,
            None => work.await,
        }
    }
}
