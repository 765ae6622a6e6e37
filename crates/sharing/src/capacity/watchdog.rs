//! Notices a queue that stands behind the shaper: delay that does not go away even at its smallest.

use std::time::Duration;

use crate::moment::Moment;

/// Delay up to this is how a busy link is.
const STANDING: Duration = Duration::from_millis(40);
/// Fruitless drains make it wait twice as long each time, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct Watchdog {
    window: Duration,
    since: Option<Moment>,
    least: Duration,
    quiet_until: Moment,
    /// What stood before the last drain, and how many in a row did not help.
    before: Option<Duration>,
    fruitless: u32,
}

impl Watchdog {
    pub(super) fn new(rtt: Duration) -> Self {
        Self {
            window: (rtt * 6 / 5).max(Duration::from_millis(200)),
            since: None,
            least: Duration::MAX,
            quiet_until: Moment::START,
            before: None,
            fruitless: 0,
        }
    }

    /// What a drain did shows only a round trip later.
    pub(super) fn drained(&mut self, now: Moment) {
        let wait = self.window.saturating_mul(1 << self.fruitless.min(8));
        self.quiet_until = now + wait.min(LONGEST_WAIT);
        self.since = None;
    }

    /// The queue that stands, as the time it takes to pass.
    pub(super) fn standing(&mut self, now: Moment, added: Option<Duration>, busy: bool) -> Option<Duration> {
        let added = added?;
        if now < self.quiet_until {
            return None;
        }
        // An idle link has no queue: what delays there is the path.
        if !busy || added <= STANDING {
            self.since = None;
            self.before = None;
            self.fruitless = 0;
            return None;
        }
        let Some(since) = self.since else {
            self.since = Some(now);
            self.least = added;
            return None;
        };
        self.least = self.least.min(added);
        if now.since(since) < self.window {
            return None;
        }
        self.since = None;
        // A drain that did not shorten it was not about a queue of ours.
        let helped = self.before.is_none_or(|before| self.least < before * 4 / 5);
        self.fruitless = if helped { 0 } else { self.fruitless + 1 };
        self.before = Some(self.least);
        Some(self.least)
    }
}
