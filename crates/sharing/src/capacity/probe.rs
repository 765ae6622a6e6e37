//! Inferring the capacity: late packets on a busy link mean it is smaller than believed, and then it is
//! what arrives; a busy link without delay may be larger.

use std::collections::VecDeque;
use std::time::Duration;

use super::{EMPTY, Sample};
use crate::moment::Moment;
use crate::rate::BitsPerSecond;

/// A sample later than this counts as late.
const LATE: Duration = Duration::from_millis(30);
const LAST: usize = 6;
const TOO_MANY: usize = 3;
/// What arrived is averaged over so many samples.
const SMOOTH: usize = 4;
const SLOWEST_PERCENT: u64 = 1;
const FASTEST_PERCENT: u64 = 12;

#[derive(Clone, Debug)]
pub(super) struct Probe {
    rtt: Duration,
    seen: VecDeque<Seen>,
    percent: u64,
    grown_at: Option<Moment>,
    quiet_until: Moment,
    bad: Option<BitsPerSecond>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    achieved: BitsPerSecond,
    added: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    /// The link carries this, and so much waits behind the shaper.
    Cut {
        carries: BitsPerSecond,
        queue: Duration,
    },
    Grow {
        to: BitsPerSecond,
    },
}

impl Probe {
    pub(super) const fn new(rtt: Duration) -> Self {
        Self {
            rtt,
            seen: VecDeque::new(),
            percent: SLOWEST_PERCENT,
            grown_at: None,
            quiet_until: Moment::START,
            bad: None,
        }
    }

    /// What a drain did shows only a round trip later.
    pub(super) fn drained(&mut self, now: Moment) {
        self.seen.clear();
        self.percent = SLOWEST_PERCENT;
        self.grown_at = Some(now);
        self.quiet_until = now + self.rtt * 3 / 2;
    }

    pub(super) fn judge(
        &mut self,
        sample: Sample,
        added: Option<Duration>,
        shaped: BitsPerSecond,
        estimate: BitsPerSecond,
        draining: bool,
    ) -> Verdict {
        if draining || sample.at < self.quiet_until {
            return Verdict::Wait;
        }
        self.seen.push_back(Seen {
            achieved: sample.achieved,
            added,
        });
        if self.seen.len() > LAST {
            self.seen.pop_front();
        }
        let achieved = self.achieved();
        let late = self.seen.iter().filter(|seen| seen.added > Some(LATE)).count();
        if late >= TOO_MANY && achieved >= shaped.portion(4, 10) {
            self.bad = Some(estimate);
            let queue = added.unwrap_or(LATE);
            return Verdict::Cut {
                carries: achieved,
                queue,
            };
        }
        let busy = achieved >= shaped.portion(8, 10);
        if !busy || added.is_none_or(|added| added >= EMPTY) {
            self.percent = SLOWEST_PERCENT;
            return Verdict::Wait;
        }
        self.grow(sample.at, estimate)
    }

    fn achieved(&self) -> BitsPerSecond {
        let last = self.seen.iter().rev().take(SMOOTH);
        let sum = last.clone().map(|seen| seen.achieved).sum::<BitsPerSecond>();
        sum.portion(1, last.count() as u64)
    }

    /// A percent more, then two, up to twelve, as long as it does no harm; a percent at a time around the
    /// rate that did harm the last time.
    fn grow(&mut self, now: Moment, estimate: BitsPerSecond) -> Verdict {
        let wait = (self.rtt * 3 / 2).max(Duration::from_millis(300));
        if self.grown_at.is_some_and(|last| now.since(last) < wait) {
            return Verdict::Wait;
        }
        let near = |bad: BitsPerSecond| estimate.get().abs_diff(bad.get()) <= bad.get() / 20;
        if self.bad.is_some_and(near) {
            self.percent = SLOWEST_PERCENT;
        }
        let to = estimate.portion(100 + self.percent, 100);
        self.percent = (self.percent + 1).min(FASTEST_PERCENT);
        self.grown_at = Some(now);
        Verdict::Grow { to }
    }
}
