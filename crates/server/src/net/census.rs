//! How many connections each source has open.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::network::Network;
use super::source::Source;

/// Counts connections by source and turns away the ones above its cap. Trusted proxies are not
/// counted: behind one of them stand many people.
pub(super) struct Census {
    cap: usize,
    exempt: Vec<Network>,
    open: Arc<Open>,
}

/// Connections by [`Source::exact`].
#[derive(Default)]
struct Open(Mutex<HashMap<String, usize>>);

impl Open {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counted connection, until it is dropped.
pub(super) struct Seat(Option<(Arc<Open>, String)>);

impl Census {
    pub(super) fn new(cap: usize, exempt: Vec<Network>) -> Self {
        Self {
            cap,
            exempt,
            open: Arc::default(),
        }
    }

    /// Counts one more connection, unless its source has its share already.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Seat> {
        if self.exempt.iter().any(|network| network.contains(peer)) {
            return Some(Seat(None));
        }
        let source = Source::of_peer(peer).exact();
        let mut counts = self.open.counts();
        let count = counts.entry(source.clone()).or_default();
        if *count >= self.cap {
            return None;
        }
        *count += 1;
        Some(Seat(Some((Arc::clone(&self.open), source))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((open, source)) = self.0.take() else {
            return;
        };
        if let Entry::Occupied(mut count) = open.counts().entry(source) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t45_one_source_gets_its_share_and_no_more() {
        let census = Census::new(2, vec!["10.0.0.1".parse().unwrap()]);
        let admit = |ip: &str| census.admit(ip.parse().unwrap());
        let first = admit("192.0.2.1").unwrap();
        let _second = admit("::ffff:192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_none());
        assert!(admit("192.0.2.2").is_some());
        drop(first);
        assert!(admit("192.0.2.1").is_some());
    }

    #[test]
    fn t26_rotating_ipv6_addresses_does_not_multiply_the_share() {
        let census = Census::new(1, Vec::new());
        let _seat = census.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(census.admit("2001:db8::2".parse().unwrap()).is_none());
        assert!(census.admit("2001:db8:0:1::2".parse().unwrap()).is_some());
    }

    #[test]
    fn trusted_proxies_are_not_counted_and_empty_counts_are_forgotten() {
        let census = Census::new(1, vec!["10.0.0.0/8".parse().unwrap()]);
        let seats: Vec<_> = (0..3)
            .map(|_| census.admit("10.1.2.3".parse().unwrap()))
            .collect();
        assert!(seats.iter().all(Option::is_some));
        drop(census.admit("192.0.2.1".parse().unwrap()));
        assert!(census.open.counts().is_empty());
    }
}
