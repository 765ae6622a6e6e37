//! What the kernel can be asked: queues of a device, and what it refuses. Everything below this module
//! speaks netlink; nothing above it does.

mod devices;
mod netlink;
pub(crate) mod nft;
pub(crate) mod tier;

use std::fmt;
use std::io;
use std::net::IpAddr;

use usher_sharing::link::Side;
use usher_sharing::moment::Moment;

use crate::shape::Observed;
use nft::Table;

pub(crate) use devices::Devices;
pub(crate) use netlink::{BUNDLING, CHECKSUMS, Netlink, Offloads};

/// What the controller asks of a kernel. There is another body for its tests, which refuses on demand.
pub(crate) trait Kernel {
    /// Everything queued on the device of one direction.
    fn observe(&mut self, side: Side) -> Result<Observed, Refused>;
    /// The classes alone, with what they have seen.
    fn classes(&mut self, side: Side) -> Result<Vec<(Class, Counters)>, Refused>;
    /// Makes the changes in their order, also after a refusal; returns the refusals by position.
    fn apply(&mut self, side: Side, changes: &[Change]) -> Result<Vec<(usize, Refused)>, Refused>;
    /// Bytes that went out of the device of one direction so far.
    fn passed(&mut self, side: Side) -> Result<u64, Refused>;
    /// Our table of the packet filter, if it is there.
    fn table(&mut self, now: Moment) -> Result<Option<Table>, Refused>;
    /// Orders for the packet filter, as one transaction.
    fn order(&mut self, script: &str) -> Result<(), Refused>;
    /// Who answers at which address, on the device towards the clients.
    fn neighbours(&mut self) -> Result<Vec<Neighbour>, Refused>;
}

/// `major:minor` of a qdisc or a class.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Handle(pub(crate) u32);

impl Handle {
    pub(crate) const ROOT: Self = Self(u32::MAX);

    pub(crate) const fn new(major: u16, minor: u16) -> Self {
        Self((major as u32) << 16 | minor as u32)
    }

    pub(crate) const fn major(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) const fn minor(self) -> u16 {
        self.0 as u16
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{:x}", self.major(), self.minor())
    }
}

/// What a queue has seen since it was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counters {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    pub(crate) drops: u32,
    pub(crate) backlog: u32,
}

/// A class of the hierarchical token bucket, in the kernel's units: what was written is what is read back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Htb {
    /// Bytes per second.
    pub(crate) rate: u64,
    /// Bytes per second.
    pub(crate) ceil: u64,
    /// Time the burst takes at `rate`, in ticks of 64 ns.
    pub(crate) burst: u32,
    /// Time the burst takes at `ceil`, in ticks of 64 ns.
    pub(crate) ceil_burst: u32,
    /// Bytes a round of the sharing gives this class.
    pub(crate) quantum: u32,
    pub(crate) priority: u32,
}

impl Htb {
    /// One packet and a little of burst, as `tc` would choose; a fast class needs what passes while a busy machine is late.
    pub(crate) fn new(rate: u64, ceil: u64, quantum: u32, priority: u32) -> Self {
        Self {
            rate,
            ceil,
            burst: ticks(rate),
            ceil_burst: ticks(ceil),
            quantum,
            priority,
        }
    }
}

/// Ticks that 1600 bytes, or 5 ms of a fast class, take at this many bytes per second.
fn ticks(rate: u64) -> u32 {
    let burst = 1600.max(rate / 200);
    let ticks = u128::from(burst) * 1_000_000_000 / 64 / u128::from(rate.max(1));
    u32::try_from(ticks).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Class {
    pub(crate) handle: Handle,
    pub(crate) parent: Handle,
    pub(crate) htb: Htb,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Discipline {
    /// The class for whatever no rule names.
    Htb { default: u16 },
    /// First in, first out, so many bytes.
    Bytes { limit: u32 },
    /// First in, first out, so many packets.
    Packets { limit: u32 },
    /// Flow queueing by the kernel itself: target and interval in microseconds.
    FqCodel { target: u32, interval: u32 },
    /// Flow queueing by the kernel itself, unshaped.
    Cake,
    /// Somebody else's.
    Other(String),
}

impl Discipline {
    /// The kernel's name for it.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Htb { .. } => "htb",
            Self::Bytes { .. } => "bfifo",
            Self::Packets { .. } => "pfifo",
            Self::FqCodel { .. } => "fq_codel",
            Self::Cake => "cake",
            Self::Other(kind) => kind,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Qdisc {
    pub(crate) handle: Handle,
    pub(crate) parent: Handle,
    pub(crate) discipline: Discipline,
}

/// One instruction of classic BPF.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Instruction {
    pub(crate) code: u16,
    pub(crate) if_true: u8,
    pub(crate) if_false: u8,
    pub(crate) operand: u32,
}

/// A classifier on a qdisc: the program's answer is the class.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Filter {
    pub(crate) parent: Handle,
    pub(crate) program: Vec<Instruction>,
}

/// One change of a device's queues.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// Makes the qdisc, or gives the one of this handle and kind the new parameters.
    SetQdisc(Qdisc),
    RemoveQdisc {
        handle: Handle,
        parent: Handle,
    },
    /// Makes the class, or gives it the new parameters while traffic goes on.
    SetClass(Class),
    RemoveClass(Handle),
    AddFilter(Filter),
}

/// What the kernel answered instead of doing it.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) struct Refused {
    pub(crate) code: i32,
    words: String,
}

impl Refused {
    pub(crate) fn new(code: i32, words: String) -> Self {
        Self { code, words }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.code);
        if self.code == 0 {
            f.write_str(&self.words)
        } else if self.words.is_empty() {
            write!(f, "{error}")
        } else {
            write!(f, "{} ({error})", self.words)
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::new(error.raw_os_error().unwrap_or(0), error.to_string())
    }
}

/// Which hardware address answers for an address, as the kernel has learned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Neighbour {
    pub(crate) device: u32,
    pub(crate) address: IpAddr,
    pub(crate) mac: [u8; 6],
}

/// What went through a device since it was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Traffic {
    pub(crate) device: u32,
    /// Bytes.
    pub(crate) received: u64,
    /// Bytes.
    pub(crate) sent: u64,
}
