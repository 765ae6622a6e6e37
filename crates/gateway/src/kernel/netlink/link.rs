//! Devices and neighbours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::message::{Message, attribute, u16_at, u32_at, u64_at};
use crate::kernel::{Neighbour, Traffic};

const GET_LINK: u16 = 18;
const GET_NEIGHBOUR: u16 = 30;
const LINK_NAME: u16 = 3;
const LINK_STATISTICS: u16 = 23;
const DESTINATION: u16 = 1;
const HARDWARE: u16 = 2;

/// Entries the kernel does not trust: incomplete, failed, without resolution.
const UNUSABLE: u16 = 0x01 | 0x20 | 0x40;

pub(super) fn by_name(name: &str) -> Message {
    Message::new(GET_LINK, 0, &[0; 16]).text(LINK_NAME, name)
}

pub(super) fn by_index(device: u32) -> Message {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&device.to_ne_bytes());
    Message::new(GET_LINK, 0, &fixed)
}

pub(super) fn index(body: &[u8]) -> Option<u32> {
    u32_at(body, 4)
}

pub(super) fn links() -> Message {
    Message::new(GET_LINK, 0, &[0; 16])
}

pub(super) fn read_traffic(body: &[u8]) -> Option<Traffic> {
    let statistics = attribute(body.get(16..)?, LINK_STATISTICS)?;
    Some(Traffic {
        device: index(body)?,
        received: u64_at(statistics, 16)?,
        sent: u64_at(statistics, 24)?,
    })
}

pub(super) fn neighbours() -> Message {
    Message::new(GET_NEIGHBOUR, 0, &[0; 12])
}

pub(super) fn read_neighbour(body: &[u8]) -> Option<Neighbour> {
    if u16_at(body, 8)? & UNUSABLE != 0 {
        return None;
    }
    let rest = body.get(12..)?;
    let destination = attribute(rest, DESTINATION)?;
    let address = match destination.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(destination).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(destination).ok()?)),
        _ => return None,
    };
    Some(Neighbour {
        device: u32_at(body, 4)?,
        address,
        mac: attribute(rest, HARDWARE)?.try_into().ok()?,
    })
}
