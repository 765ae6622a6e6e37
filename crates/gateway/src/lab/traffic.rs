//! Senders and what they measure. All stop by themselves at their time.

mod echo;
mod fetch;
mod tcp;
mod udp;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

pub(crate) use echo::{Echo, Ping, Trip};
pub(crate) use fetch::{Fetch, serve_pages};
pub(crate) use tcp::{Congestion, Download, sink};
pub(crate) use udp::flood;

/// Bytes on the cable of a full packet.
pub(crate) const FULL: u64 = 1514;

/// When a sender begins and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Span {
    pub(crate) fn wait(self) {
        std::thread::sleep(self.from.saturating_duration_since(Instant::now()));
    }

    pub(crate) fn over(self) -> bool {
        Instant::now() >= self.until
    }

    pub(crate) fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Where something is sent.
pub(crate) type Target = (Ipv4Addr, u16);
