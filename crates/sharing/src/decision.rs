//! What was decided about the capacity, and why: for the log and the dashboard.

use serde::{Deserialize, Serialize};

use crate::link::Side;
use crate::moment::Moment;
use crate::rate::BitsPerSecond;

/// One decision of the capacity tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Moment,
    /// About which direction.
    pub side: Side,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: DecisionReason,
    /// The shaper's rate until now, bit/s.
    pub from: BitsPerSecond,
    /// The shaper's rate from now on, bit/s.
    pub to: BitsPerSecond,
    /// It was only said, not done.
    pub dry_run: bool,
}

/// What the tracker does to the shaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Runs well below the capacity for a moment, so that the queue of the modem empties.
    Drain,
    /// Runs just below the capacity.
    Cruise,
    /// Tries a little more.
    Grow,
    /// Stays where it is, for want of news.
    Hold,
    /// Goes back to the base rate.
    Base,
    /// Does nothing about what it saw.
    Ignore,
}

/// Why the tracker does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionReason {
    /// The source says that the link carries less than before.
    CapacityFell,
    /// The source says that the link carries more than before.
    CapacityRose,
    /// Several of the last samples came late while the link was busy.
    Delayed,
    /// Delay did not go away by itself: a queue stands somewhere behind the shaper.
    StandingQueue,
    /// The queue has had the time to empty.
    Drained,
    /// Busy, and no delay: there may be room.
    Headroom,
    /// Late samples around a change of satellites.
    Handover,
    /// No sample for ten seconds.
    Stale,
    /// No sample for much longer.
    Lost,
}
