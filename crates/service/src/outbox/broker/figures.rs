//! What passed between this program and the broker, for the metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counted since the start.
#[derive(Debug, Default)]
pub struct BrokerFigures {
    relay_is_up: AtomicBool,
    consumer_is_up: AtomicBool,
    pub(super) published: Count,
    pub(super) confirmed: Count,
    pub(super) returned: Count,
    pub(super) refused: Count,
    pub(super) consumed: Count,
    pub(super) redelivered: Count,
    pub(super) dead_lettered: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }
}

impl BrokerFigures {
    /// Whether ids of new mails are published.
    pub fn relay_is_up(&self) -> bool {
        self.relay_is_up.load(Ordering::Relaxed)
    }

    /// Whether ids of mails to send are received.
    pub fn consumer_is_up(&self) -> bool {
        self.consumer_is_up.load(Ordering::Relaxed)
    }

    /// Each count by its name.
    pub fn counts(&self) -> [(&'static str, u64); 7] {
        let read = |count: &Count| count.0.load(Ordering::Relaxed);
        [
            ("published", read(&self.published)),
            ("confirmed", read(&self.confirmed)),
            ("returned", read(&self.returned)),
            ("refused", read(&self.refused)),
            ("consumed", read(&self.consumed)),
            ("redelivered", read(&self.redelivered)),
            ("dead_lettered", read(&self.dead_lettered)),
        ]
    }

    pub(super) fn set_relay(&self, up: bool) {
        self.relay_is_up.store(up, Ordering::Relaxed);
    }

    pub(super) fn set_consumer(&self, up: bool) {
        self.consumer_is_up.store(up, Ordering::Relaxed);
    }
}
