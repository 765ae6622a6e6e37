//! The modem at the far end of the link: one queue, as fast as the satellite lets it be.

use std::collections::VecDeque;

use super::event::{Nanos, Packet};
use crate::rate::BitsPerSecond;

#[derive(Debug)]
pub(super) struct Modem {
    most_bytes: u64,
    bytes: u64,
    queue: VecDeque<Packet>,
    busy: bool,
}

impl Modem {
    pub(super) const fn new(most_bytes: u64) -> Self {
        Self {
            most_bytes,
            bytes: 0,
            queue: VecDeque::new(),
            busy: false,
        }
    }

    /// The packet comes back when there is no room for it.
    pub(super) fn put(&mut self, packet: Packet) -> Result<(), Packet> {
        if self.bytes + u64::from(packet.bytes) > self.most_bytes {
            return Err(packet);
        }
        self.bytes += u64::from(packet.bytes);
        self.queue.push_back(packet);
        Ok(())
    }

    /// How long the next packet takes; `None` when one is on its way or none waits.
    pub(super) fn start(&mut self, rate: BitsPerSecond) -> Option<Nanos> {
        if self.busy {
            return None;
        }
        let packet = self.queue.front()?;
        self.busy = true;
        Some(super::event::wire_time(packet.bytes, rate))
    }

    /// The packet that was on its way.
    pub(super) fn finish(&mut self) -> Option<Packet> {
        self.busy = false;
        let packet = self.queue.pop_front()?;
        self.bytes -= u64::from(packet.bytes);
        Some(packet)
    }
}
