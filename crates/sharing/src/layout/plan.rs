//! From what the server wants to what the kernel is told.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Bound, Class, Layout, Seats, Slot, Tree};
use crate::allocate::share_floors;
use crate::link::{Capacity, Side};
use crate::plan::{Band, Weight};
use crate::queue::{MTU_BYTES, stepped_limit_bytes};
use crate::rate::BitsPerSecond;
use crate::wire::{Client, Desired};

/// What is known of one direction at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideNow {
    /// What the shaper lets through: from the capacity tracker.
    pub shaped: BitsPerSecond,
    /// What the link is believed to carry.
    pub estimate: BitsPerSecond,
    /// The sum of the weights of the clients that ask for something. Queue limits follow it, and only it:
    /// a change of the capacity alone touches no queue.
    pub active_weight: u64,
}

/// What is known at the moment; `None`: that direction is not shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Towards the clients.
    pub down: Option<SideNow>,
    /// From the clients.
    pub up: Option<SideNow>,
}

/// Nobody needs more than this without borrowing: a first packet and the start of a page.
const GUARANTEE: BitsPerSecond = BitsPerSecond::kbit(64);
/// The kernel counts in bytes.
const STEP: u64 = 8;
const LEAST: BitsPerSecond = BitsPerSecond::saturating(STEP);
const PRIO_CLIENT: u8 = 0;
const PRIO_TRICKLE: u8 = 7;

/// The layout for this state, these seats and this moment.
///
/// Leaves have together at most a tenth of what the link surely carries, or half of what it carries now
/// where floors were promised; the rest is lent in turns. So the capacity can change without any leaf
/// being touched, as long as the promised floors fit into half of it.
pub fn plan(desired: &Desired, seats: &Seats, now: Now) -> Layout {
    let seated: Vec<(Slot, &Client)> = desired
        .clients()
        .iter()
        .filter_map(|client| Some((seats.of(client.id)?, client)))
        .collect();
    let tree = |side, now: Option<SideNow>| Some(tree(desired, &seated, seats, side, now?));
    Layout {
        down: tree(Side::Down, now.down),
        up: tree(Side::Up, now.up),
        addresses: seated
            .iter()
            .flat_map(|(slot, client)| client.addresses.iter().map(|address| (*slot, address)))
            .map(|(slot, address)| {
                let expires_at = address.expires_at;
                (address.ip, Bound { slot, expires_at })
            })
            .collect(),
    }
}

fn tree(desired: &Desired, seated: &[(Slot, &Client)], seats: &Seats, side: Side, now: SideNow) -> Tree {
    let link = desired.link();
    let capacity = match side {
        Side::Down => &link.down,
        Side::Up => &link.up,
    };
    let plans: Vec<(Weight, Band)> = seated
        .iter()
        .map(|(_, client)| client.effective_plan())
        .map(|plan| match side {
            Side::Down => (plan.weight, plan.down),
            Side::Up => (plan.weight, plan.up),
        })
        .collect();
    let trickle = trickle(link.trickle, capacity);
    let parked = parked(capacity);
    let reserved = trickle.rate + seats.parked().map(|_| parked.rate).sum();
    let rates = rates(&plans, capacity, now.estimate, reserved);
    let leaf = |(weight, band): &(Weight, Band), rate: BitsPerSecond| Class {
        rate,
        ceil: whole_bytes(band.capped(capacity.rated())).max(rate),
        quantum_bytes: MTU_BYTES as u32 * weight.get() as u32,
        prio: PRIO_CLIENT,
        limit_bytes: stepped_limit_bytes(
            capacity.rated(),
            weight.get(),
            now.active_weight,
            Duration::from_millis(capacity.rtt_ms().into()),
        ),
    };
    let mut classes: BTreeMap<Slot, Class> = seats.parked().map(|slot| (slot, parked)).collect();
    let leaves = plans.iter().zip(rates).map(|(plan, rate)| leaf(plan, rate));
    classes.extend(seated.iter().map(|(slot, _)| *slot).zip(leaves));
    Tree {
        root: whole_bytes(now.shaped),
        trickle,
        classes,
    }
}

/// What each leaf has without borrowing: its floor, or a little if that is more.
fn rates(
    plans: &[(Weight, Band)],
    capacity: &Capacity,
    estimate: BitsPerSecond,
    reserved: BitsPerSecond,
) -> Vec<BitsPerSecond> {
    // In powers of two: one client more then changes one leaf, not all of them.
    let weights = plans.iter().map(|(weight, _)| weight.get()).sum::<u64>();
    let weights = weights.next_power_of_two();
    let surely = capacity.surely().portion(1, 10).less(reserved);
    let little = |(weight, band): &(Weight, Band)| {
        let part = surely.portion(weight.get(), weights).min(GUARANTEE);
        whole_bytes(band.capped(part))
    };
    let littles: Vec<BitsPerSecond> = plans.iter().map(little).collect();
    let taken = littles.iter().copied().sum::<BitsPerSecond>() + reserved;
    let floors: Vec<(BitsPerSecond, BitsPerSecond)> = plans
        .iter()
        .zip(&littles)
        .map(|((_, band), little)| (band.floor(), band.floor().less(*little)))
        .collect();
    let more = share_floors(estimate.portion(1, 2).less(taken), &floors);
    let together = littles.into_iter().zip(more);
    together
        .map(|(little, more)| whole_bytes(little + more))
        .collect()
}

/// The default leaf: whoever is not signed in, all together, after everybody else.
fn trickle(ceil: BitsPerSecond, capacity: &Capacity) -> Class {
    let ceil = whole_bytes(ceil.min(capacity.rated()));
    Class {
        rate: whole_bytes(ceil.min(GUARANTEE).min(capacity.surely().portion(1, 20))),
        ceil,
        quantum_bytes: MTU_BYTES as u32,
        prio: PRIO_TRICKLE,
        // A long queue at such a rate would be seconds.
        limit_bytes: ceil.bytes_in(Duration::from_millis(200)).max(4 * MTU_BYTES),
    }
}

/// A class without a client. The kernel remembers for up to a minute what a class has sent beyond its ceil,
/// so one straggler at a small ceil would stop whoever gets the class next: it may borrow as clients do.
fn parked(capacity: &Capacity) -> Class {
    Class {
        rate: LEAST,
        ceil: whole_bytes(capacity.rated()),
        quantum_bytes: MTU_BYTES as u32,
        prio: PRIO_CLIENT,
        limit_bytes: 16 * MTU_BYTES,
    }
}

fn whole_bytes(rate: BitsPerSecond) -> BitsPerSecond {
    BitsPerSecond::saturating(rate.get() / STEP * STEP).max(LEAST)
}
