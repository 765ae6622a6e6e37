//! The simulator beside the kernel: the same six clients on the same link, and twice the same to the bit.

use std::ops::ControlFlow;

use anyhow::{Context, Result};
use usher_sharing::simulate::{Outcome, Phase, Scenario};

use super::report::{Figures, Report};
use super::scheme::Scheme;
use super::share::{PHASES, once};

const W1: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../sharing/scenarios/w1.toml"
));
/// The lab's senders begin a second after the first; those of the scenario at once.
const WARM_UP_MS: u64 = 1_000;
/// The simulator may be so many percent beside the kernel.
const BESIDE: f64 = 5.0;

pub(crate) fn run(seed: u64, report: &mut Report) -> Result<()> {
    let scenario = scenario()?;
    let (first, again) = (play(&scenario, seed)?, play(&scenario, seed)?);
    let simulated = figures(&first);
    let measured = once(Scheme::Usher, f64::from(scenario.seconds))?;
    // What takes part in the comparison is what both have a figure of.
    let mut compared = Figures::new();
    for (name, simulated) in &simulated {
        let measured = *measured
            .get(name)
            .with_context(|| format!("the lab has no {name}"))?;
        let beside = if measured.max(*simulated) < 0.01 {
            0.0
        } else {
            (simulated / measured - 1.0).abs() * 100.0
        };
        compared.insert(name.clone(), beside);
    }
    // What could not be measured must not look like nothing.
    let worst = compared
        .values()
        .copied()
        .max_by(f64::total_cmp)
        .unwrap_or(f64::NAN);
    let of_both = |(name, value): (String, f64)| simulated.contains_key(&name).then_some((name, value));
    report.scheme("kernel", measured.into_iter().filter_map(of_both).collect());
    report.scheme("simulator", simulated.clone());
    report.scheme("beside, %", compared);
    let same = first.digest == again.digest && first == again;
    report.at_least("twice the same to the bit", f64::from(u8::from(same)), 1.0);
    report.at_most("worst_beside_percent", worst, BESIDE);
    Ok(())
}

/// The scenario, looked at when the lab looks.
fn scenario() -> Result<Scenario> {
    let mut scenario: Scenario = toml::from_str(W1)?;
    for source in scenario.clients.iter_mut().flat_map(|client| &mut client.sources) {
        source.from_ms = source.from_ms.max(WARM_UP_MS);
    }
    let millis = |seconds: f64| (seconds * 1e3).round() as u64;
    let phase = |(name, from, until, _): (&str, f64, f64, bool)| Phase {
        name: name.to_owned(),
        from_ms: millis(from),
        to_ms: millis(until),
    };
    scenario.phases = PHASES.map(phase).to_vec();
    Ok(scenario)
}

fn play(scenario: &Scenario, seed: u64) -> Result<Outcome> {
    let outcome = usher_sharing::simulate::run(scenario, seed, &mut |_| ControlFlow::Continue(()));
    outcome.context("the simulation")
}

/// Under the lab's names.
fn figures(outcome: &Outcome) -> Figures {
    let mut figures = Figures::new();
    for phase in &outcome.phases {
        let name = &phase.name;
        figures.insert(format!("utilisation_{name}"), phase.utilisation);
        figures.insert(format!("jain_{name}"), phase.jain);
        figures.insert(format!("min_share_{name}"), phase.min_share);
        let clients = phase.goodput.iter().enumerate();
        // The last one only pings.
        for (client, rate) in clients.take(phase.goodput.len().saturating_sub(1)) {
            figures.insert(format!("c{}_mbit_{name}", client + 1), rate.get() as f64 / 1e6);
        }
    }
    figures
}
