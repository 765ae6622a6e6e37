//! What is played through: a link, clients and what they do, as data.

mod check;

pub use check::ScenarioError;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, Label};
use crate::link::{Capacity, ScheduleStep};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::rate::BitsPerSecond;
use crate::wire::{Address, Client, Desired, DesiredError, Link, MAX_CLIENTS};

/// A scenario. Everything but the link and the clients has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What people call it.
    pub name: Label,
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: String,
    /// How long it lasts, in seconds.
    pub seconds: u32,
    /// How exactly it is played.
    #[serde(default)]
    pub engine: Engine,
    /// How the link is divided.
    #[serde(default)]
    pub scheme: Policy,
    /// A report every so many milliseconds; a second unless written.
    #[serde(default = "one_second")]
    pub report_ms: u32,
    /// The link.
    pub link: SimulatedLink,
    /// Who shares it.
    pub clients: Vec<Group>,
    /// Times over which the outcome is measured; the whole run, when there are none.
    #[serde(default)]
    pub phases: Vec<Phase>,
}

/// How exactly a scenario is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Packet by packet, with queues and turns, for at most 200 clients.
    #[default]
    Packet,
    /// As flows of water, for at most 100 000 clients.
    Fluid,
}

/// The link that is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedLink {
    /// What the gateway knows of it.
    pub capacity: Capacity,
    /// What it truly carries, from when on; always the rated capacity, when empty.
    #[serde(default)]
    pub carries: Vec<ScheduleStep>,
    /// How much the modem queues. Absent: the shaper is the only bottleneck.
    pub modem_bytes: Option<u64>,
    /// How late the modem tells what it carries, in milliseconds.
    #[serde(default)]
    pub told_late_ms: u32,
    /// How much later packets arrive around a change of satellites, in milliseconds; needs the handover
    /// of the capacity.
    #[serde(default)]
    pub spike_ms: u32,
}

/// Some clients who do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What people call them.
    pub label: Label,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
    /// What they may count on.
    #[serde(default)]
    pub plan: Plan,
    /// What they do; nothing, when empty.
    #[serde(default)]
    pub sources: Vec<Source>,
}

/// Something a client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// From when on, in milliseconds.
    #[serde(default)]
    pub from_ms: u64,
    /// Until when; to the end, when absent.
    pub to_ms: Option<u64>,
}

/// Kinds of traffic, towards the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Traffic {
    /// Downloads that back off when packets are lost, as most senders do.
    Cubic {
        /// How many at once.
        #[serde(default = "one")]
        flows: u32,
    },
    /// Downloads that pace themselves by what arrives.
    Bbr {
        /// How many at once.
        #[serde(default = "one")]
        flows: u32,
    },
    /// A constant rate that never backs off.
    Cbr {
        /// Which.
        rate: BitsPerSecond,
    },
    /// Pages, and time to read them.
    Web {
        /// How large a page is, give or take a half.
        page_bytes: u64,
        /// How long it is read, give or take a half.
        think_ms: u64,
    },
    /// A film in segments, as sharp as the last segment was quick.
    Dash {
        /// The sharpest.
        best: BitsPerSecond,
        /// How long a segment plays.
        segment_ms: u64,
    },
}

/// A time over which the outcome is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What people call it.
    pub name: String,
    /// From when on, in milliseconds.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
}

const fn one() -> u32 {
    1
}

const fn one_second() -> u32 {
    1_000
}

/// One round of control: samples are taken this often.
pub(super) const TICK_MS: u32 = 50;
impl Scenario {
    /// How many clients there are.
    pub(super) fn count(&self) -> usize {
        self.clients.iter().map(|group| group.count as usize).sum()
    }

    /// Each client, with its number, its name and its group.
    pub(super) fn each_client(&self) -> impl Iterator<Item = (ClientId, Label, &Group)> {
        let named = self.clients.iter().flat_map(|group| {
            (1..=group.count).map(move |number| {
                let numbered = || format!("{} {number}", group.label.as_str()).parse().ok();
                let label = if group.count == 1 { None } else { numbered() };
                (label.unwrap_or_else(|| group.label.clone()), group)
            })
        });
        (1_u64..)
            .zip(named)
            .map(|(number, (label, group))| (ClientId::numbered(number), label, group))
    }

    /// The state a server would want for it: the picture of the network. More clients than a gateway
    /// serves have none.
    pub fn desired(&self) -> Result<Desired, DesiredError> {
        if self.count() > MAX_CLIENTS {
            return Err(DesiredError::TooManyClients);
        }
        let client = |(number, (id, label, group)): (u32, (ClientId, Label, &Group))| Client {
            id,
            label,
            plan: group.plan,
            demoted: false,
            addresses: vec![Address {
                ip: std::net::Ipv4Addr::from_bits(0x0A00_0000 + number).into(),
                mac: None,
                expires_at: crate::moment::Moment::from_millis(i64::from(self.seconds) * 1_000),
            }],
        };
        let link = Link {
            name: self.name.clone(),
            down: self.link.capacity.clone(),
            up: self.link.capacity.clone(),
            trickle: BitsPerSecond::kbit(256),
        };
        Desired::new(1, link, (1..).zip(self.each_client()).map(client).collect())
    }

    /// What the link truly carries at a time.
    pub(super) fn carries(&self, at_ms: u64) -> BitsPerSecond {
        let step = self.link.carries.iter().rev().find(|step| step.at_ms <= at_ms);
        step.map_or(self.link.capacity.rated(), |step| step.rate)
    }

    /// How much later a packet arrives that passes the satellite at this time, in milliseconds.
    pub(super) fn spike_ms(&self, at_ms: u64) -> u32 {
        let handover = self.link.capacity.handover();
        let inside = handover.is_some_and(|handover| {
            let since = (at_ms as i64 - i64::from(handover.phase_ms)).rem_euclid(handover.period_ms.into());
            since < i64::from(handover.width_ms)
        });
        if inside { self.link.spike_ms } else { 0 }
    }
}
