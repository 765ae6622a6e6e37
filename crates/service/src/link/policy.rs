//! What the operator has decided about the link.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use usher_sharing::plan::Plan;
use usher_sharing::wire::Link;

/// The link, and what everybody may count on.
#[derive(Clone, Debug)]
pub struct LinkPolicy {
    /// The link as the gateway is told.
    pub link: Link,
    /// What an account may count on that has no plan of its own.
    pub plan: Plan,
    /// Bytes a day before others come first; `None`: without end.
    pub quota_bytes: Option<u64>,
    /// The networks its clients are in.
    pub networks: Vec<IpNet>,
    /// Whether a device must be known by its hardware address.
    pub require_mac: bool,
    /// A device that has used nothing for so long loses its share until it asks again.
    pub idle: Duration,
    /// How long reports are kept.
    pub keep: Duration,
}

impl LinkPolicy {
    /// Whether an address is one of a client of the link.
    pub fn serves(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&ip))
    }
}
