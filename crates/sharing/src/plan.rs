//! What a client may count on: a weight, and for each direction a floor (committed rate, CIR) and a cap
//! (maximum rate, MIR).

use serde::{Deserialize, Serialize};

use crate::rate::BitsPerSecond;

/// How much a client counts when the link is full, 1 to 100. The kernel's quantum is 1514 bytes times
/// this, and HTB warns beyond 200 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Weight(u8);

/// Which rule of a plan is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Outside 1 to 100.
    #[error("A weight is a whole number from 1 to 100.")]
    Weight,
    /// A cap that nothing could pass.
    #[error("A maximum rate must be more than nothing.")]
    NoCap,
    /// CIR above MIR.
    #[error("The committed rate may not be above the maximum rate.")]
    FloorAboveCap,
}

impl Weight {
    /// What everybody has who pays for nothing else.
    pub const ONE: Self = Self(1);
    /// The largest weight.
    pub const MAX: Self = Self(100);

    /// A weight from 1 to 100.
    pub const fn new(weight: u16) -> Result<Self, PlanError> {
        if weight == 0 || weight > Self::MAX.0 as u16 {
            return Err(PlanError::Weight);
        }
        Ok(Self(weight as u8))
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0 as u64
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::ONE
    }
}

impl TryFrom<u16> for Weight {
    type Error = PlanError;
    fn try_from(weight: u16) -> Result<Self, PlanError> {
        Self::new(weight)
    }
}

impl From<Weight> for u16 {
    fn from(weight: Weight) -> Self {
        Self::from(weight.0)
    }
}

/// Floor and cap in one direction. The floor is never above the cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenBand")]
pub struct Band {
    floor: BitsPerSecond,
    #[serde(skip_serializing_if = "Option::is_none")]
    cap: Option<BitsPerSecond>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBand {
    #[serde(default)]
    floor: BitsPerSecond,
    cap: Option<BitsPerSecond>,
}

impl Band {
    /// Nothing promised, nothing forbidden.
    pub const OPEN: Self = Self {
        floor: BitsPerSecond::ZERO,
        cap: None,
    };

    /// A committed rate (CIR, bit/s) and a maximum rate (MIR, bit/s; `None`: whatever the link has).
    pub fn new(floor: BitsPerSecond, cap: Option<BitsPerSecond>) -> Result<Self, PlanError> {
        match cap {
            Some(BitsPerSecond::ZERO) => Err(PlanError::NoCap),
            Some(cap) if floor > cap => Err(PlanError::FloorAboveCap),
            _ => Ok(Self { floor, cap }),
        }
    }

    /// The committed rate.
    pub const fn floor(self) -> BitsPerSecond {
        self.floor
    }

    /// The maximum rate, if there is one.
    pub const fn cap(self) -> Option<BitsPerSecond> {
        self.cap
    }

    /// The smaller of the cap and `rate`.
    #[must_use]
    pub fn capped(self, rate: BitsPerSecond) -> BitsPerSecond {
        self.cap.map_or(rate, |cap| cap.min(rate))
    }
}

impl TryFrom<WrittenBand> for Band {
    type Error = PlanError;
    fn try_from(written: WrittenBand) -> Result<Self, PlanError> {
        Self::new(written.floor, written.cap)
    }
}

/// Everything a client may count on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it counts when the link is full.
    #[serde(default)]
    pub weight: Weight,
    /// Towards the client.
    #[serde(default)]
    pub down: Band,
    /// From the client.
    #[serde(default)]
    pub up: Band,
}

impl Plan {
    /// What is left of the plan when its quota is used up: the smallest weight and no floor, but the
    /// line stays open.
    #[must_use]
    pub fn demoted(self) -> Self {
        let without_floor = |band: Band| Band {
            floor: BitsPerSecond::ZERO,
            ..band
        };
        Self {
            weight: Weight::ONE,
            down: without_floor(self.down),
            up: without_floor(self.up),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_which_rule_it_breaks() {
        let rate = BitsPerSecond::mbit;
        assert_eq!(Weight::new(0), Err(PlanError::Weight));
        assert_eq!(Weight::new(101), Err(PlanError::Weight));
        assert_eq!(Band::new(rate(2), Some(rate(1))), Err(PlanError::FloorAboveCap));
        assert_eq!(
            Band::new(BitsPerSecond::ZERO, Some(BitsPerSecond::ZERO)),
            Err(PlanError::NoCap)
        );
        assert!(Band::new(rate(1), Some(rate(1))).is_ok());
    }

    #[test]
    fn a_used_up_quota_keeps_the_cap_and_loses_the_floor() {
        let band = Band::new(BitsPerSecond::mbit(1), Some(BitsPerSecond::mbit(5))).unwrap();
        let plan = Plan {
            weight: Weight::MAX,
            down: band,
            up: band,
        }
        .demoted();
        assert_eq!(plan.weight, Weight::ONE);
        assert_eq!(plan.down.floor(), BitsPerSecond::ZERO);
        assert_eq!(plan.down.cap(), Some(BitsPerSecond::mbit(5)));
    }
}
