//! One round: look, compare, heal, steer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use usher_sharing::allocate::{Claim, allocate};
use usher_sharing::demand::Demand;
use usher_sharing::link::Side;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Client;

use super::plan;
use super::usage::Usage;
use super::{ControlError, Controller, SIDES};
use crate::kernel::{Change, Class, Counters, Handle, Kernel};
use crate::shape::changes;

/// Queues, filters and the packet filter are read in every so manieth round; classes in every round.
const CLOSELY: u64 = 20;
/// Rounds in a row in which something was not as it was left, before all is made anew.
const PATIENCE: u32 = 3;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tick {
    /// Changes made.
    pub(crate) steps: u64,
    /// Changes of them that were needed because something was not as it was left.
    pub(crate) drift: u64,
}

/// What somebody could have who asks for less than others get.
struct Room {
    spare: BitsPerSecond,
    /// Of those who get less than they ask for, bit/s for each unit of weight.
    level: u64,
}

impl Room {
    fn left(shaped: BitsPerSecond, claims: &[Claim], shares: &[BitsPerSecond]) -> Self {
        let held_back = claims
            .iter()
            .zip(shares)
            .filter(|(claim, share)| **share < claim.useful());
        let level = held_back
            .map(|(claim, share)| share.get() / claim.weight().get())
            .max();
        Self {
            spare: shaped.less(shares.iter().copied().sum()),
            level: level.unwrap_or(0),
        }
    }

    fn of(&self, claim: &Claim, share: BitsPerSecond) -> BitsPerSecond {
        let level = BitsPerSecond::saturating(self.level * claim.weight().get());
        level.max(share + self.spare)
    }
}

impl<K: Kernel> Controller<K> {
    /// One round. `span` is the time since the round before.
    pub(crate) fn tick(&mut self, now: Moment, span: Duration) -> Result<Tick, ControlError> {
        if self.desired.is_none() {
            return Ok(Tick::default());
        }
        self.rounds += 1;
        self.look_closely |= self.rounds.is_multiple_of(CLOSELY);
        let before = self.members.len();
        self.look(now)?;
        let mut tick = Tick {
            drift: u64::from(self.rules_missing) + before.abs_diff(self.members.len()) as u64,
            steps: 0,
        };
        for side in SIDES {
            let classes = self.kernel.classes(side)?;
            self.notice(side, &classes, span);
            let drift = self.drift(side);
            tick.drift += drift;
            let direction = self.direction(side);
            direction.drifting = if drift > 0 { direction.drifting + 1 } else { 0 };
            if direction.drifting > PATIENCE {
                direction.drifting = 0;
                tick.steps += self.rebuild(side)?;
            }
        }
        self.pass(now);
        self.share();
        self.unbind()?;
        tick.steps += self.steer(now)?;
        Ok(tick)
    }

    /// What the kernel says of its classes now: those we know of that are gone, and what passed.
    fn notice(&mut self, side: Side, classes: &[(Class, Counters)], span: Duration) {
        let top = Handle::new(plan::major(side), crate::shape::TOP);
        let direction = self.direction(side);
        let found: BTreeMap<Handle, Class> =
            classes.iter().map(|(class, _)| (class.handle, *class)).collect();
        let known = &mut direction.known;
        let gone = known.classes.keys().filter(|handle| !found.contains_key(handle));
        for handle in gone.copied().collect::<Vec<_>>() {
            known.note(&Change::RemoveClass(handle));
        }
        known.classes = found;
        let mut flows: BTreeMap<u16, u16> = BTreeMap::new();
        for (class, counters) in classes
            .iter()
            .filter(|(class, _)| class.handle.major() != top.major())
        {
            let holds = class.htb.priority > 0 && counters.backlog > 0;
            *flows.entry(class.handle.major()).or_default() += u16::from(holds);
        }
        let ours = classes.iter().filter(|(class, _)| class.parent == top);
        let mut seen = BTreeMap::new();
        for (class, counters) in ours {
            let slot = class.handle.minor();
            let mut usage = match direction.usage.remove(&slot) {
                Some(usage) => usage,
                None => Usage::new(*counters),
            };
            usage.look(*counters, span);
            usage.look_inside(flows.get(&slot).copied().unwrap_or(0));
            seen.insert(slot, usage);
        }
        direction.usage = seen;
    }

    /// How many changes would bring back what was left.
    fn drift(&mut self, side: Side) -> u64 {
        let direction = self.direction(side);
        let shape = direction.shape.as_ref();
        shape.map_or(0, |shape| changes(&direction.known, shape).len() as u64)
    }

    /// Works out everybody's fair share from what they ask for now.
    fn share(&mut self) {
        let (Some(desired), Some(seats)) = (&self.desired, &self.seats) else {
            return;
        };
        for side in SIDES {
            let shaped = self.told(desired, side).shaped;
            let usage = &mut self.directions[side as usize].usage;
            let placed = desired.clients().iter();
            let placed = placed.filter_map(|client| Some((seats.of(client.id)?.get(), client)));
            let claim = |(slot, client): (u16, &Client)| {
                let idle = Demand::Known(BitsPerSecond::ZERO);
                let demand = usage.get(&slot).map_or(idle, |usage| usage.demand);
                let weight = client.effective_plan().weight;
                (slot, Claim::new(weight, plan::band(client, side), demand))
            };
            let (slots, claims): (Vec<u16>, Vec<Claim>) = placed.map(claim).unzip();
            let shares = allocate(shaped, &claims);
            let room = Room::left(shaped, &claims, &shares);
            for ((slot, share), claim) in slots.into_iter().zip(shares).zip(&claims) {
                if let Some(usage) = usage.get_mut(&slot) {
                    usage.share = share;
                    usage.room = room.of(claim, share);
                }
            }
        }
    }

    /// Another device at an address than the one that signed in there: it is nobody's until the server
    /// says so.
    fn unbind(&mut self) -> Result<(), ControlError> {
        let Some(desired) = &self.desired else {
            return Ok(());
        };
        let bound: BTreeMap<IpAddr, [u8; 6]> = desired
            .clients()
            .iter()
            .flat_map(|client| &client.addresses)
            .filter_map(|address| Some((address.ip, address.mac?.bytes())))
            .collect();
        if bound.is_empty() {
            return Ok(());
        }
        let neighbours = self.kernel.neighbours()?;
        let others = neighbours.into_iter().filter(|neighbour| {
            bound
                .get(&neighbour.address)
                .is_some_and(|mac| *mac != neighbour.mac)
        });
        let others: BTreeSet<IpAddr> = others.map(|neighbour| neighbour.address).collect();
        self.unbound.extend(others);
        Ok(())
    }
}
