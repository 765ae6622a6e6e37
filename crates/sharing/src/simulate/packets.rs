//! Packet by packet: senders, half a round trip, the modem, the shaper, the client, half a round trip back.

mod bbr;
mod cubic;
mod event;
mod flow;
mod modem;
mod shaper;

use std::time::Duration;

use super::engine::{LinkLook, Meter, Setting};
use super::scenario::{Scenario, Traffic};
use crate::dice::SeededDice;
use crate::policy::Policy;
use event::{Agenda, Event, MILLI, Nanos, Packet, Purpose};
use flow::{FULL_BYTES, Flow, Sender};
use modem::Modem;
use shaper::{Shaper, Start};

/// An echo of the usual size, on the wire.
const PING_BYTES: u32 = 98;
/// What the queue of a router holds that does not divide.
const FIFO_PACKETS: usize = 1_000;

#[derive(Debug)]
pub(super) struct Packets<'a> {
    scenario: &'a Scenario,
    half: Nanos,
    clients: usize,
    agenda: Agenda,
    modem: Option<Modem>,
    shaper: Shaper,
    flows: Vec<Flow>,
    pinged: usize,
    dice: SeededDice,
    meters: Vec<Meter>,
    look: LinkLook,
}

impl<'a> Packets<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64, setting: &Setting) -> Self {
        let fifo = (scenario.scheme == Policy::Fifo).then_some(FIFO_PACKETS);
        let clients = scenario.count();
        let flows = flows(scenario, seed);
        let mut agenda = Agenda::default();
        agenda.put(0, Event::Pings);
        for (place, flow) in flows.iter().enumerate() {
            agenda.put(flow.from, Event::Wake { flow: place });
        }
        Self {
            scenario,
            half: u64::from(scenario.link.capacity.rtt_ms()) * MILLI / 2,
            clients,
            agenda,
            modem: scenario.link.modem_bytes.map(Modem::new),
            shaper: Shaper::new(setting, fifo),
            flows,
            pinged: 0,
            dice: SeededDice::child(seed, u64::MAX),
            meters: vec![Meter::default(); clients],
            look: LinkLook::default(),
        }
    }

    pub(super) fn set(&mut self, setting: &Setting) {
        self.shaper.set(setting);
    }

    pub(super) fn play(&mut self, ms: u64, meters: &mut [Meter]) -> LinkLook {
        while let Some((now, event)) = self.agenda.next_until(ms * MILLI) {
            self.happen(now, event);
        }
        for (client, (seen, meter)) in self.meters.iter_mut().zip(meters).enumerate() {
            meter.bytes += std::mem::take(&mut seen.bytes);
            meter.drops += std::mem::take(&mut seen.drops);
            meter.added_us.append(&mut seen.added_us);
            meter.backlog_bytes = self.shaper.backlog(client);
        }
        let look = self.look;
        self.look.bytes = 0;
        look
    }

    fn happen(&mut self, now: Nanos, event: Event) {
        match event {
            Event::AtModem(packet) => self.at_modem(now, packet),
            Event::ModemDone => {
                let packet = self.modem.as_mut().and_then(Modem::finish);
                if let Some(packet) = packet {
                    self.leave_link(now, packet);
                }
                self.start_modem(now);
            }
            Event::AtShaper(packet) => self.at_shaper(now, packet),
            Event::ShaperDone => {
                if let Some(packet) = self.shaper.finish() {
                    self.arrive(now, packet);
                }
                self.start_shaper(now);
            }
            Event::ShaperWake => self.start_shaper(now),
            Event::Acked(packet) => self.acked(now, packet),
            Event::Lost(packet) => self.lost(now, packet),
            Event::Wake { flow } => self.wake(now, flow),
            Event::Pings => self.ping(now),
        }
    }

    /// About every 50 ms the gateway pings, and so do the clients: all of them if they are few, else in
    /// turns. In step with a regular sender, pings would always find the queue just full, or never.
    fn ping(&mut self, now: Nanos) {
        self.send(now, 0, Purpose::Probe, PING_BYTES);
        for _ in 0..self.clients.min(10) {
            let at = now + self.dice.below(40 * MILLI);
            self.send(at, self.pinged, Purpose::Ping, PING_BYTES);
            self.pinged = (self.pinged + 1) % self.clients;
        }
        let pause = 40 * MILLI + self.dice.below(20 * MILLI);
        self.agenda.put(now + pause, Event::Pings);
    }

    fn send(&mut self, now: Nanos, client: usize, purpose: Purpose, bytes: u32) {
        let (life, delivered) = match purpose {
            Purpose::Data { flow } => {
                let flow = &mut self.flows[flow];
                flow.on_way += 1;
                let delivered = match &flow.sender {
                    Sender::Bbr(bbr) => bbr.delivered(),
                    Sender::Cubic(_) | Sender::Constant { .. } => 0,
                };
                (flow.life, delivered)
            }
            Purpose::Ping | Purpose::Probe => (0, 0),
        };
        let packet = Packet {
            client,
            purpose,
            bytes,
            sent: now,
            life,
            delivered,
        };
        self.agenda.put(now + self.half, Event::AtModem(packet));
    }

    fn at_modem(&mut self, now: Nanos, packet: Packet) {
        let Some(modem) = &mut self.modem else {
            self.leave_link(now, packet);
            return;
        };
        if let Err(packet) = modem.put(packet) {
            self.drop(now, packet);
        }
        self.start_modem(now);
    }

    fn start_modem(&mut self, now: Nanos) {
        let rate = self.scenario.carries(now / MILLI);
        if let Some(time) = self.modem.as_mut().and_then(|modem| modem.start(rate)) {
            self.agenda.put(now + time, Event::ModemDone);
        }
    }

    fn leave_link(&mut self, now: Nanos, packet: Packet) {
        let spike = u64::from(self.scenario.spike_ms(now / MILLI)) * MILLI;
        if spike == 0 {
            self.at_shaper(now, packet);
        } else {
            self.agenda.put(now + spike, Event::AtShaper(packet));
        }
    }

    fn at_shaper(&mut self, now: Nanos, packet: Packet) {
        if packet.purpose == Purpose::Probe {
            self.look.added = Some(Duration::from_nanos(now - packet.sent - self.half));
            return;
        }
        if let Err(packet) = self.shaper.put(packet) {
            self.drop(now, packet);
        }
        self.start_shaper(now);
    }

    fn start_shaper(&mut self, now: Nanos) {
        match self.shaper.start(now) {
            Start::Sending(time) => self.agenda.put(now + time, Event::ShaperDone),
            Start::Later(time) => self.agenda.put(now + time, Event::ShaperWake),
            Start::Busy | Start::Idle => {}
        }
    }

    /// At the client.
    fn arrive(&mut self, now: Nanos, packet: Packet) {
        self.look.bytes += u64::from(packet.bytes);
        let meter = &mut self.meters[packet.client];
        match packet.purpose {
            Purpose::Data { .. } => {
                meter.bytes += u64::from(packet.bytes);
                self.agenda.put(now + self.half, Event::Acked(packet));
            }
            Purpose::Ping => {
                let added = (now - packet.sent).saturating_sub(self.half) / 1_000;
                meter.added_us.push(u32::try_from(added).unwrap_or(u32::MAX));
            }
            Purpose::Probe => {}
        }
    }

    /// The sender learns of it as soon as the packets behind are acknowledged.
    fn drop(&mut self, now: Nanos, packet: Packet) {
        self.meters[packet.client].drops += 1;
        if matches!(packet.purpose, Purpose::Data { .. }) {
            self.agenda.put(now + self.half, Event::Lost(packet));
        }
    }

    /// The transfer a packet was of, which has one less under way; none when it has begun anew since.
    fn come_off_the_way(&mut self, packet: &Packet) -> Option<usize> {
        let Purpose::Data { flow: place } = packet.purpose else {
            return None;
        };
        let flow = &mut self.flows[place];
        if flow.life != packet.life {
            return None;
        }
        flow.on_way -= 1;
        Some(place)
    }

    fn acked(&mut self, now: Nanos, packet: Packet) {
        let Some(place) = self.come_off_the_way(&packet) else {
            return;
        };
        let flow = &mut self.flows[place];
        let on_way_bytes = flow.on_way * u64::from(FULL_BYTES);
        match &mut flow.sender {
            Sender::Cubic(cubic) => cubic.acked(now, now - packet.sent),
            Sender::Bbr(bbr) => bbr.acked(now, packet.sent, packet.delivered, packet.bytes, on_way_bytes),
            Sender::Constant { .. } => {}
        }
        self.go_on(now, place);
    }

    fn lost(&mut self, now: Nanos, packet: Packet) {
        let Some(place) = self.come_off_the_way(&packet) else {
            return;
        };
        let flow = &mut self.flows[place];
        if let Some(left) = &mut flow.left {
            *left += 1;
        }
        if let Sender::Cubic(cubic) = &mut flow.sender {
            cubic.lost(now, now - packet.sent);
        }
        self.go_on(now, place);
    }

    fn wake(&mut self, now: Nanos, place: usize) {
        let flow = &mut self.flows[place];
        if flow.awake_at == Some(now) {
            flow.awake_at = None;
        }
        self.go_on(now, place);
    }

    /// Sends what may be sent, and sees to it that somebody wakes the flow for the rest.
    fn go_on(&mut self, now: Nanos, place: usize) {
        let flow = &mut self.flows[place];
        if flow.is_over(now) {
            return;
        }
        if flow.is_done() {
            flow.next_send = flow.renew(now);
        }
        while self.flows[place].left != Some(0) {
            let flow = &mut self.flows[place];
            if now < flow.next_send {
                self.wake_at(place);
                return;
            }
            if !flow.may_send() {
                return;
            }
            flow.count_sent(now);
            let client = flow.client;
            self.send(now, client, Purpose::Data { flow: place }, FULL_BYTES);
        }
    }

    fn wake_at(&mut self, place: usize) {
        let flow = &mut self.flows[place];
        if flow.awake_at.is_none_or(|at| at > flow.next_send) {
            flow.awake_at = Some(flow.next_send);
            self.agenda.put(flow.next_send, Event::Wake { flow: place });
        }
    }
}

fn flows(scenario: &Scenario, seed: u64) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (client, (_, _, group)) in scenario.each_client().enumerate() {
        for source in &group.sources {
            let count = match source.traffic {
                Traffic::Cubic { flows } | Traffic::Bbr { flows } => flows,
                Traffic::Cbr { .. } | Traffic::Web { .. } | Traffic::Dash { .. } => 1,
            };
            let to = source.to_ms.map_or(Nanos::MAX, |ms| ms.saturating_mul(MILLI));
            for _ in 0..count {
                let dice = SeededDice::child(seed, flows.len() as u64);
                let from = source.from_ms.saturating_mul(MILLI);
                flows.push(Flow::new(client, source.traffic, from, to, dice));
            }
        }
    }
    flows
}
