//! Ways to share the gateway's link: ours, and what people have without it.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use usher_sharing::id::{ClientId, Label};
use usher_sharing::link::Capacity;
use usher_sharing::moment::Moment;
use usher_sharing::plan::{Band, Plan, Weight};
use usher_sharing::queue::stepped_limit_bytes;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{Address, Client, Desired, Link, Tier};

use super::gateway::Gateway;
use super::topology::{LAN, Topology, WAN, address};
use crate::controller::Terms;
use crate::kernel::{Devices, Htb, Kernel};
use crate::rules::{DOWN, Member, Members, Rules, difference};
use crate::shape::{Leaf, QUANTUM, Queue, Shape, changes};

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Scheme {
    /// What this program does
    Usher,
    /// The same, with one plain queue for each client
    Plain,
    /// The same shares, with the kernel's usual queue of 1000 packets for each client
    Pfifo,
    /// One queue of 1000 packets for everybody
    Fifo,
    /// A fixed equal part for each
    Static,
}

/// What one client was sold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contract {
    pub(crate) weight: Weight,
    pub(crate) band: Band,
}

/// When everything in the lab began; it has no other clock.
pub(crate) const NOW: Moment = Moment::from_millis(1_000_000);
const NEVER: Moment = Moment::from_millis(4_000_000_000_000);
const FIRST_SLOT: u16 = 0x10;
/// What an unsteered class has without borrowing, bit/s.
const SURE: u64 = 64_000;

impl Scheme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Usher => "usher",
            Self::Plain => "plain",
            Self::Pfifo => "pfifo",
            Self::Fifo => "fifo",
            Self::Static => "static",
        }
    }

    /// Shapes the link towards the clients; what comes back must be kept as long as that shall last.
    pub(crate) fn install(
        self,
        topology: &Topology,
        link: BitsPerSecond,
        rtt: Duration,
        contracts: &[Contract],
    ) -> Result<Option<Gateway>> {
        match self {
            Self::Usher | Self::Plain => {
                let desired = desired(1, link, rtt, contracts)?;
                let tier = if self == Self::Usher {
                    Tier::MiniFq
                } else {
                    Tier::Fifo
                };
                Gateway::start(topology, terms(tier)?, desired).map(Some)
            }
            Self::Pfifo => {
                let queue = Queue::Packets { limit: 1000 };
                let bytes = link.get() / 8;
                let share = |contract: &Contract| leaf(1000, bytes, contract.weight, queue);
                by_hand(topology, bytes, contracts.iter().map(share).collect())?;
                Ok(None)
            }
            Self::Fifo => {
                by_hand(topology, link.get() / 8, Vec::new())?;
                Ok(None)
            }
            Self::Static => {
                let part = link.get() / 8 / contracts.len() as u64;
                let limit = (part / 20) as u32;
                let share = |_: &Contract| leaf(part, part, Weight::ONE, Queue::Plain { limit });
                by_hand(topology, link.get() / 8, contracts.iter().map(share).collect())?;
                Ok(None)
            }
        }
    }
}

fn leaf(rate: u64, ceil: u64, weight: Weight, queue: Queue) -> Leaf {
    Leaf {
        htb: Htb::new(rate, ceil, weight.get() as u32 * QUANTUM, 0),
        queue,
    }
}

/// Classes as they are given; whoever has none shares a queue of 1000 packets.
fn by_hand(topology: &Topology, rate: u64, leaves: Vec<Leaf>) -> Result<()> {
    let shape = Shape {
        major: DOWN,
        rate,
        trickle: leaf(rate, rate, Weight::ONE, Queue::Packets { limit: 1000 }),
        leaves: (FIRST_SLOT..).zip(leaves).collect(),
    };
    put(topology, &shape)
}

/// The queues of the link towards the clients as they are given, and each client in its own.
fn put(topology: &Topology, shape: &Shape) -> Result<()> {
    let members = shape.leaves.keys().enumerate().map(|(client, slot)| {
        let member = Member {
            slot: *slot,
            until: NEVER,
        };
        (address(client).into(), member)
    });
    let members = members.collect();
    topology.gateway.run(|| {
        let mut devices = devices()?;
        let side = usher_sharing::link::Side::Down;
        let all = changes(&devices.observe(side)?, shape);
        let refused = devices.apply(side, &all)?;
        anyhow::ensure!(refused.is_empty(), "{refused:?}");
        devices.order(&rules()?.script())?;
        for script in difference(&Members::new(), &members, NOW) {
            devices.order(&script)?;
        }
        Ok(())
    })
}

/// Queues as ours that nobody steers: so many clients, of whom so many are expected to ask.
pub(crate) fn unsteered(
    topology: &Topology,
    link: BitsPerSecond,
    rtt: Duration,
    clients: u16,
    active: u64,
) -> Result<Shape> {
    let limit = stepped_limit_bytes(link, 1, active, rtt) as u32;
    let bytes = link.get() / 8;
    let one = leaf(SURE / 8, bytes, Weight::ONE, Queue::Nested { limit });
    let shape = Shape {
        major: DOWN,
        rate: bytes,
        trickle: leaf(SURE / 8, bytes, Weight::ONE, Queue::Packets { limit: 1000 }),
        leaves: (FIRST_SLOT..FIRST_SLOT + clients)
            .map(|slot| (slot, one))
            .collect(),
    };
    put(topology, &shape)?;
    Ok(shape)
}

pub(crate) fn devices() -> Result<Devices> {
    Ok(Devices::open(&LAN.parse()?, &WAN.parse()?)?)
}

fn rules() -> Result<Rules> {
    Ok(Rules {
        lan: LAN.parse()?,
        wan: WAN.parse()?,
        gate: None,
    })
}

pub(crate) fn terms(tier: Tier) -> Result<Terms> {
    Ok(Terms {
        rules: rules()?,
        networks: vec!["10.77.0.0/16".parse()?],
        tier,
        nested: 256,
        take_over: false,
    })
}

/// A link of exactly this rate, and clients with these contracts.
pub(crate) fn desired(
    generation: u64,
    link: BitsPerSecond,
    rtt: Duration,
    contracts: &[Contract],
) -> Result<Desired> {
    let capacity = serde_json::from_value(serde_json::json!({
        "rated": link.get(),
        "margin_permille": 1000,
        "rtt_ms": rtt.as_millis() as u64,
    }))?;
    with_capacity(generation, capacity, contracts)
}

/// A link whose capacity is followed, and clients with these contracts.
pub(crate) fn with_capacity(generation: u64, capacity: Capacity, contracts: &[Contract]) -> Result<Desired> {
    let clients = contracts.iter().enumerate().map(|(number, contract)| Client {
        id: ClientId::numbered(number as u64),
        label: Label::default(),
        plan: Plan {
            weight: contract.weight,
            down: contract.band,
            up: Band::OPEN,
        },
        demoted: false,
        addresses: vec![Address {
            ip: address(number).into(),
            mac: None,
            expires_at: NEVER,
        }],
    });
    let link = Link {
        name: "lab".parse()?,
        down: capacity.clone(),
        up: capacity,
        trickle: BitsPerSecond::kbit(256),
    };
    Ok(Desired::new(generation, link, clients.collect())?)
}
