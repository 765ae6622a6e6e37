//! Observe, compare, change: keeps the kernel as the last desired state wants it, and measures what
//! everybody gets. Without it the kernel goes on with what it was told last.

mod apply;
mod follow;
mod live;
mod plan;
mod report;
mod tick;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use usher_sharing::capacity::Tracker;
use usher_sharing::decision::Decision;
use usher_sharing::layout::Seats;
use usher_sharing::link::{Capacity, Side};
use usher_sharing::moment::Moment;
use usher_sharing::wire::{Desired, DesiredError, Tier};

use crate::kernel::{Kernel, Refused};
use crate::rules::{Members, Rules, removal};
use crate::shape::{Observed, Shape, remove_root};
pub(crate) use tick::Tick;
use usage::Usage;

pub(crate) const SIDES: [Side; 2] = [Side::Down, Side::Up];

/// What does not change while the program runs.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) rules: Rules,
    pub(crate) networks: Vec<ipnet::IpNet>,
    pub(crate) tier: Tier,
    /// How many clients may have queues by flow at a time.
    pub(crate) nested: usize,
    /// Replace a queue at the root that somebody else put there.
    pub(crate) take_over: bool,
}

/// Why a desired state is not in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("{device} has a {kind} queue of somebody else: start with --take-over to replace it")]
    Foreign { device: String, kind: String },
    #[error("{0} is outside the networks this gateway serves")]
    Outside(IpAddr),
    #[error("generation {new} is older than {have}")]
    Old { new: u64, have: u64 },
    #[error(transparent)]
    Desired(#[from] DesiredError),
    #[error("the kernel refused: {0}")]
    Kernel(#[from] Refused),
}

/// One direction.
#[derive(Debug, Default)]
struct Direction {
    /// What is believed to be in the kernel.
    known: Observed,
    shape: Option<Shape>,
    usage: BTreeMap<u16, Usage>,
    /// Follows what the link carries.
    tracker: Option<Tracker>,
    /// What the tracker was made for.
    capacity: Option<Capacity>,
    /// What the link added to round trips since the last report, microseconds.
    delays: Vec<u32>,
    /// Rounds in a row that found something not as it was left.
    drifting: u32,
}

pub(crate) struct Controller<K> {
    kernel: K,
    terms: Terms,
    desired: Option<Desired>,
    seats: Option<Seats>,
    directions: [Direction; 2],
    /// What the packet filter is believed to hold.
    members: Members,
    /// The packet filter has not our rules, or not all of them.
    rules_missing: bool,
    /// Addresses where another device answers than the one that signed in.
    unbound: BTreeSet<IpAddr>,
    /// What was decided about the capacity since the last report.
    decisions: Vec<Decision>,
    /// What was refused or found broken is looked at again, wholly.
    look_closely: bool,
    rounds: u64,
}

impl<K: Kernel> Controller<K> {
    pub(crate) fn new(kernel: K, terms: Terms) -> Self {
        Self {
            kernel,
            terms,
            desired: None,
            seats: None,
            directions: Default::default(),
            members: Members::default(),
            rules_missing: false,
            unbound: BTreeSet::new(),
            decisions: Vec::new(),
            look_closely: true,
            rounds: 0,
        }
    }

    pub(crate) fn kernel(&mut self) -> &mut K {
        &mut self.kernel
    }

    /// The generation in force.
    pub(crate) fn generation(&self) -> Option<u64> {
        self.desired.as_ref().map(Desired::generation)
    }

    pub(crate) fn desired(&self) -> Option<&Desired> {
        self.desired.as_ref()
    }

    /// Takes away exactly what is ours: the gate first, then the queues.
    pub(crate) fn down(&mut self, now: Moment) -> Result<(), ControlError> {
        if self.kernel.table(now)?.is_some() {
            self.kernel.order(&removal())?;
        }
        for side in SIDES {
            let major = plan::major(side);
            if self.kernel.observe(side)?.rooted(major) {
                let refused = self.kernel.apply(side, &[remove_root(major)])?;
                if let Some((_, why)) = refused.into_iter().next() {
                    return Err(why.into());
                }
            }
            *self.direction(side) = Direction::default();
        }
        self.members.clear();
        self.desired = None;
        self.seats = None;
        Ok(())
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        &mut self.directions[side as usize]
    }

    fn device(&self, side: Side) -> String {
        let rules = &self.terms.rules;
        match side {
            Side::Down => rules.lan.to_string(),
            Side::Up => rules.wan.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
