//! One client of a simulation, and what is known of it.

use std::time::Duration;

use super::engine::Meter;
use super::scenario::{Group, Source, Traffic};
use crate::allocate::Claim;
use crate::demand::{Demand, Seen};
use crate::plan::Plan;
use crate::rate::BitsPerSecond;

/// A client and what is known of it.
pub(super) struct Member<'a> {
    pub(super) sources: &'a [Source],
    pub(super) plan: Plan,
    pub(super) demand: Demand,
    pub(super) share: BitsPerSecond,
    pub(super) limit_bytes: u64,
    /// What it got since its demand was judged.
    pub(super) seen_bytes: u64,
    /// The least that waited for it since; `None` before the first look.
    pub(super) waiting_bytes: Option<u64>,
    pub(super) delays_us: Vec<u32>,
}

impl<'a> Member<'a> {
    pub(super) fn new(group: &'a Group) -> Self {
        Self {
            sources: &group.sources,
            plan: group.plan,
            demand: Demand::Known(BitsPerSecond::ZERO),
            share: BitsPerSecond::ZERO,
            limit_bytes: 0,
            seen_bytes: 0,
            waiting_bytes: None,
            delays_us: Vec::new(),
        }
    }

    /// A round into its books; its delays where they are `measured`.
    pub(super) fn add(&mut self, meter: &Meter, measured: bool) {
        self.seen_bytes += meter.bytes;
        let least = self.waiting_bytes.unwrap_or(u64::MAX);
        self.waiting_bytes = Some(least.min(meter.backlog_bytes));
        if measured {
            self.delays_us.extend(&meter.added_us);
        }
    }

    /// What it asks for, from what was seen of it in `span`.
    pub(super) fn judge(&mut self, now_ms: u64, span: Duration) {
        let seen = Seen {
            used: BitsPerSecond::of(std::mem::take(&mut self.seen_bytes), span),
            waiting_bytes: self.waiting_bytes.take().unwrap_or(0),
        };
        // Queues are watched at every round here, so what waited says it all.
        let room = BitsPerSecond::MAX;
        let expected = Demand::judge(seen, room, self.demand);
        self.demand = offered(self.sources, now_ms).unwrap_or(expected);
    }

    /// What it asked for in a round, by what it does, or by what was seen of it where that does not say.
    pub(super) fn asked(&self, now_ms: u64, meter: &Meter, span: Duration) -> Claim {
        let seen = Seen {
            used: BitsPerSecond::of(meter.bytes, span),
            waiting_bytes: meter.backlog_bytes,
        };
        let demand = offered(self.sources, now_ms).unwrap_or(Demand::shown(seen));
        Claim::new(self.plan.weight, self.plan.down, demand)
    }

    /// What it is expected to ask for.
    pub(super) fn claim(&self) -> Claim {
        Claim::new(self.plan.weight, self.plan.down, self.demand)
    }
}

pub(super) fn downloads(sources: &[Source]) -> bool {
    let elastic = |source: &Source| matches!(source.traffic, Traffic::Cubic { .. } | Traffic::Bbr { .. });
    sources.iter().any(elastic)
}

/// What sources ask for at a time; `None` for pages and films, whose demand only shows.
pub(super) fn offered(sources: &[Source], now_ms: u64) -> Option<Demand> {
    let mut known = BitsPerSecond::ZERO;
    let mut shows = false;
    for source in sources {
        if now_ms < source.from_ms || source.to_ms.is_some_and(|to| now_ms >= to) {
            continue;
        }
        match source.traffic {
            Traffic::Cubic { .. } | Traffic::Bbr { .. } => return Some(Demand::Backlogged),
            Traffic::Cbr { rate } => known = known + rate,
            Traffic::Web { .. } | Traffic::Dash { .. } => shows = true,
        }
    }
    (!shows).then_some(Demand::Known(known))
}
