//! One link, six clients that want different things, and one that only pings: how the link is shared, and
//! what the quiet one notices.

use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::allocate::{Claim, allocate};
use usher_sharing::demand::Demand;
use usher_sharing::fairness::{Got, fairness};
use usher_sharing::id::ClientId;
use usher_sharing::plan::{Band, Weight};
use usher_sharing::rate::BitsPerSecond;

use super::meter::Record;
use super::report::{Figures, Report, figures};
use super::scheme::{Contract, Scheme};
use super::stage::{Stage, joined};
use super::statistics::Trips;
use super::topology::Topology;
use super::traffic::Congestion;

const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const FLOOD: BitsPerSecond = BitsPerSecond::mbit(30);
const PACED: BitsPerSecond = BitsPerSecond::mbit(2);
const CLIENTS: usize = 6;
/// The client that only pings.
const QUIET: usize = 5;
/// The client that comes late with many flows and leaves early.
const LATE: usize = 0;
/// Both parts of the run: seconds, and whether the late client is there.
pub(super) const PHASES: [(&str, f64, f64, bool); 2] = [("p1", 3.0, 5.9, false), ("p2", 8.0, 13.9, true)];
/// What queues are sized for; the path itself is as short as the machine.
const RTT: Duration = Duration::from_millis(40);

pub(crate) fn run(against: &[Scheme], seconds: f64, report: &mut Report) -> Result<()> {
    for scheme in [Scheme::Usher].iter().chain(against) {
        let found = once(*scheme, seconds)?;
        report.scheme(scheme.name(), found);
    }
    judge(report);
    Ok(())
}

fn judge(report: &mut Report) {
    for phase in ["p1", "p2"] {
        let usher = |name: &str| report.figure("usher", &format!("{name}_{phase}"));
        let (utilisation, jain, least) = (usher("utilisation"), usher("jain"), usher("min_share"));
        let other = |scheme: &str, name: &str| report.figure(scheme, &format!("{name}_{phase}"));
        let (fixed, fifo) = (other("static", "utilisation"), other("fifo", "min_share"));
        report.at_least(&format!("utilisation_{phase}"), utilisation, 0.99);
        report.at_least(&format!("jain_{phase}"), jain, 0.995);
        report.at_least(&format!("min_share_{phase}"), least, 0.97);
        if !fixed.is_nan() {
            report.at_least(
                &format!("utilisation_{phase} over static"),
                utilisation / fixed,
                1.25,
            );
        }
        if !fifo.is_nan() {
            report.at_least(
                &format!("min_share_{phase} over fifo"),
                least / fifo.max(1e-9),
                20.0,
            );
        }
    }
    let idle = report.figure("usher", "idle_p99_ms");
    report.at_most("idle_p99_ms", idle, 5.0);
    let fifo = report.figure("fifo", "idle_p99_ms");
    if !fifo.is_nan() {
        report.at_most("idle_p99_ms over fifo", idle / fifo, 0.02);
    }
}

/// One scheme's figures.
pub(super) fn once(scheme: Scheme, seconds: f64) -> Result<Figures> {
    let topology = Topology::build(CLIENTS, None)?;
    let contracts = [Contract::default(); CLIENTS];
    let _installed = scheme.install(&topology, LINK, RTT, &contracts)?;
    let mut stage = Stage::open(&topology, 20.0, seconds / 20.0)?;
    let (quiet, busy) = (stage.ping(QUIET)?, stage.ping(1)?);
    let recording = stage.record()?;
    stage.download(1, Congestion::Cubic, 1.0, 20.0)?;
    stage.download(2, Congestion::Bbr, 1.0, 20.0)?;
    stage.flood(3, FLOOD, 1.0, 20.0)?;
    stage.paced(4, Congestion::Cubic, Some(PACED), 1.0, 20.0)?;
    for _ in 0..8 {
        stage.download(LATE, Congestion::Cubic, 6.0, 14.0)?;
    }
    let record = joined(recording)?;
    let (quiet, busy) = (joined(quiet)?, joined(busy)?);

    let empty = |trips| Trips::between(trips, stage.at(0.0), stage.at(0.9)).median();
    let loaded = |trips| Trips::between(trips, stage.at(3.0), stage.at(19.5));
    let mut found = figures([
        ("idle_p50_ms", loaded(&quiet).added(50.0, empty(&quiet))),
        ("idle_p99_ms", loaded(&quiet).added(99.0, empty(&quiet))),
        ("idle_loss_percent", loaded(&quiet).loss()),
        ("own_p50_ms", loaded(&busy).added(50.0, empty(&busy))),
        ("own_p99_ms", loaded(&busy).added(99.0, empty(&busy))),
        (
            "converge_start_ms",
            settled(&record, stage.at(6.0), stage.at(10.0), true),
        ),
        (
            "converge_stop_ms",
            settled(&record, stage.at(14.0), stage.at(18.0), false),
        ),
    ]);
    for (phase, from, until, late) in PHASES {
        let rates = record.rates(stage.at(from), stage.at(until));
        let shared = fairness(compared(&rates, late));
        let sum: f64 = rates.iter().sum();
        found.insert(format!("utilisation_{phase}"), sum / LINK.get() as f64);
        found.insert(format!("jain_{phase}"), shared.jain);
        found.insert(format!("min_share_{phase}"), shared.min);
        for (client, rate) in rates.iter().enumerate().filter(|(client, _)| *client != QUIET) {
            found.insert(format!("c{}_mbit_{phase}", client + 1), rate / 1e6);
        }
    }
    stage.close()?;
    Ok(found)
}

/// What each client asks for in a phase.
fn demand(client: usize, late: bool) -> Demand {
    match client {
        LATE if !late => Demand::Known(BitsPerSecond::ZERO),
        3 => Demand::Known(FLOOD),
        4 => Demand::Known(PACED),
        QUIET => Demand::Known(BitsPerSecond::ZERO),
        _ => Demand::Backlogged,
    }
}

fn fair(late: bool) -> Vec<BitsPerSecond> {
    let claims: Vec<Claim> = (0..CLIENTS)
        .map(|client| Claim::new(Weight::ONE, Band::default(), demand(client, late)))
        .collect();
    allocate(LINK, &claims)
}

fn compared(rates: &[f64], late: bool) -> impl Iterator<Item = Got> {
    let clients = rates.iter().zip(fair(late)).enumerate();
    let clients = clients.map(|(client, (rate, fair))| Got {
        id: ClientId::numbered(client as u64),
        used: BitsPerSecond::saturating(*rate as u64),
        fair,
    });
    clients.collect::<Vec<_>>().into_iter()
}

/// Milliseconds until every client that asks for more than it gets is within 15 % of its share over
/// 100 ms; NaN when that does not happen.
fn settled(record: &Record, from: Instant, until: Instant, late: bool) -> f64 {
    let fair = fair(late);
    let wanting = |client: &usize| matches!(demand(*client, late), Demand::Backlogged) || *client == 3;
    let near = |rates: &[f64]| {
        (0..CLIENTS).filter(wanting).all(|client| {
            let share = fair[client].get() as f64;
            (rates[client] - share).abs() <= 0.15 * share
        })
    };
    let window = Duration::from_millis(100);
    let mut windows = record
        .windows(window)
        .filter(|(at, _)| *at >= from + window && *at <= until);
    let first = windows.find(|(_, rates)| near(rates));
    first.map_or(f64::NAN, |(at, _)| (at - from).as_secs_f64() * 1e3)
}
