//! Parameters of the token bucket as attributes. The layouts are those of `linux/pkt_sched.h`.

use super::message::{Message, attribute, u32_at, u64_at};
use crate::kernel::Htb;

const PARAMETERS: u16 = 1;
const INIT: u16 = 2;
const RATE64: u16 = 6;
const CEIL64: u16 = 7;

/// Rates are meant as they are: no table of cell sizes has to come along.
const LINK_ETHERNET: u8 = 1;
const VERSION: u32 = 3;
/// Only read for classes without a quantum; every class here has one.
const RATE_TO_QUANTUM: u32 = 10;

pub(super) fn write_root(message: Message, default: u16) -> Message {
    let mut global = [0; 20];
    global[0..4].copy_from_slice(&VERSION.to_ne_bytes());
    global[4..8].copy_from_slice(&RATE_TO_QUANTUM.to_ne_bytes());
    global[8..12].copy_from_slice(&u32::from(default).to_ne_bytes());
    message.bytes(INIT, &global)
}

pub(super) fn read_root(options: &[u8]) -> Option<u16> {
    let global = attribute(options, INIT)?;
    Some(u32_at(global, 8)? as u16)
}

pub(super) fn write_class(message: Message, htb: &Htb) -> Message {
    let mut parameters = Vec::with_capacity(44);
    for rate in [htb.rate, htb.ceil] {
        parameters.extend_from_slice(&[0, LINK_ETHERNET, 0, 0, 0, 0, 0, 0]);
        parameters.extend_from_slice(&narrow(rate).to_ne_bytes());
    }
    let level = 0;
    for number in [htb.burst, htb.ceil_burst, htb.quantum, level, htb.priority] {
        parameters.extend_from_slice(&number.to_ne_bytes());
    }
    let mut message = message.bytes(PARAMETERS, &parameters);
    for (kind, rate) in [(RATE64, htb.rate), (CEIL64, htb.ceil)] {
        if rate > u64::from(u32::MAX) {
            message = message.bytes(kind, &rate.to_ne_bytes());
        }
    }
    message
}

pub(super) fn read_class(options: &[u8]) -> Option<Htb> {
    let parameters = attribute(options, PARAMETERS)?;
    let rate = |at, wide| match attribute(options, wide) {
        Some(payload) => u64_at(payload, 0),
        None => u32_at(parameters, at).map(u64::from),
    };
    Some(Htb {
        rate: rate(8, RATE64)?,
        ceil: rate(20, CEIL64)?,
        burst: u32_at(parameters, 24)?,
        ceil_burst: u32_at(parameters, 28)?,
        quantum: u32_at(parameters, 32)?,
        priority: u32_at(parameters, 40)?,
    })
}

fn narrow(rate: u64) -> u32 {
    u32::try_from(rate).unwrap_or(u32::MAX)
}
