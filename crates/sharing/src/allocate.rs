//! Who gets how much: weighted max-min with floors and caps, to the bit.
//!
//! Client `i` asks for `u = min(demand, cap)` and gets `min(u, max(floor, weight * level))`, where the
//! level is such that all of them together get `min(capacity, sum of u)`. Floors that do not fit are
//! themselves levelled, in proportion to the floors.
//!
//! Bits that rounding leaves over go one by one to whoever's next bit has the lowest level. So the shares
//! are the first bits of one fixed sequence, and growing the link by a bit, or adding a client, cannot
//! take anything from those it should not.

mod fill;

use crate::demand::Demand;
use crate::plan::{Band, Weight};
use crate::rate::BitsPerSecond;
use fill::{Tub, fill};

/// What one client brings to the division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    weight: Weight,
    floor: BitsPerSecond,
    useful: BitsPerSecond,
}

impl Claim {
    /// A client with this plan that asks for this much.
    pub fn new(weight: Weight, band: Band, demand: Demand) -> Self {
        Self {
            weight,
            floor: band.floor(),
            useful: band.capped(demand.rate()),
        }
    }

    /// What it counts.
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// What it was promised.
    pub const fn floor(&self) -> BitsPerSecond {
        self.floor
    }

    /// More than this it cannot use, or may not.
    pub const fn useful(&self) -> BitsPerSecond {
        self.useful
    }

    fn promised(&self) -> u64 {
        self.floor.min(self.useful).get()
    }

    /// Of equals, who asks for less comes first, so that asking for more never helps; and everything that
    /// tells two claims apart decides before their place in the list does.
    fn rank(&self) -> [u64; 3] {
        [self.useful.get(), self.weight.get(), self.floor.get()]
    }
}

/// Divides the capacity. One share for each claim, in the same order. O(n log n).
pub fn allocate(capacity: BitsPerSecond, claims: &[Claim]) -> Vec<BitsPerSecond> {
    let promised: u128 = claims.iter().map(|claim| u128::from(claim.promised())).sum();
    let tubs: Vec<Tub> = if promised > u128::from(capacity.get()) {
        claims.iter().map(floors_only).collect()
    } else {
        claims.iter().map(above_floor).collect()
    };
    fill(capacity.get(), &tubs)
        .into_iter()
        .map(BitsPerSecond::saturating)
        .collect()
}

/// Divides `budget` among promises that need not fit: each gets at most what it still `lacks`, and all of
/// them are cut by the same part of what was `promised`. Pairs of (promised, lacks).
pub(crate) fn share_floors(
    budget: BitsPerSecond,
    promises: &[(BitsPerSecond, BitsPerSecond)],
) -> Vec<BitsPerSecond> {
    let tub = |(promised, lacks): &(BitsPerSecond, BitsPerSecond)| Tub {
        base: 0,
        top: lacks.get(),
        weight: promised.get().max(1),
        rank: [promised.get(), lacks.get(), 0],
    };
    let tubs: Vec<Tub> = promises.iter().map(tub).collect();
    let shares = fill(budget.get(), &tubs).into_iter();
    shares.map(BitsPerSecond::saturating).collect()
}

fn floors_only(claim: &Claim) -> Tub {
    Tub {
        base: 0,
        top: claim.promised(),
        weight: claim.floor.get().max(1),
        rank: claim.rank(),
    }
}

fn above_floor(claim: &Claim) -> Tub {
    Tub {
        base: claim.promised(),
        top: claim.useful.get(),
        weight: claim.weight.get(),
        rank: claim.rank(),
    }
}

#[cfg(test)]
mod tests;
