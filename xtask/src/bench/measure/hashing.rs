//! Register and login as a share of the machine's raw argon2id rate, at and beyond what it can hash.

use anyhow::Result;
use std::time::Duration;

use super::figures::{Figure, Target};
use super::load::{Offer, Served};
use super::machine;
use super::scene::Scene;
use crate::client::journey;

const WARM_UP: Duration = Duration::from_secs(2);
const LEAST_SHARE: f64 = 95.0;

/// A load that was offered, and what came of it.
struct Round {
    name: &'static str,
    times: u32,
    /// Requests per second.
    offered: f64,
    served: Served,
    /// Percent of the machine that the load itself used.
    own: f64,
}

/// Measures both at 1×, 2× and 10× the raw rate.
pub(super) fn measure(scene: &mut Scene) -> Result<Vec<Figure>> {
    scene.raw.sample()?;
    let mut rounds = Vec::new();
    for name in ["register", "login"] {
        for times in [1, 2, 10] {
            rounds.push(round(scene, name, times)?);
            scene.rest()?;
        }
    }
    let raw = scene.raw.rate();
    let mut figures =
        vec![Figure::new("raw_argon2id", raw, "/s").note("all cores, m=19456 t=2, median of slices")];
    for round in rounds {
        figures.extend(round.figures(raw, scene.load));
    }
    Ok(figures)
}

fn round(scene: &Scene, name: &'static str, times: u32) -> Result<Round> {
    let rate = scene.raw.rate();
    let offered = rate * f64::from(times);
    let offer = Offer {
        rate: offered,
        warm_up: WARM_UP,
        counted: scene.load,
        // Enough for everybody who waits in a queue of two seconds, and for the refused.
        connections: (rate * 3.0) as usize + 64,
    };
    let request = |number: u64| {
        if name == "register" {
            journey::registration(&scene.stranger())
        } else {
            journey::sign_in(&scene.accounts[number as usize % scene.accounts.len()])
        }
    };
    let before = machine::own_processor_time();
    let served = offer.run(scene.address, request)?;
    let used = machine::own_processor_time() - before;
    let whole = (WARM_UP + scene.load).as_secs_f64() * machine::cores() as f64;
    Ok(Round {
        name,
        times,
        offered,
        served,
        own: used / whole * 100.0,
    })
}

impl Round {
    fn figures(&self, raw: f64, counted: Duration) -> [Figure; 3] {
        let Self {
            name,
            times,
            offered,
            served,
            own,
        } = self;
        let per_second = |count: usize| count as f64 / counted.as_secs_f64();
        let done = per_second(served.done.len());
        // Nobody can serve more than was offered, and the machine drifts between its slices.
        let possible = raw.min(*offered);
        [
            Figure::new(
                format!("{name}_share_of_raw_{times}x"),
                done / possible * 100.0,
                "%",
            )
            .target(Target::AtLeast(LEAST_SHARE))
            .note(format!(
                "{done:.0}/s; the load and the mail sink took {own:.0} % of the machine"
            )),
            Figure::new(
                format!("{name}_shed_{times}x"),
                per_second(served.shed as usize),
                "/s",
            )
            .note("503 with Retry-After"),
            Figure::new(
                format!("{name}_failed_{times}x"),
                served.failed as f64,
                "requests",
            )
            .target(Target::AtMost(0.0)),
        ]
    }
}
