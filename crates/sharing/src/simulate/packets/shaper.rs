//! The shaper of the gateway, as the kernel's HTB works: leaves within their own rate go first, then
//! leaves within their ceiling borrow, both in turns of a quantum; nothing exceeds the root.

use std::collections::VecDeque;

use super::event::{Nanos, Packet, wire_time};
use crate::layout::Class;
use crate::rate::BitsPerSecond;
use crate::simulate::engine::Setting;

#[derive(Debug)]
pub(super) struct Shaper {
    root: BitsPerSecond,
    leaves: Vec<Leaf>,
    /// Whose turn it is, within the own rate and when borrowing.
    turn: [usize; 2],
    sending: Option<Packet>,
    /// One queue for all instead: the order of arrival, bounded in packets.
    fifo: Option<(usize, VecDeque<Packet>)>,
}

#[derive(Debug)]
struct Leaf {
    class: Class,
    queue: VecDeque<Packet>,
    bytes: u64,
    own: Bucket,
    ceil: Bucket,
    deficit: [i64; 2],
}

/// Tokens in bytes. It may go below nothing by a packet, as in the kernel.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Nanos,
}

/// A bucket holds two packets and a few milliseconds at its rate.
const BURST_BYTES: f64 = 3_028.0;

impl Bucket {
    const fn new() -> Self {
        Self {
            tokens: BURST_BYTES,
            filled: 0,
        }
    }

    fn fill(&mut self, now: Nanos, rate: BitsPerSecond) {
        let per_nano = rate.get() as f64 / 8e9;
        let most = BURST_BYTES + per_nano * 4e6;
        self.tokens = (self.tokens + (now - self.filled) as f64 * per_nano).min(most);
        self.filled = now;
    }

    fn ready_in(&self, rate: BitsPerSecond) -> Nanos {
        let missing = (-self.tokens).max(0.0);
        (missing * 8e9 / rate.get().max(1) as f64) as Nanos + 1
    }
}

const OWN: usize = 0;
const BORROWED: usize = 1;

impl Shaper {
    pub(super) fn new(setting: &Setting, fifo_packets: Option<usize>) -> Self {
        let leaf = |class: &Class| Leaf {
            class: *class,
            queue: VecDeque::new(),
            bytes: 0,
            own: Bucket::new(),
            ceil: Bucket::new(),
            deficit: [i64::from(class.quantum_bytes); 2],
        };
        Self {
            root: setting.root,
            leaves: setting.classes.iter().map(leaf).collect(),
            turn: [0; 2],
            sending: None,
            fifo: fifo_packets.map(|most| (most, VecDeque::new())),
        }
    }

    pub(super) fn set(&mut self, setting: &Setting) {
        self.root = setting.root;
        for (leaf, class) in self.leaves.iter_mut().zip(&setting.classes) {
            leaf.class = *class;
        }
    }

    pub(super) fn backlog(&self, client: usize) -> u64 {
        match &self.fifo {
            Some((_, queue)) => {
                let own = queue.iter().filter(|packet| packet.client == client);
                own.map(|packet| u64::from(packet.bytes)).sum()
            }
            None => self.leaves[client].bytes,
        }
    }

    /// The packet comes back when there is no room for it.
    pub(super) fn put(&mut self, packet: Packet) -> Result<(), Packet> {
        if let Some((most, queue)) = &mut self.fifo {
            if queue.len() >= *most {
                return Err(packet);
            }
            queue.push_back(packet);
            return Ok(());
        }
        let leaf = &mut self.leaves[packet.client];
        if leaf.bytes + u64::from(packet.bytes) > leaf.class.limit_bytes {
            return Err(packet);
        }
        leaf.bytes += u64::from(packet.bytes);
        leaf.queue.push_back(packet);
        Ok(())
    }

    /// Begins with the next packet: how long it takes, or how long until one may be sent.
    pub(super) fn start(&mut self, now: Nanos) -> Start {
        if self.sending.is_some() {
            return Start::Busy;
        }
        let packet = match &mut self.fifo {
            Some((_, queue)) => queue.pop_front(),
            None => self.pick(now),
        };
        let Some(packet) = packet else {
            return self.wake();
        };
        self.sending = Some(packet);
        Start::Sending(wire_time(packet.bytes, self.root))
    }

    pub(super) const fn finish(&mut self) -> Option<Packet> {
        self.sending.take()
    }

    fn pick(&mut self, now: Nanos) -> Option<Packet> {
        for leaf in &mut self.leaves {
            leaf.own.fill(now, leaf.class.rate);
            leaf.ceil.fill(now, leaf.class.ceil);
        }
        let place = [OWN, BORROWED].into_iter().find_map(|level| {
            let count = self.leaves.len();
            let mut places = (0..count).map(|step| (self.turn[level] + step) % count);
            let place = places.find(|place| self.leaves[*place].may(level))?;
            Some((level, place))
        });
        let (level, place) = place?;
        let leaf = &mut self.leaves[place];
        let packet = leaf.queue.pop_front()?;
        leaf.bytes -= u64::from(packet.bytes);
        let bytes = f64::from(packet.bytes);
        leaf.ceil.tokens -= bytes;
        if level == OWN {
            leaf.own.tokens -= bytes;
        }
        leaf.deficit[level] -= i64::from(packet.bytes);
        self.turn[level] = place;
        if leaf.deficit[level] < 0 {
            leaf.deficit[level] += i64::from(leaf.class.quantum_bytes);
            self.turn[level] = (place + 1) % self.leaves.len();
        }
        Some(packet)
    }

    /// When the first leaf that waits for its ceiling may go on.
    fn wake(&self) -> Start {
        let waiting = self.leaves.iter().filter(|leaf| !leaf.queue.is_empty());
        let first = waiting.map(|leaf| leaf.ceil.ready_in(leaf.class.ceil)).min();
        first.map_or(Start::Idle, Start::Later)
    }
}

/// What becomes of the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// One is on its way already.
    Busy,
    /// None waits.
    Idle,
    /// It is on its way for so long.
    Sending(Nanos),
    /// None may be sent before so long.
    Later(Nanos),
}

impl Leaf {
    fn may(&self, level: usize) -> bool {
        let within = self.ceil.tokens >= 0.0 && (level == BORROWED || self.own.tokens >= 0.0);
        within && !self.queue.is_empty()
    }
}
