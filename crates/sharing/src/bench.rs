//! Work for the figures: the caller brings the stop watch.

use crate::allocate::{Claim, allocate};
use crate::demand::Demand;
use crate::dice::SeededDice;
use crate::plan::{Band, Weight};
use crate::rate::BitsPerSecond;

/// As many claims as a busy link of 1 Gbit/s may see: different weights, some with a floor, some with a
/// cap, a third of them wanting more than they get.
pub fn claims(count: u32, seed: u64) -> Vec<Claim> {
    let mut dice = SeededDice::new(seed);
    (0..count)
        .map(|_| {
            let floor = BitsPerSecond::saturating(dice.below(20_000));
            let cap = BitsPerSecond::saturating(100_000 + dice.below(10_000_000));
            let band = Band::new(floor, Some(cap)).unwrap_or_default();
            let demand = match dice.below(3) {
                0 => Demand::Backlogged,
                _ => Demand::Known(BitsPerSecond::saturating(dice.below(2_000_000))),
            };
            let weight = Weight::new(1 + dice.below(100) as u16).unwrap_or_default();
            Claim::new(weight, band, demand)
        })
        .collect()
}

/// One division of a link of 1 Gbit/s: the sum of the shares, so that the work is not optimised away.
pub fn allocate_once(claims: &[Claim]) -> BitsPerSecond {
    allocate(BitsPerSecond::mbit(1_000), claims).into_iter().sum()
}
