//! How things are: what the gateway, or a simulation, reports once a second.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::id::{ClientId, Label};
use crate::moment::Moment;
use crate::plan::{Band, Plan};
use crate::rate::BitsPerSecond;

/// One report. Rates are averages since the report before, bit/s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// When it was made.
    pub at: Moment,
    /// The time it covers, in milliseconds.
    pub span_ms: u32,
    /// The generation in force.
    pub generation: u64,
    /// How queues inside a client's class work here.
    pub tier: Tier,
    /// Name of the simulated scenario; `None` on a live link.
    pub scenario: Option<Label>,
    /// Towards the clients.
    pub down: SideReport,
    /// From the clients; `None` where only the other direction is shaped or simulated.
    pub up: Option<SideReport>,
    /// How many are signed in.
    pub signed_in: u32,
    /// How many of them ask for anything.
    pub active: u32,
    /// The clients, active ones first. Who is missing is idle.
    pub clients: Vec<ClientReport>,
    /// What was decided since the report before.
    pub decisions: Vec<Decision>,
    /// How the agent itself is.
    pub health: Health,
}

impl Telemetry {
    /// The fair share of a client, bit/s towards it. Whoever is not in the report is idle, and would be one
    /// more who asks.
    pub fn fair_share(&self, client: ClientId, band: Band) -> BitsPerSecond {
        let reported = self.clients.iter().find(|report| report.id == client);
        reported.map_or_else(
            || band.capped(self.down.capacity.shaped.portion(1, u64::from(self.active) + 1)),
            |report| report.down.allocation,
        )
    }
}

/// How queues inside a client's class work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The kernel's `cake`.
    Cake,
    /// The kernel's `fq_codel`.
    FqCodel,
    /// A priority class and buckets built of HTB.
    MiniFq,
    /// One byte-limited FIFO.
    Fifo,
}

/// One direction of the link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideReport {
    /// How much there is.
    pub capacity: CapacityReport,
    /// What passed, everybody together.
    pub used: BitsPerSecond,
    /// What passed of those who are not signed in.
    pub trickle_used: BitsPerSecond,
    /// The sum of the shares of all clients.
    pub allocated: BitsPerSecond,
    /// Packets dropped since the report before.
    pub drops: u64,
    /// Delay on top of the empty link's, over everybody who was measured.
    pub latency: Option<Latency>,
    /// How evenly.
    pub fairness: Fairness,
}

/// How much the link carries, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityReport {
    /// What the link is believed to carry.
    pub estimate: BitsPerSecond,
    /// What it is sold as.
    pub rated: BitsPerSecond,
    /// What the shaper lets through.
    pub shaped: BitsPerSecond,
    /// Who says so.
    pub source: SourceKind,
    /// How sure that is, in percent.
    pub confidence: u8,
    /// How old the last sample is, in milliseconds; `None` when there never was one.
    pub age_ms: Option<u64>,
}

/// The kinds of sources, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Always the base rate.
    Fixed,
    /// Known in advance.
    Schedule,
    /// Told by the modem.
    Telemetry,
    /// Inferred from delay.
    Probe,
}

/// Added delay in microseconds: what it is above that of the empty link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the samples are below.
    pub p50_us: u32,
    /// 90 of 100 are below.
    pub p90_us: u32,
    /// 95 of 100 are below.
    pub p95_us: u32,
    /// 99 of 100 are below.
    pub p99_us: u32,
}

/// How evenly the link is shared among those who ask: what each got over what was fair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// Jain's index, 1 when everybody got the same part of their fair share.
    pub jain: f64,
    /// The smallest part anybody got of their fair share.
    pub min: f64,
    /// Who that is; `None` when nobody asks.
    pub lowest: Option<ClientId>,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientReport {
    /// The account.
    pub id: ClientId,
    /// What people call it.
    pub label: Label,
    /// What holds for it at the moment.
    pub plan: Plan,
    /// Its quota is used up.
    pub demoted: bool,
    /// Towards the client.
    pub down: Use,
    /// From the client; `None` where only the other direction is shaped or simulated.
    pub up: Option<Use>,
    /// Its delay on top of the empty link's, where it is measured.
    pub latency: Option<Latency>,
    /// How well that suits what people do; `None` without latency.
    pub scores: Option<Scores>,
    /// Why it is as fast as it is.
    pub reason: Reason,
}

/// What a client does in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// What it asks for; `None`: more than it gets.
    pub demand: Option<BitsPerSecond>,
    /// Its fair share now.
    pub allocation: BitsPerSecond,
    /// What it got.
    pub used: BitsPerSecond,
    /// Packets dropped since the report before.
    pub drops: u64,
    /// How much may wait for it.
    pub queue_limit_bytes: u64,
}

/// Quality of outcome, 0 to 100, on added delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// Pages.
    pub web: u8,
    /// Calls.
    pub call: u8,
    /// Films.
    pub video: u8,
}

/// Why a client is as fast as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It asks for nothing.
    Idle,
    /// It gets everything it asks for.
    Satisfied,
    /// It is at the maximum of its plan.
    OwnCap,
    /// Its quota is used up, and others come first.
    Demoted,
    /// It has its fair share of a full link.
    LinkFull,
    /// It has its fair share of a link that carries much less than usual.
    LinkDegraded,
}

/// How the agent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How long the last round of looking and steering took, in microseconds.
    pub tick_us: u64,
    /// Steps taken since the report before.
    pub steps: u64,
    /// Things found in the kernel that were not as they had been left, since the report before.
    pub drift: u64,
    /// Errors since the report before.
    pub errors: u64,
}
