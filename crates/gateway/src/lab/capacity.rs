//! A satellite link that gets slower and quicker without a word, with a modem that keeps a long queue.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Tier;

use super::autorate::Autorate;
use super::gateway::Gateway;
use super::report::{Figures, Report, figures};
use super::satellite::Orbit;
use super::scheme::{Contract, terms, unsteered, with_capacity};
use super::stage::{Stage, joined};
use super::statistics::{Trips, percentile};
use super::topology::Topology;
use super::traffic::{Congestion, Trip};

const FULL: u64 = 20_000_000;
const LOW: u64 = 8_000_000;
const DROP: f64 = 14.0;
const RISE: f64 = 27.0;
const SECONDS: f64 = 40.0;
/// What the modem keeps waiting.
const MODEM: usize = 1_250_000;
/// The last one only pings.
const CLIENTS: usize = 5;
/// Word of a change comes so late.
const LATE: f64 = 0.5;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Path {
    /// 40 ms of round trip
    Leo,
    /// 600 ms of round trip
    Geo,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Source {
    /// Inferred from delay and what arrives
    Probe,
    /// Told by the modem, half a second late
    Told,
    /// Inferred by the rule of cake-autorate, for comparison
    Autorate,
    /// No shaper at all
    None,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Told => "told",
            Self::Autorate => "autorate",
            Self::None => "none",
        }
    }
}

pub(crate) fn run(path: Path, sources: &[Source], report: &mut Report) -> Result<()> {
    for source in sources {
        let found = once(path, *source)?;
        let of = |name: &str| found[name];
        let name = source.name();
        match (path, source) {
            (Path::Leo, Source::Probe) => {
                report.at_most(&format!("drop_ms {name}"), of("drop_ms"), 2_500.0);
                report.at_least(&format!("low_utilisation {name}"), of("low_utilisation"), 0.88);
                report.at_most(&format!("low_p99_ms {name}"), of("low_p99_ms"), 60.0);
                report.at_most(&format!("rise_ms {name}"), of("rise_ms"), 6_000.0);
            }
            (Path::Leo, Source::Told) => {
                report.at_most(&format!("drop_ms {name}"), of("drop_ms"), 1_500.0);
                report.at_least(&format!("low_utilisation {name}"), of("low_utilisation"), 0.93);
            }
            (Path::Geo, Source::Told) => {
                report.at_most(&format!("drop_ms {name}"), of("drop_ms"), 8_000.0);
                report.at_most(&format!("low_p50_ms {name}"), of("low_p50_ms"), 50.0);
                report.at_least(&format!("low_utilisation {name}"), of("low_utilisation"), 0.85);
            }
            // Nobody claims that these work: a probe loses much of a link so long.
            (Path::Geo, Source::Probe) | (_, Source::Autorate | Source::None) => {}
        }
        report.scheme(name, found);
    }
    let low = |name: &str| report.figure(name, "low_utilisation");
    let beside = low("probe") / low("autorate");
    if !beside.is_nan() && path == Path::Leo {
        report.at_least("low_utilisation probe over autorate", beside, 1.2);
    }
    Ok(())
}

fn once(path: Path, source: Source) -> Result<Figures> {
    let rtt = Duration::from_millis(match path {
        Path::Leo => 40,
        Path::Geo => 600,
    });
    // Setting up takes time that is known only afterwards: the schedule is in seconds of the stage.
    let begin = Instant::now() + Duration::from_secs(4);
    let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
    let orbit = Orbit {
        delay: rtt / 2,
        capacity: vec![(begin, FULL), (at(DROP), LOW), (at(RISE), FULL)],
        queue: MODEM,
    };
    let topology = Topology::under(CLIENTS, Some(orbit))?;
    let gateway = shaped(&topology, source, rtt)?;
    let autorate = (source == Source::Autorate).then(|| {
        // It too has to keep below what the link carries at its best.
        let most = BitsPerSecond::saturating(FULL / 20 * 19);
        let shape = unsteered(&topology, most, rtt, CLIENTS as u16, CLIENTS as u64 - 1)?;
        Autorate::start(&topology, shape, rtt, most)
    });
    let autorate = autorate.transpose()?;
    let mut stage = Stage::open_at(&topology, begin, SECONDS, 1.0)?;
    let (quiet, recording) = (stage.ping(CLIENTS - 1)?, stage.record()?);
    for client in 0..CLIENTS - 1 {
        stage.download(client, Congestion::Cubic, 1.5, SECONDS)?;
        stage.download(client, Congestion::Cubic, 1.5, SECONDS)?;
    }
    for (when, rate) in [(0.0, FULL), (DROP + LATE, LOW), (RISE + LATE, FULL)] {
        std::thread::sleep(at(when).saturating_duration_since(Instant::now()));
        if let (Some(gateway), Source::Told) = (&gateway, source) {
            gateway.tell(BitsPerSecond::saturating(rate));
        }
    }
    let (quiet, record) = (joined(quiet)?, joined(recording)?);
    let empty = Trips::between(&quiet, at(0.2), at(1.4)).median();
    let used = |from, until| record.rates(at(from), at(until)).iter().sum::<f64>();
    let low = Trips::between(&quiet, at(DROP + 3.0), at(RISE));
    let window = Duration::from_millis(500);
    let risen = record
        .windows(window)
        .filter(|(end, _)| *end >= at(RISE) + window)
        .find(|(_, rates)| rates.iter().sum::<f64>() >= 0.85 * FULL as f64)
        .map_or(f64::NAN, |(end, _)| (end - at(RISE)).as_secs_f64() * 1e3);
    stage.close()?;
    autorate.map_or(Ok(()), Autorate::end)?;
    Ok(figures([
        ("before_utilisation", used(6.0, DROP) / FULL as f64),
        (
            "before_p50_ms",
            Trips::between(&quiet, at(6.0), at(DROP)).added(50.0, empty),
        ),
        ("drop_ms", calm(&quiet, at(DROP), at(RISE), empty)),
        ("low_utilisation", used(DROP + 3.0, RISE) / LOW as f64),
        ("low_p50_ms", low.added(50.0, empty)),
        ("low_p99_ms", low.added(99.0, empty)),
        ("rise_ms", risen),
    ]))
}

fn shaped(topology: &Topology, source: Source, rtt: Duration) -> Result<Option<Gateway>> {
    let kind = match source {
        Source::Autorate | Source::None => return Ok(None),
        Source::Probe => "probe",
        Source::Told => "telemetry",
    };
    let capacity = serde_json::from_value(serde_json::json!({
        "rated": FULL,
        "rtt_ms": rtt.as_millis() as u64,
        "source": { "kind": kind },
    }))?;
    let desired = with_capacity(1, capacity, &[Contract::default(); CLIENTS])?;
    Gateway::start(topology, terms(Tier::MiniFq)?, desired).map(Some)
}

/// Milliseconds until the added delay was below 50 ms for a second on end; NaN when it never was.
fn calm(trips: &[Trip], from: Instant, until: Instant, empty: f64) -> f64 {
    let long = |(_, trip): &Trip| trip.is_none_or(|trip| percentile(&[trip], 100.0) - empty >= 50.0);
    let mut since = from;
    for trip in trips.iter().filter(|(sent, _)| *sent >= from && *sent < until) {
        if long(trip) {
            since = trip.0;
        } else if trip.0 - since >= Duration::from_secs(1) {
            return (since - from).as_secs_f64() * 1e3;
        }
    }
    f64::NAN
}
