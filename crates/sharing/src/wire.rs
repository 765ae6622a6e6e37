//! What the server and the gateway say to each other over their socket: one JSON object on each line.
//!
//! The server sends the whole [`Desired`] state when it connects, and [`Change`]s afterwards; both carry a
//! generation, so saying a thing twice does no harm. The gateway answers [`FromGateway::Applied`],
//! [`FromGateway::Behind`] (send the whole state again) or [`FromGateway::Refused`], and reports
//! [`Telemetry`] once a second. A simulation reports the very same.

mod change;
mod desired;
mod frame;
mod report;

use serde::{Deserialize, Serialize};

pub use change::{Change, ChangeError};
pub use desired::{Address, Client, Desired, DesiredError, Link, MAX_ADDRESSES, MAX_CLIENTS};
pub use frame::{FrameError, Lines, MAX_FRAME_BYTES, VERSION, decode, encode};
pub use report::{
    CapacityReport, ClientReport, Fairness, Health, Latency, Reason, Scores, SideReport, SourceKind,
    Telemetry, Tier, Use,
};

use crate::id::{Label, Mac};
use crate::moment::Moment;

/// From the server to the gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToGateway {
    /// How everything shall be.
    Desired(Desired),
    /// What is different from the generation before.
    Change(Change),
}

/// From the gateway to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromGateway {
    /// The first thing said on a connection.
    Hello(Hello),
    /// A generation is in force.
    Applied(Applied),
    /// A change does not follow on what is in force: the whole state is needed.
    Behind {
        /// The generation in force; `None` after a restart.
        generation: Option<u64>,
    },
    /// A generation cannot be put in force; the one before stays.
    Refused {
        /// The generation that was refused.
        generation: u64,
        /// Why, for people.
        detail: String,
    },
    /// How things are. Large, hence boxed.
    Telemetry(Box<Telemetry>),
    /// Who answers at which address of the networks the gateway serves, whole list each time.
    Neighbours(Vec<Neighbour>),
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of the gateway's program.
    pub program: String,
    /// The generation in force; `None` after a restart.
    pub generation: Option<u64>,
    /// Name of the simulated scenario; `None` on a live link.
    pub scenario: Option<Label>,
}

/// A generation is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Which.
    pub generation: u64,
    /// When.
    pub at: Moment,
    /// How many steps it took; zero when everything was so already.
    pub steps: u64,
    /// How long they took, in microseconds.
    pub took_us: u64,
}

/// A device that answers at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Neighbour {
    /// Where.
    pub ip: std::net::IpAddr,
    /// Who.
    pub mac: Mac,
}

#[cfg(test)]
mod tests;
