//! What one class does, from what its counters say.

use std::time::Duration;

use usher_sharing::demand::{Demand, Seen};
use usher_sharing::rate::BitsPerSecond;

use crate::kernel::Counters;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    counters: Counters,
    pub(crate) demand: Demand,
    /// Its fair share at the last look.
    pub(crate) share: BitsPerSecond,
    /// What it could have had at the last look, had it asked for everything.
    pub(crate) room: BitsPerSecond,
    waiting: bool,
    /// How many of its queues by flow held something lately.
    pub(crate) flows: u16,
    /// Bytes since the last report.
    pub(crate) bytes: u64,
    /// Packets dropped since the last report.
    pub(crate) drops: u64,
}

impl Usage {
    pub(crate) fn new(counters: Counters) -> Self {
        Self {
            counters,
            demand: Demand::Known(BitsPerSecond::ZERO),
            share: BitsPerSecond::ZERO,
            room: BitsPerSecond::ZERO,
            waiting: false,
            flows: 0,
            bytes: 0,
            drops: 0,
        }
    }

    /// Takes note of what the kernel counted since the last look. A class that was made anew starts at
    /// zero.
    pub(crate) fn look(&mut self, counters: Counters, span: Duration) {
        let bytes = counters
            .bytes
            .checked_sub(self.counters.bytes)
            .unwrap_or(counters.bytes);
        let drops = u64::from(
            counters
                .drops
                .checked_sub(self.counters.drops)
                .unwrap_or(counters.drops),
        );
        let seen = Seen {
            used: BitsPerSecond::of(bytes, span),
            waiting_bytes: u64::from(counters.backlog.min(self.counters.backlog)),
        };
        // Who uses little waits only for the turns of others: that is for a promise to mend.
        let uses_its_part = seen.used.get() * 2 >= self.room.get();
        self.waiting = seen.waiting_bytes > 0 && uses_its_part;
        self.demand = Demand::judge(seen, self.room, self.demand);
        self.bytes += bytes;
        self.drops += drops;
        self.counters = counters;
    }

    /// Queues by flow that hold something now; fewer than before count only little by little.
    pub(crate) fn look_inside(&mut self, flows: u16) {
        self.flows = flows.max(self.flows.saturating_sub(1));
    }

    pub(crate) fn is_active(&self) -> bool {
        self.demand.is_active()
    }

    /// Asks for more than it gets, or waits at what is about its fair part: among thousands it takes long until
    /// much waits for one.
    pub(crate) fn waits(&self) -> bool {
        self.waiting || self.demand == Demand::Backlogged
    }

    pub(crate) fn reported(&mut self) {
        (self.bytes, self.drops) = (0, 0);
    }
}
