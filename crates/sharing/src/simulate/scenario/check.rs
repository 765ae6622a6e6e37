//! The rules of a scenario that no field can keep by itself.

use super::{Engine, Phase, Scenario, TICK_MS, Traffic};
use crate::rate::BitsPerSecond;

/// Which rule of a scenario is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Too long, or no time at all.
    #[error("A scenario lasts 1 to 3600 seconds.")]
    Length,
    /// Not a multiple of the round of control.
    #[error("Reports come every 50 ms to 60 s, in steps of 50 ms.")]
    Report,
    /// More clients than the engine can play.
    #[error("The {engine} engine plays 1 to {most} clients.")]
    Clients {
        /// Which.
        engine: &'static str,
        /// How many it can.
        most: u32,
    },
    /// More than the packet engine can play.
    #[error("The packet engine plays at most 1 Gbit/s, 64 flows of a client and 1000 altogether.")]
    TooBusy,
    /// A truth out of order.
    #[error("What the link carries must be given in the order of time, each rate above nothing.")]
    Carries,
    /// Sizes or times of nothing.
    #[error("Pages, segments and constant rates must be more than nothing.")]
    Traffic,
    /// A phase that is empty or not inside.
    #[error("Phase {0} is empty or not inside the scenario.")]
    Phase(String),
}

const MOST_PACKET: u32 = 200;
const MOST_FLUID: u32 = 100_000;

impl Scenario {
    /// Every rule that its fields cannot keep by themselves.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if !(1..=3_600).contains(&self.seconds) {
            return Err(ScenarioError::Length);
        }
        if !self.report_ms.is_multiple_of(TICK_MS) || !(TICK_MS..=60_000).contains(&self.report_ms) {
            return Err(ScenarioError::Report);
        }
        let (engine, most) = match self.engine {
            Engine::Packet => ("packet", MOST_PACKET),
            Engine::Fluid => ("fluid", MOST_FLUID),
        };
        let count: u64 = self.clients.iter().map(|group| u64::from(group.count)).sum();
        if count == 0 || count > u64::from(most) {
            return Err(ScenarioError::Clients { engine, most });
        }
        self.check_traffic()?;
        let carries = &self.link.carries;
        let ordered = carries.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms);
        if !ordered || carries.iter().any(|step| step.rate < BitsPerSecond::kbit(1)) {
            return Err(ScenarioError::Carries);
        }
        let end = u64::from(self.seconds) * 1_000;
        let bad = |phase: &&Phase| phase.from_ms >= phase.to_ms || phase.to_ms > end;
        match self.phases.iter().find(bad) {
            Some(phase) => Err(ScenarioError::Phase(phase.name.clone())),
            None => Ok(()),
        }
    }

    fn check_traffic(&self) -> Result<(), ScenarioError> {
        let mut all_flows = 0_u64;
        for group in &self.clients {
            let mut flows = 0_u64;
            for source in &group.sources {
                let (count, fine) = match source.traffic {
                    Traffic::Cubic { flows } | Traffic::Bbr { flows } => (flows, flows > 0),
                    Traffic::Cbr { rate } => (1, rate >= BitsPerSecond::kbit(1)),
                    Traffic::Web { page_bytes, think_ms } => (
                        1,
                        (1..1 << 40).contains(&page_bytes) && (1..1 << 40).contains(&think_ms),
                    ),
                    Traffic::Dash { best, segment_ms } => (
                        1,
                        best >= BitsPerSecond::kbit(100) && (100..=60_000).contains(&segment_ms),
                    ),
                };
                if !fine {
                    return Err(ScenarioError::Traffic);
                }
                flows = flows.saturating_add(count.into());
            }
            all_flows = all_flows.saturating_add(flows.saturating_mul(group.count.into()));
            if flows > 64 {
                return Err(ScenarioError::TooBusy);
            }
        }
        let fast = self.link.capacity.rated() > BitsPerSecond::mbit(1_000);
        if self.engine == Engine::Packet && (fast || all_flows > 1_000) {
            return Err(ScenarioError::TooBusy);
        }
        Ok(())
    }
}
