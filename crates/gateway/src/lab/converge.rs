//! How long a change takes to be felt: somebody comes and goes, and the link itself gets slower and quicker.

use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::rate::BitsPerSecond;

use super::meter::Record;
use super::report::{Report, figures};
use super::scheme::{Contract, Scheme, desired};
use super::stage::{Stage, joined};
use super::topology::Topology;
use super::traffic::Congestion;

const FULL: BitsPerSecond = BitsPerSecond::mbit(20);
const LOW: BitsPerSecond = BitsPerSecond::mbit(8);
const RTT: Duration = Duration::from_millis(40);
const CLIENTS: usize = 3;
/// Comes late with eight flows, and leaves.
const LATE: usize = 2;
/// What counts as having what is right.
const NEAR: f64 = 0.15;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let topology = Topology::build(CLIENTS, Some(RTT / 2))?;
    let contracts = [Contract::default(); CLIENTS];
    let gateway = Scheme::Usher.install(&topology, FULL, RTT, &contracts)?;
    let mut generation = 1;
    let mut stage = Stage::open(&topology, 22.0, 1.0)?;
    let recording = stage.record()?;
    for client in 0..LATE {
        for _ in 0..2 {
            stage.download(client, Congestion::Cubic, 0.0, 22.0)?;
        }
    }
    for _ in 0..8 {
        stage.download(LATE, Congestion::Cubic, 5.0, 9.0)?;
    }
    for (at, rate) in [(13.0, LOW), (17.0, FULL)] {
        std::thread::sleep(stage.at(at).saturating_duration_since(Instant::now()));
        if let Some(gateway) = &gateway {
            generation += 1;
            gateway.apply(desired(generation, rate, RTT, &contracts)?)?;
        }
    }
    let record = joined(recording)?;
    let at = |seconds| stage.at(seconds);
    let third = FULL.get() as f64 / 3.0;
    let start = until(&record, at(5.0), at(9.0), |rates| near(rates[LATE], third));
    let stop = until(&record, at(9.0), at(13.0), |rates| {
        near(rates[0] + rates[1], FULL.get() as f64)
    });
    let down = until(&record, at(13.0), at(17.0), |rates| {
        near(sum(rates), LOW.get() as f64)
    });
    let up = until(&record, at(17.0), at(21.0), |rates| {
        near(sum(rates), FULL.get() as f64)
    });
    let gap = (0..LATE)
        .map(|client| record.longest_gap(client, at(12.9), at(20.0)))
        .max()
        .unwrap_or_default();
    let gap = gap.as_secs_f64() * 1e3;
    stage.close()?;
    report.scheme(
        "usher",
        figures([
            ("converge_start_ms", start),
            ("converge_stop_ms", stop),
            ("capacity_down_ms", down),
            ("capacity_up_ms", up),
            ("longest_gap_ms", gap),
        ]),
    );
    report.at_most("converge_start_ms", start, 300.0);
    report.at_most("converge_stop_ms", stop, 300.0);
    report.at_most("capacity_down_ms", down, 500.0);
    report.at_most("capacity_up_ms", up, 500.0);
    report.at_most("longest_gap_ms", gap, 100.0);
    Ok(())
}

fn near(rate: f64, right: f64) -> bool {
    (rate - right).abs() <= NEAR * right
}

fn sum(rates: &[f64]) -> f64 {
    rates.iter().sum()
}

/// Milliseconds until it is so over 100 ms; NaN when it never is.
fn until(record: &Record, from: Instant, last: Instant, so: impl Fn(&[f64]) -> bool) -> f64 {
    let window = Duration::from_millis(100);
    let mut windows = record
        .windows(window)
        .filter(|(at, _)| *at >= from && *at <= last);
    let first = windows.find(|(_, rates)| so(rates));
    first.map_or(f64::NAN, |(at, _)| (at - from).as_secs_f64() * 1e3)
}
