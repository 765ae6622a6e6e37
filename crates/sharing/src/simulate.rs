//! A link that is played through on a virtual clock: the same allocator, planner, steps and tracker as on
//! a live one, and the same reports. Equal scenario and seed, equal reports to the byte.

mod controller;
mod convergence;
mod engine;
mod fluid;
mod member;
mod outcome;
mod packets;
mod reporter;
mod scenario;

use std::ops::ControlFlow;

pub use outcome::{Outcome, PhaseOutcome};
pub use scenario::{Engine, Group, Phase, Scenario, ScenarioError, SimulatedLink, Source, Traffic};

use crate::wire::{FrameError, FromGateway};

/// Why a scenario was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// It breaks a rule.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A report does not fit into a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The listener had enough.
    #[error("The simulation was stopped.")]
    Stopped,
}

/// Plays a scenario. Everything a gateway would say goes to `sink`, which can slow it down to the speed of
/// the clock on the wall, or break off.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    sink: &mut dyn FnMut(&FromGateway) -> ControlFlow<()>,
) -> Result<Outcome, SimulationError> {
    scenario.check()?;
    controller::Controller::new(scenario, seed).run(sink)
}

#[cfg(test)]
mod tests;
