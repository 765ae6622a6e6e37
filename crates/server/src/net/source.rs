//! Where a request comes from: the one place that decides whether a header may say so.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::{Ipv4Net, Ipv6Net};

use super::network::Network;

const FORWARDED: &str = "x-forwarded-for";

/// The address of a client, as limits and the same-source rule count it. It is the peer of the
/// connection, unless that is a trusted proxy: then it is the last address in `X-Forwarded-For` that
/// is not a trusted proxy too. What a client writes there itself stands further left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The source of a request that came from `peer` with these headers.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
        let mut source = peer.to_canonical();
        let lines = headers.get_all(FORWARDED).iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while is_trusted(source) {
            match hops.next().and_then(address) {
                Some(ip) => source = ip,
                None => break,
            }
        }
        Self(source)
    }

    /// The source of a bare connection.
    pub fn of_peer(peer: IpAddr) -> Self {
        Self(peer.to_canonical())
    }

    /// The whole address.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// One subscriber: an IPv4 address, or the /64 an IPv6 host chooses its addresses from.
    pub fn exact(self) -> String {
        match self.0 {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => prefix(ip),
        }
    }

    /// One neighbourhood: an IPv4 /24, or an IPv6 /64.
    pub fn bucket(self) -> String {
        match self.0 {
            IpAddr::V4(ip) => Ipv4Net::new_assert(ip, 24).trunc().to_string(),
            IpAddr::V6(ip) => prefix(ip),
        }
    }
}

fn prefix(ip: Ipv6Addr) -> String {
    Ipv6Net::new_assert(ip, 64).trunc().to_string()
}

/// One entry of the header. Some proxies add the port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let ip = bare
        .parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    ip.ok().map(|ip: IpAddr| ip.to_canonical())
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn source(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        Source::of(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn t26_only_a_trusted_proxy_is_believed() {
        assert_eq!(source("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(source("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn t26_what_the_client_wrote_left_of_the_proxys_entry_is_ignored() {
        assert_eq!(
            source("10.0.0.1", &["1.1.1.1, 2.2.2.2, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            source("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(source("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(source("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn entries_with_ports_brackets_and_mapped_addresses_are_read() {
        assert_eq!(source("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(source("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(
            source("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]),
            "198.51.100.1"
        );
    }

    #[test]
    fn t26_neighbouring_ipv6_addresses_are_one_source() {
        let source = |text: &str| Source::of_peer(text.parse().unwrap());
        assert_eq!(
            source("2001:db8::1").exact(),
            source("2001:db8::ffff:1:2:3").exact()
        );
        assert_ne!(source("2001:db8::1").exact(), source("2001:db8:0:1::1").exact());
        assert_eq!(source("2001:db8::1").bucket(), "2001:db8::/64");
        assert_eq!(source("192.0.2.7").exact(), "192.0.2.7");
        assert_eq!(source("192.0.2.7").bucket(), "192.0.2.0/24");
        assert_eq!(source("::ffff:192.0.2.7").bucket(), "192.0.2.0/24");
        assert_eq!(source("2001:db8::1").to_string(), "2001:db8::1");
    }

    fn any_ip() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u8; 16]>().prop_map(IpAddr::from)
        ]
    }

    fn any_entry() -> impl Strategy<Value = String> {
        prop_oneof![
            any_ip().prop_map(|ip| ip.to_string()),
            "10\\.0\\.0\\.[0-9]",
            "[ -~]{0,20}"
        ]
    }

    fn forwarded(lines: &[String]) -> HeaderMap {
        let name = HeaderName::from_static(FORWARDED);
        lines
            .iter()
            .filter_map(|line| Some((name.clone(), HeaderValue::from_str(line).ok()?)))
            .collect()
    }

    proptest! {
        #[test]
        fn t26_an_untrusted_peer_never_influences_its_source(
            peer in any_ip(),
            lines in prop::collection::vec(any_entry(), 0..4),
        ) {
            let trusted: [Network; 1] = ["10.0.0.0/8".parse().unwrap()];
            prop_assume!(!trusted[0].contains(peer));
            let source = Source::of(peer, &forwarded(&lines), &trusted);
            prop_assert_eq!(source, Source::of_peer(peer));
        }

        #[test]
        fn t26_behind_a_proxy_the_clients_own_entries_change_nothing(
            client in any_ip(),
            lines in prop::collection::vec(any_entry(), 0..4),
        ) {
            let trusted: [Network; 1] = ["10.0.0.0/8".parse().unwrap()];
            prop_assume!(!trusted[0].contains(client));
            let mut headers = forwarded(&lines);
            headers.append(FORWARDED, HeaderValue::from_str(&client.to_string()).unwrap());
            let source = Source::of("10.0.0.1".parse().unwrap(), &headers, &trusted);
            prop_assert_eq!(source, Source::of_peer(client));
        }
    }
}
