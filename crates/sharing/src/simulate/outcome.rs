//! What came of it: figures over the phases of a scenario, under the same names as a measured link's.

use serde::{Deserialize, Serialize};

use crate::fairness::{Got, fairness, rounded};
use crate::id::ClientId;
use crate::rate::BitsPerSecond;
use crate::wire::Latency;

/// Figures of a whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Fingerprint of everything that was reported: equal seeds, equal fingerprints.
    pub digest: String,
    /// Reports made.
    pub reports: u64,
    /// Steps the kernel would have been told.
    pub steps: u64,
    /// Added delay of clients that do nothing, 99 of 100 in all phases, in milliseconds.
    pub idle_p99_ms: Option<f64>,
    /// Added delay of clients that download, 99 of 100 in all phases, in milliseconds.
    pub own_p99_ms: Option<f64>,
    /// How long until a download that began later had 85 % of its fair share for 150 ms, in milliseconds;
    /// the slowest.
    pub converge_start_ms: Option<f64>,
    /// How long after the end of a download until 95 % of everybody's fair shares were used, in milliseconds;
    /// the slowest. What never settles counts to the end of the run, here and below.
    pub converge_stop_ms: Option<f64>,
    /// How long after a fall of the capacity until the gateway's own ping waited less than 50 ms for a
    /// second on end, in milliseconds; the slowest.
    pub converge_drop_ms: Option<f64>,
    /// The phases.
    pub phases: Vec<PhaseOutcome>,
}

/// Figures of one phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseOutcome {
    /// Its name.
    pub name: String,
    /// What passed, over what the link could have carried of what was asked for.
    pub utilisation: f64,
    /// Jain's index over the parts of the fair shares.
    pub jain: f64,
    /// The smallest part anybody got of their fair share.
    pub min_share: f64,
    /// Who that is.
    pub lowest: Option<ClientId>,
    /// What each got, bit/s, in the order of the clients.
    pub goodput: Vec<BitsPerSecond>,
}

/// One round of a run.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    /// Bytes that each client got.
    pub(super) got: Vec<u64>,
    /// Bytes that would have been its fair share of what the shaper let through.
    pub(super) fair: Vec<u64>,
    /// Bytes that passed, everybody and every ping together.
    pub(super) used: u64,
    /// Bytes that were asked for and that the link could have carried.
    pub(super) possible: u64,
    /// What the gateway's own ping waited for.
    pub(super) added: Option<std::time::Duration>,
}

/// What adds up over a phase.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    name: String,
    from_ms: u64,
    to_ms: u64,
    used_bytes: u64,
    possible_bytes: u64,
    got_bytes: Vec<u64>,
    fair_bytes: Vec<u64>,
}

impl Tally {
    pub(super) fn new(name: String, from_ms: u64, to_ms: u64, clients: usize) -> Self {
        Self {
            name,
            from_ms,
            to_ms,
            used_bytes: 0,
            possible_bytes: 0,
            got_bytes: vec![0; clients],
            fair_bytes: vec![0; clients],
        }
    }

    pub(super) const fn covers(&self, round: &Round) -> bool {
        self.from_ms <= round.from_ms && round.to_ms <= self.to_ms
    }

    pub(super) fn add(&mut self, round: &Round) {
        if !self.covers(round) {
            return;
        }
        self.used_bytes += round.used;
        // A scheme that keeps to no plan lets through more than the plans allow.
        self.possible_bytes += round.possible.max(round.used);
        let each = self.got_bytes.iter_mut().zip(&round.got);
        each.for_each(|(sum, bytes)| *sum += bytes);
        let each = self.fair_bytes.iter_mut().zip(&round.fair);
        each.for_each(|(sum, bytes)| *sum += bytes);
    }

    pub(super) fn finish(&self) -> PhaseOutcome {
        let span = std::time::Duration::from_millis(self.to_ms - self.from_ms);
        let rate = |bytes: &u64| BitsPerSecond::of(*bytes, span);
        let got = self.got_bytes.iter().zip(&self.fair_bytes).zip(1_u64..);
        let fair = fairness(got.map(|((got, fair), number)| Got {
            id: ClientId::numbered(number),
            used: rate(got),
            fair: rate(fair),
        }));
        PhaseOutcome {
            name: self.name.clone(),
            utilisation: rounded(self.used_bytes as f64 / self.possible_bytes.max(1) as f64),
            jain: fair.jain,
            min_share: fair.min,
            lowest: fair.lowest,
            goodput: self.got_bytes.iter().map(rate).collect(),
        }
    }
}

/// A fingerprint of everything that was said (FNV-1a): for equality, not against forgery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digest(u64);

impl Digest {
    pub(super) const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    pub(super) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

pub(super) fn p99_ms(samples: Vec<u32>) -> Option<f64> {
    Latency::of(samples).map(|latency| f64::from(latency.p99_us) / 1_000.0)
}
