//! What the two ways of playing have in common.

use std::time::Duration;

use super::fluid::Fluid;
use super::packets::Packets;
use super::scenario::{Engine, Scenario};
use crate::layout::Class;
use crate::rate::BitsPerSecond;

/// How the shaper is set: its root and one leaf for each client, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) root: BitsPerSecond,
    pub(super) classes: Vec<Class>,
}

/// What was seen of a client since it was last looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    pub(super) bytes: u64,
    pub(super) drops: u64,
    pub(super) backlog_bytes: u64,
    /// Added delays, in microseconds.
    pub(super) added_us: Vec<u32>,
}

/// What was seen of the link since it was last looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkLook {
    /// Everything that left the shaper.
    pub(super) bytes: u64,
    /// The last answer to the gateway's own ping, above the empty link's.
    pub(super) added: Option<Duration>,
}

/// A way to play.
#[derive(Debug)]
pub(super) enum Player<'a> {
    Packets(Box<Packets<'a>>),
    Fluid(Box<Fluid<'a>>),
}

impl<'a> Player<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64, setting: &Setting) -> Self {
        match scenario.engine {
            Engine::Packet => Self::Packets(Box::new(Packets::new(scenario, seed, setting))),
            Engine::Fluid => Self::Fluid(Box::new(Fluid::new(scenario, seed, setting))),
        }
    }

    pub(super) fn set(&mut self, setting: &Setting) {
        match self {
            Self::Packets(packets) => packets.set(setting),
            Self::Fluid(fluid) => fluid.set(setting),
        }
    }

    /// Plays on until `ms` since the start and notes what happened.
    pub(super) fn play(&mut self, ms: u64, meters: &mut [Meter]) -> LinkLook {
        match self {
            Self::Packets(packets) => packets.play(ms, meters),
            Self::Fluid(fluid) => fluid.play(ms, meters),
        }
    }
}
