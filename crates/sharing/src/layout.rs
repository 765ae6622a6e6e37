//! What the kernel shall hold: a tree of classes for each direction, and which address belongs to which
//! class. A plain value, so that it can be compared with what the kernel does hold.
//!
//! Each direction has a root class at the rate of the shaper, one leaf for each client, and a default
//! leaf (the trickle) for whatever belongs to nobody. The root lends leaves what is free, in turns of
//! `quantum` bytes: that is what makes the shares fair. A leaf's own `rate` is only what it has without
//! borrowing; the kernel does not check that these fit into the root, so this module sees to it.

mod plan;
mod seats;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::link::Side;
use crate::moment::Moment;
use crate::rate::BitsPerSecond;

pub use plan::{Now, SideNow, plan};
pub use seats::Seats;

/// The minor number of a client's class, the same in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Slot(u16);

/// The number does not belong to a client's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:#x} is not the class of a client.")]
pub struct SlotError(pub u16);

impl Slot {
    /// The first one.
    pub const FIRST: Self = Self(0x10);
    /// The last one.
    pub const LAST: Self = Self(0xEFFF);

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (Self::FIRST.0..=Self::LAST.0).map(Self)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Slot {
    type Error = SlotError;
    fn try_from(number: u16) -> Result<Self, SlotError> {
        if (Self::FIRST.0..=Self::LAST.0).contains(&number) {
            return Ok(Self(number));
        }
        Err(SlotError(number))
    }
}

impl From<Slot> for u16 {
    fn from(slot: Slot) -> Self {
        slot.0
    }
}

/// One leaf, as the kernel is told. Rates are whole bytes per second, times eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Class {
    /// What it has without borrowing, bit/s.
    pub rate: BitsPerSecond,
    /// The most it gets with borrowing, bit/s.
    pub ceil: BitsPerSecond,
    /// What it may send in its turn, in bytes.
    pub quantum_bytes: u32,
    /// Lower numbers borrow first.
    pub prio: u8,
    /// What may wait for it, in bytes.
    pub limit_bytes: u64,
}

/// One direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The shaper: rate and ceil of the root class, bit/s.
    pub root: BitsPerSecond,
    /// The default leaf.
    pub trickle: Class,
    /// One leaf for each client, and some that wait for the next.
    pub classes: BTreeMap<Slot, Class>,
}

/// Where the packets of an address go, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The class.
    pub slot: Slot,
    /// When it ends by itself.
    pub expires_at: Moment,
}

/// Both directions and the addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Towards the clients; `None`: nothing of ours is there.
    pub down: Option<Tree>,
    /// From the clients; `None`: nothing of ours is there.
    pub up: Option<Tree>,
    /// Which address belongs to which class.
    pub addresses: BTreeMap<IpAddr, Bound>,
}

impl Tree {
    /// What all leaves have together without borrowing.
    pub fn guaranteed(&self) -> BitsPerSecond {
        let leaves = self.classes.values().map(|class| class.rate);
        leaves.sum::<BitsPerSecond>() + self.trickle.rate
    }
}

impl Layout {
    /// One direction.
    pub const fn side(&self, side: Side) -> Option<&Tree> {
        match side {
            Side::Down => self.down.as_ref(),
            Side::Up => self.up.as_ref(),
        }
    }

    pub(crate) const fn side_mut(&mut self, side: Side) -> &mut Option<Tree> {
        match side {
            Side::Down => &mut self.down,
            Side::Up => &mut self.up,
        }
    }

    /// Takes over from `live` the ends of bindings that differ by rounding alone: the kernel counts what
    /// is left, so an end that is read back is never quite the one that was written.
    #[must_use]
    pub fn forgiving(mut self, live: &Self) -> Self {
        const ROUNDING_US: u64 = 2_000_000;
        for (ip, bound) in &mut self.addresses {
            if let Some(there) = live.addresses.get(ip)
                && bound.expires_at.micros().abs_diff(there.expires_at.micros()) <= ROUNDING_US
            {
                bound.expires_at = there.expires_at;
            }
        }
        self
    }
}
