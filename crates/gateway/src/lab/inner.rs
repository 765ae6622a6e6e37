//! Inside one client's share: pages and calls beside bulk transfers and a flood.

use std::time::Duration;

use anyhow::Result;
use usher_sharing::fairness::{Got, fairness};
use usher_sharing::id::ClientId;
use usher_sharing::rate::BitsPerSecond;

use super::report::{Figures, Report, figures};
use super::scheme::{Contract, Scheme};
use super::stage::{Stage, joined};
use super::statistics::{Trips, percentile};
use super::topology::Topology;
use super::traffic::Congestion;

const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const FLOOD: BitsPerSecond = BitsPerSecond::mbit(12);
const RTT: Duration = Duration::from_millis(40);
const CLIENTS: usize = 3;
/// A flow has its due when it has half of its part.
const DUE: f64 = 0.5;
const FLOWS: [Congestion; 3] = [Congestion::Cubic, Congestion::Cubic, Congestion::Bbr];

pub(crate) fn run(against: &[Scheme], seeds: u32, seconds: f64, report: &mut Report) -> Result<()> {
    for scheme in [Scheme::Usher].iter().chain(against) {
        let found = once(*scheme, seconds)?;
        report.scheme(scheme.name(), found);
    }
    // Other ports each time: flows fall into other buckets.
    let mut with_their_due = 0;
    for _ in 0..seeds {
        with_their_due += u32::from(flooded(6.0)? >= DUE);
    }
    report.scheme(
        "flood",
        figures([
            ("seeds", f64::from(seeds)),
            ("seeds_fair", f64::from(with_their_due)),
        ]),
    );
    let usher = |name: &str| report.figure("usher", name);
    let (own, fetch, jain) = (usher("own_p99_ms"), usher("fetch_p95_ms"), usher("jain"));
    let plain = report.figure("plain", "fetch_p95_ms");
    report.at_most("own_p99_ms", own, 30.0);
    report.at_most("fetch_p95_ms", fetch, 4.5 * RTT.as_secs_f64() * 1e3);
    if !plain.is_nan() {
        report.at_most(
            "fetch_p95_ms over one byte-limited queue",
            fetch / plain,
            1.0 / 3.0,
        );
    }
    report.at_least("jain", jain, 0.99);
    report.at_least(
        "seeds with their due beside a flood",
        f64::from(with_their_due),
        f64::from(seeds) * 0.8,
    );
    Ok(())
}

fn once(scheme: Scheme, seconds: f64) -> Result<Figures> {
    let topology = Topology::build(CLIENTS, Some(RTT / 2))?;
    let _installed = scheme.install(&topology, LINK, RTT, &[Contract::default(); CLIENTS])?;
    let mut stage = Stage::open(&topology, seconds, 1.0)?;
    let (own, recording) = (stage.ping(0)?, stage.record()?);
    let pages = stage.fetch(0, 3.0, seconds)?;
    for flow in FLOWS {
        stage.download(0, flow, 1.0, seconds)?;
    }
    for _ in 0..4 {
        stage.download(0, Congestion::Cubic, 1.0, seconds)?;
    }
    for client in 1..CLIENTS {
        stage.download(client, Congestion::Cubic, 1.0, seconds)?;
        stage.download(client, Congestion::Cubic, 1.0, seconds)?;
    }
    let (own, pages, record) = (joined(own)?, joined(pages)?, joined(recording)?);
    let empty = Trips::between(&own, stage.at(0.0), stage.at(0.9)).median();
    let loaded = Trips::between(&own, stage.at(3.0), stage.at(seconds));
    let rates = record.rates(stage.at(3.0), stage.at(seconds));
    let fair = LINK.portion(1, CLIENTS as u64);
    let got = rates.iter().enumerate().map(|(client, rate)| Got {
        id: ClientId::numbered(client as u64),
        used: BitsPerSecond::saturating(*rate as u64),
        fair,
    });
    let shared = fairness(got);
    stage.close()?;
    Ok(figures([
        ("rtt_ms", empty),
        ("own_p50_ms", loaded.added(50.0, empty)),
        ("own_p99_ms", loaded.added(99.0, empty)),
        ("fetch_p50_ms", percentile(&pages, 50.0)),
        ("fetch_p95_ms", percentile(&pages, 95.0)),
        ("pages", pages.len() as f64),
        ("jain", shared.jain),
        ("min_share", shared.min),
        ("utilisation", rates.iter().sum::<f64>() / LINK.get() as f64),
    ]))
}

/// The smallest part of its due that a flow of a client gets which is flooded too.
fn flooded(seconds: f64) -> Result<f64> {
    let topology = Topology::build(CLIENTS, Some(RTT / 2))?;
    let _installed = Scheme::Usher.install(&topology, LINK, RTT, &[Contract::default(); CLIENTS])?;
    let mut stage = Stage::open(&topology, seconds, 1.0)?;
    let begin = 1.0;
    let flows: Vec<_> = FLOWS
        .iter()
        .map(|flow| stage.counted(0, *flow, begin, seconds))
        .collect::<Result<_>>()?;
    stage.flood(0, FLOOD, begin, seconds)?;
    for client in 1..CLIENTS {
        stage.download(client, Congestion::Cubic, begin, seconds)?;
    }
    let mut least = f64::INFINITY;
    let due = LINK.get() as f64 / 8.0 / CLIENTS as f64 / (FLOWS.len() + 1) as f64 * (seconds - begin);
    for flow in flows {
        least = least.min(joined(flow)? as f64 / due);
    }
    stage.close()?;
    Ok(least)
}
