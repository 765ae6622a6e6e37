//! How things are, for the server.

use std::time::Duration;

use usher_sharing::allocate::Claim;
use usher_sharing::demand::Demand;
use usher_sharing::fairness::{Circumstances, Got, fairness, reason};
use usher_sharing::id::Mac;
use usher_sharing::layout::Seats;
use usher_sharing::link::Side;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{
    Client, ClientReport, Desired, Health, Latency, Neighbour, SideReport, Telemetry, Use,
};

use super::usage::Usage;
use super::{ControlError, Controller, SIDES};
use crate::kernel::Kernel;
use crate::shape::{Queue, TRICKLE};

impl<K: Kernel> Controller<K> {
    /// What happened since the report before, `span` ago; `None` while nothing is in force.
    pub(crate) fn report(&mut self, now: Moment, span: Duration, health: Health) -> Option<Telemetry> {
        let desired = self.desired.as_ref()?;
        let mut clients: Vec<ClientReport> = desired
            .clients()
            .iter()
            .filter_map(|client| self.client(desired, client, span))
            .collect();
        let active = clients.len() as u32;
        clients.sort_by_key(|client| std::cmp::Reverse(client.down.used));
        let telemetry = Telemetry {
            at: now,
            span_ms: u32::try_from(span.as_millis()).unwrap_or(u32::MAX),
            generation: desired.generation(),
            tier: self.terms.tier,
            scenario: None,
            down: self.side(Side::Down, now, span)?,
            up: self.side(Side::Up, now, span),
            signed_in: desired.clients().len() as u32,
            active,
            clients,
            decisions: self.decisions.clone(),
            health,
        };
        self.decisions.clear();
        for side in SIDES {
            let direction = self.direction(side);
            direction.usage.values_mut().for_each(Usage::reported);
            direction.delays.clear();
        }
        Some(telemetry)
    }

    /// Who answers at which address of our networks.
    pub(crate) fn neighbours(&mut self) -> Result<Vec<Neighbour>, ControlError> {
        let found = self.kernel.neighbours()?;
        let networks = &self.terms.networks;
        let served = found.into_iter().filter(|neighbour| {
            networks
                .iter()
                .any(|network| network.contains(&neighbour.address))
        });
        let neighbour = |neighbour: crate::kernel::Neighbour| Neighbour {
            ip: neighbour.address,
            mac: Mac::from_bytes(neighbour.mac),
        };
        Ok(served.map(neighbour).collect())
    }

    fn usage(&self, side: Side, slot: u16) -> Option<&Usage> {
        self.directions[side as usize].usage.get(&slot)
    }

    fn client(&self, desired: &Desired, client: &Client, span: Duration) -> Option<ClientReport> {
        let slot = self.seats.as_ref()?.of(client.id)?.get();
        let (down, up) = (self.usage(Side::Down, slot)?, self.usage(Side::Up, slot));
        if !down.is_active() && !up.is_some_and(Usage::is_active) {
            return None;
        }
        let plan = client.effective_plan();
        let claim = Claim::new(plan.weight, plan.down, down.demand);
        let circumstances = Circumstances {
            estimate: self.told(desired, Side::Down).estimate,
            rated: desired.link().down.rated(),
            demoted: client.demoted,
            active: down.is_active(),
        };
        Some(ClientReport {
            id: client.id,
            label: client.label.clone(),
            plan,
            demoted: client.demoted,
            down: self.of(Side::Down, slot, down, span),
            up: up.map(|up| self.of(Side::Up, slot, up, span)),
            latency: None,
            scores: None,
            reason: reason(&claim, plan.down.cap(), down.share, circumstances),
        })
    }

    fn of(&self, side: Side, slot: u16, usage: &Usage, span: Duration) -> Use {
        let shape = self.directions[side as usize].shape.as_ref();
        let limit = shape
            .and_then(|shape| shape.leaves.get(&slot))
            .map_or(0, |leaf| match leaf.queue {
                Queue::Plain { limit } | Queue::Nested { limit } => limit,
                Queue::Packets { .. } | Queue::FqCodel { .. } | Queue::Cake => 0,
            });
        Use {
            demand: usage.demand.known(),
            allocation: usage.share,
            used: BitsPerSecond::of(usage.bytes, span),
            drops: usage.drops,
            queue_limit_bytes: u64::from(limit),
        }
    }

    fn side(&self, side: Side, now: Moment, span: Duration) -> Option<SideReport> {
        let direction = &self.directions[side as usize];
        let capacity = direction.tracker.as_ref()?.report(now);
        let all = direction.usage.values();
        let bytes: u64 = all.clone().map(|usage| usage.bytes).sum();
        let taken = self.seats.iter().flat_map(Seats::taken);
        let got = taken.filter_map(|(id, slot)| {
            let usage = direction.usage.get(&slot.get())?;
            let wants = usage.is_active() && usage.demand == Demand::Backlogged;
            wants.then(|| Got {
                id,
                used: BitsPerSecond::of(usage.bytes, span),
                fair: usage.share,
            })
        });
        Some(SideReport {
            capacity,
            used: BitsPerSecond::of(bytes, span),
            trickle_used: direction
                .usage
                .get(&TRICKLE)
                .map_or(BitsPerSecond::ZERO, |usage| BitsPerSecond::of(usage.bytes, span)),
            allocated: BitsPerSecond::saturating(all.clone().map(|usage| usage.share.get()).sum()),
            drops: all.map(|usage| usage.drops).sum(),
            latency: Latency::of(direction.delays.clone()),
            fairness: fairness(got),
        })
    }
}
