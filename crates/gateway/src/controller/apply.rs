//! Putting a desired state in force. Up: classes, then who belongs to them; down: the other way round.

use std::collections::BTreeMap;
use std::net::IpAddr;

use usher_sharing::layout::{self, Now, Seats, SideNow, Slot, Tree};
use usher_sharing::link::Side;
use usher_sharing::moment::Moment;
use usher_sharing::wire::{Client, Desired};

use super::follow::Told;
use super::plan::{self, Activity, Circumstances};
use super::usage::Usage;
use super::{ControlError, Controller, SIDES, live};
use crate::kernel::{Change, Kernel, Refused};
use crate::rules::{Member, Members, difference};
use crate::shape::{Shape, changes, remove_root};

impl<K: Kernel> Controller<K> {
    /// Puts the state in force and returns how many changes that took. The same state again takes none.
    pub(crate) fn apply(&mut self, desired: Desired, now: Moment) -> Result<u64, ControlError> {
        if let Some(have) = self.generation()
            && desired.generation() < have
        {
            let new = desired.generation();
            return Err(ControlError::Old { new, have });
        }
        self.inside(&desired)?;
        self.look(now)?;
        // The server knows by now who answers where.
        self.unbound.clear();
        let seats = match self.seats.take() {
            Some(seats) => seats.follow(&desired),
            None => Seats::recover(&desired, &live::layout(&self.directions, &self.members)),
        };
        self.seats = Some(seats);
        self.track(&desired, now);
        self.desired = Some(desired);
        self.steer(now)
    }

    /// Nobody is shaped or let through who is not in our networks.
    fn inside(&self, desired: &Desired) -> Result<(), ControlError> {
        let served = |address: &IpAddr| {
            self.terms
                .networks
                .iter()
                .any(|network| network.contains(address))
        };
        let mut addresses = desired.clients().iter().flat_map(|client| &client.addresses);
        match addresses.find(|address| !served(&address.ip)) {
            Some(outside) => Err(ControlError::Outside(outside.ip)),
            None => Ok(()),
        }
    }

    /// Reads everything anew when that is due.
    pub(super) fn look(&mut self, now: Moment) -> Result<(), ControlError> {
        if !self.look_closely {
            return Ok(());
        }
        for side in SIDES {
            let observed = self.kernel.observe(side)?;
            if let Some(foreign) = observed.foreign_root(plan::major(side))
                && !self.terms.take_over
            {
                return Err(ControlError::Foreign {
                    device: self.device(side),
                    kind: foreign.discipline.kind().to_owned(),
                });
            }
            let direction = self.direction(side);
            if direction.shape.is_none() {
                direction.shape = Shape::read(&observed, plan::major(side));
            }
            direction.known = observed;
        }
        self.look_at_members(now)?;
        self.look_closely = false;
        Ok(())
    }

    /// Reads the packet filter. Rules that are not ours as they should be are written again; the members
    /// stay.
    fn look_at_members(&mut self, now: Moment) -> Result<(), ControlError> {
        let rules = &self.terms.rules;
        let table = self.kernel.table(now)?;
        let intact = table.as_ref().is_some_and(|table| table.mark == rules.mark());
        let whole = table.as_ref().is_some_and(|table| table.rules == rules.count());
        self.members = table.map(|table| table.members).unwrap_or_default();
        if !(intact && whole) {
            self.rules_missing = true;
        }
        Ok(())
    }

    /// Makes the kernel what the desired state wants, from what is known of it.
    pub(super) fn steer(&mut self, now: Moment) -> Result<u64, ControlError> {
        let (Some(wanted), Some(shapes)) = (self.wanted(now), self.shapes()) else {
            return Ok(0);
        };
        let mut steps = 0;
        let mut later = Vec::new();
        for (side, shape) in SIDES.into_iter().zip(shapes) {
            let all = self.toward(side, &shape);
            let (removals, rest): (Vec<_>, Vec<_>) = all
                .into_iter()
                .partition(|change| matches!(change, Change::RemoveClass(_)));
            steps += self.change(side, &rest)?;
            self.direction(side).shape = Some(shape);
            later.push((side, removals));
        }
        steps += self.admit(&wanted, now)?;
        for (side, removals) in later {
            steps += self.change(side, &removals)?;
        }
        Ok(steps)
    }

    fn toward(&mut self, side: Side, shape: &Shape) -> Vec<Change> {
        let take_over = self.terms.take_over;
        let direction = self.direction(side);
        let foreign = direction.known.foreign_root(shape.major).map(|root| root.handle);
        let mut all = changes(&direction.known, shape);
        if let Some(handle) = foreign.filter(|_| take_over) {
            let parent = crate::kernel::Handle::ROOT;
            all.insert(0, Change::RemoveQdisc { handle, parent });
        }
        all
    }

    fn shapes(&self) -> Option<[Shape; 2]> {
        let (desired, seats) = (self.desired.as_ref()?, self.seats.as_ref()?);
        let placed = desired.clients().iter();
        let taken: BTreeMap<Slot, &Client> = placed
            .filter_map(|client| Some((seats.of(client.id)?, client)))
            .collect();
        let usage = |side: Side, slot: &Slot| self.directions[side as usize].usage.get(&slot.get());
        let asks = |side, slot: &Slot| usage(side, slot).is_some_and(Usage::is_active);
        let now = |side| {
            let Told { estimate, shaped } = self.told(desired, side);
            let active = taken.iter().filter(|(slot, _)| asks(side, slot));
            Some(SideNow {
                shaped,
                estimate,
                active_weight: active
                    .map(|(_, client)| client.effective_plan().weight.get())
                    .sum(),
            })
        };
        let layout = layout::plan(
            desired,
            seats,
            Now {
                down: now(Side::Down),
                up: now(Side::Up),
            },
        );
        let shape = |side: Side, tree: &Tree| {
            let activity = |slot| {
                let client = taken.get(&slot)?;
                Some(Activity {
                    asks: asks(side, &slot),
                    waits: usage(side, &slot).is_some_and(Usage::waits),
                    floor: plan::band(client, side).floor(),
                    flows: usage(side, &slot).map_or(0, |usage| usage.flows),
                })
            };
            plan::shape(
                tree,
                side,
                &Circumstances {
                    tier: self.terms.tier,
                    rtt_ms: plan::capacity(desired, side).rtt_ms(),
                    nested: self.terms.nested,
                    clients: taken.len(),
                    activity: &activity,
                    before: self.directions[side as usize].shape.as_ref(),
                    unlooked: self.directions[side as usize].usage.is_empty(),
                },
            )
        };
        Some([
            shape(Side::Down, layout.down.as_ref()?),
            shape(Side::Up, layout.up.as_ref()?),
        ])
    }

    /// Makes changes and notes those that were made.
    pub(super) fn change(&mut self, side: Side, changes: &[Change]) -> Result<u64, ControlError> {
        if changes.is_empty() {
            return Ok(0);
        }
        let refused = self.kernel.apply(side, changes)?;
        let known = &mut self.direction(side).known;
        for (position, change) in changes.iter().enumerate() {
            if !refused.iter().any(|(refused, _)| *refused == position) {
                known.note(change);
            }
        }
        match refused.into_iter().next() {
            None => Ok(changes.len() as u64),
            Some((position, why)) => {
                self.look_closely = true;
                let change = &changes[position];
                Err(Refused::new(why.code, format!("{why}: {change:?}")).into())
            }
        }
    }

    /// Everybody's addresses and how long they count.
    fn wanted(&self, now: Moment) -> Option<Members> {
        let (desired, seats) = (self.desired.as_ref()?, self.seats.as_ref()?);
        let mut members = Members::new();
        for client in desired.clients() {
            let Some(slot) = seats.of(client.id).map(Slot::get) else {
                continue;
            };
            for address in &client.addresses {
                let until = address.expires_at;
                if until > now && !self.unbound.contains(&address.ip) {
                    members.insert(address.ip, Member { slot, until });
                }
            }
        }
        Some(members)
    }

    /// Tells the packet filter who belongs where; also its rules, when they are not there.
    fn admit(&mut self, wanted: &Members, now: Moment) -> Result<u64, ControlError> {
        let mut scripts = difference(&self.members, wanted, now);
        if self.rules_missing {
            scripts.insert(0, self.terms.rules.script());
        }
        for script in &scripts {
            if let Err(why) = self.kernel.order(script) {
                self.look_closely = true;
                return Err(why.into());
            }
        }
        self.rules_missing = false;
        if !scripts.is_empty() {
            self.members.clone_from(wanted);
        }
        Ok(scripts.len() as u64)
    }

    /// Throws our tree on one device away, so that the next steering makes it anew.
    pub(super) fn rebuild(&mut self, side: Side) -> Result<u64, ControlError> {
        let major = plan::major(side);
        if self.direction(side).known.rooted(major) {
            return self.change(side, &[remove_root(major)]);
        }
        Ok(0)
    }
}
