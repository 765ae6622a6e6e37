//! The order of events on the virtual clock.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::rate::BitsPerSecond;

/// Nanoseconds since the start: a packet on a fast link takes only a few thousand.
pub(super) type Nanos = u64;

pub(super) const MILLI: Nanos = 1_000_000;

/// How long so many bytes take at a rate.
pub(super) fn wire_time(bytes: u32, rate: BitsPerSecond) -> Nanos {
    u64::from(bytes) * 8_000_000_000 / rate.get().max(1)
}

/// Why a packet was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Part of what a flow carries.
    Data { flow: usize },
    /// A client's ping, to see what it waits.
    Ping,
    /// The gateway's own ping, which ends before the shaper.
    Probe,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) client: usize,
    pub(super) purpose: Purpose,
    pub(super) bytes: u32,
    pub(super) sent: Nanos,
    /// Which life of the flow sent it: a page that was given up does not count for the next.
    pub(super) life: u32,
    /// What the flow had delivered when it was sent, for senders that watch their rate.
    pub(super) delivered: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    AtModem(Packet),
    ModemDone,
    AtShaper(Packet),
    ShaperDone,
    ShaperWake,
    Acked(Packet),
    Lost(Packet),
    Wake { flow: usize },
    Pings,
}

#[derive(Debug)]
struct Timed {
    at: Nanos,
    number: u64,
    event: Event,
}

/// Events in the order of their times, and of their making where times are equal.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Timed>>,
    made: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Nanos, event: Event) {
        let number = self.made;
        self.made += 1;
        self.heap.push(Reverse(Timed { at, number, event }));
    }

    pub(super) fn next_until(&mut self, end: Nanos) -> Option<(Nanos, Event)> {
        if self.heap.peek()?.0.at > end {
            return None;
        }
        let Reverse(timed) = self.heap.pop()?;
        Some((timed.at, timed.event))
    }
}

impl Ord for Timed {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timed {}
