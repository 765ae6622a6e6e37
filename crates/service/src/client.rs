//! Who is asking, as far as the network tells.

use std::net::IpAddr;

/// The other end of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The other end of the connection itself, when no trusted proxy stands between.
    pub peer: Option<IpAddr>,
    /// Its address, for the owner's list of sessions.
    pub ip: String,
    /// What counts as the same place: an IPv4 address, an IPv6 /64.
    pub source: String,
    /// What shares a budget: an IPv4 /24, an IPv6 /64.
    pub bucket: String,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The known-device cookie it showed.
    pub device: Option<String>,
}
