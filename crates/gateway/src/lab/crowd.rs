//! Thousands of clients in one namespace: all their addresses lead there.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, recvfrom, setsockopt, socket, sockopt::RcvBuf,
};

use super::topology::{LAN, Topology};

/// Ethernet, then the destination of the IPv4 header.
const DESTINATION: std::ops::Range<usize> = 14 + 16..14 + 20;
const PROTOCOL: usize = 14 + 9;
const UDP: u8 = 17;
const OUTGOING: u8 = 4;

/// Server, gateway, and one namespace with every address of 10.77.0.0/16.
pub(crate) fn build() -> Result<Topology> {
    let topology = Topology::build(1, None)?;
    topology.gateway.ip(&format!(
        "addr flush dev {LAN}\naddr add 10.76.0.1/24 dev {LAN}\nroute add 10.77.0.0/16 via 10.76.0.2\n"
    ))?;
    let client = &topology.clients[0];
    client.ip(
        "addr flush dev lan\naddr add 10.76.0.2/24 dev lan\nroute add default via 10.76.0.1\n\
         route add local 10.77.0.0/16 dev lo\n",
    )?;
    client.set(&[("ipv4/icmp_ratelimit", "0"), ("ipv4/conf/all/rp_filter", "0")])?;
    Ok(topology)
}

/// Counts the bytes of UDP that arrive for each address in this thread's namespace.
pub(crate) fn count(from: Instant, until: Instant) -> Result<BTreeMap<[u8; 4], u64>> {
    let flags = SockFlag::SOCK_NONBLOCK;
    let socket =
        socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll).context("frames")?;
    setsockopt(&socket, RcvBuf, &(8 << 20))?;
    let (mut counted, mut frame) = (BTreeMap::new(), [0; 2048]);
    loop {
        let (length, sender) = match recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut frame) {
            Ok(received) => received,
            Err(nix::Error::EAGAIN) => {
                if Instant::now() >= until {
                    return Ok(counted);
                }
                thread::sleep(Duration::from_micros(500));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let now = Instant::now();
        let arrived = sender.is_some_and(|sender| sender.pkttype() != OUTGOING);
        if now >= until {
            return Ok(counted);
        }
        if arrived && now >= from && frame[PROTOCOL] == UDP {
            let address: [u8; 4] = std::array::from_fn(|at| frame[DESTINATION.start + at]);
            *counted.entry(address).or_default() += length as u64;
        }
    }
}
