//! Segmentation offloads of a device: with them the kernel shapes bundles of 64 kB instead of packets,
//! and shares come out uneven.

use std::io;

use netlink_sys::protocols::NETLINK_GENERIC;

use super::channel::Channel;
use super::message::{Message, attribute, attributes, text, u16_at};
use crate::kernel::Refused;

const CONTROLLER: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

const GET_FEATURES: u8 = 11;
const SET_FEATURES: u8 = 12;
const HEADER: u16 = 1;
const WANTED: u16 = 3;
const ACTIVE: u16 = 4;
const DEVICE_NAME: u16 = 2;
const BITS: u16 = 3;
const BIT: u16 = 1;
const BIT_NAME: u16 = 2;
const BIT_VALUE: u16 = 3;
const FLAG_NO_REPLY: u32 = 2;
const FLAGS: u16 = 3;

/// Everything that bundles packets before the shaper sees them.
pub(crate) const BUNDLING: &[&str] = &[
    "tx-generic-segmentation",
    "tx-tcp-segmentation",
    "tx-tcp-ecn-segmentation",
    "tx-tcp-mangleid-segmentation",
    "tx-tcp6-segmentation",
    "tx-udp-segmentation",
    "rx-gro",
    "rx-lro",
    "rx-gro-hw",
];

/// Who forwards raw frames needs whole checksums too.
pub(crate) const CHECKSUMS: &[&str] = &[
    "tx-checksum-ip-generic",
    "tx-checksum-ipv4",
    "tx-checksum-ipv6",
    "tx-scatter-gather",
];

/// The features of network devices.
pub(crate) struct Offloads {
    channel: Channel,
    family: u16,
}

impl Offloads {
    pub(crate) fn open() -> Result<Self, Refused> {
        let mut channel = Channel::open(NETLINK_GENERIC)?;
        let question = generic(CONTROLLER, GET_FAMILY).text(FAMILY_NAME, "ethtool");
        let family = channel.ask(question, |body| u16_at(attribute(body.get(4..)?, FAMILY_ID)?, 0))?;
        let family = family.ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        Ok(Self { channel, family })
    }

    /// Which of these are on.
    pub(crate) fn active(&mut self, device: &str, names: &[&str]) -> Result<Vec<String>, Refused> {
        let question = header(generic(self.family, GET_FEATURES), device);
        let found = self.channel.ask(question, |body| {
            let bits = attribute(attribute(body.get(4..)?, ACTIVE)?, BITS)?;
            let each = attributes(bits).filter_map(|(_, bit)| attribute(bit, BIT_NAME).map(text));
            Some(each.filter(|name| names.contains(&name.as_str())).collect())
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Turns features on or off. One that the device has fixed is left as it is.
    pub(crate) fn set(&mut self, device: &str, names: &[&str], on: bool) -> Result<(), Refused> {
        let question = header(generic(self.family, SET_FEATURES), device).nested(WANTED, |wanted| {
            wanted.nested(BITS, |bits| {
                names.iter().fold(bits, |bits, name| {
                    bits.nested(BIT, |bit| {
                        let bit = bit.text(BIT_NAME, name);
                        if on { bit.bytes(BIT_VALUE, &[]) } else { bit }
                    })
                })
            })
        });
        self.channel.ask(question, |_| Some(())).map(drop)
    }
}

fn generic(family: u16, command: u8) -> Message {
    Message::new(family, 0, &[command, 1, 0, 0])
}

fn header(message: Message, device: &str) -> Message {
    message.nested(HEADER, |header| {
        header.text(DEVICE_NAME, device).number(FLAGS, FLAG_NO_REPLY)
    })
}
