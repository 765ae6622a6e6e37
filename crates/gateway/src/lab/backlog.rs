//! A thousand clients and more who all want more than there is, and one who wants nothing.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::fairness::{Got, fairness};
use usher_sharing::id::ClientId;
use usher_sharing::rate::BitsPerSecond;

use super::crowd;
use super::report::{Figures, Report, figures};
use super::scheme::{Contract, Scheme};
use super::stage::joined;
use super::statistics::Trips;
use super::topology::{SERVER, address};
use super::traffic::{Echo, Ping, Span, Target, flood};

const RTT: Duration = Duration::from_millis(40);
const ECHO: u16 = 7;
const SINK: u16 = 9;
/// Time in which only the quiet one sends.
const ALONE: Duration = Duration::from_secs(1);
const SETTLE: Duration = Duration::from_secs(4);

pub(crate) fn run(crowds: &[usize], link: BitsPerSecond, seconds: f64, report: &mut Report) -> Result<()> {
    for clients in crowds {
        let found = once(*clients, link, seconds)?;
        for (name, wanted) in [("jain", 0.99), ("utilisation", 0.97)] {
            report.at_least(&format!("{name} of {clients}"), found[name], wanted);
        }
        report.at_most(
            &format!("idle_p99_ms beside {clients}"),
            found["idle_p99_ms"],
            2.0,
        );
        report.scheme(&clients.to_string(), found);
    }
    Ok(())
}

fn once(clients: usize, link: BitsPerSecond, seconds: f64) -> Result<Figures> {
    let topology = crowd::build()?;
    let contracts = vec![Contract::default(); clients];
    // The last one only pings.
    let clients = clients - 1;
    let begun = Instant::now();
    let _gateway = Scheme::Usher.install(&topology, link, RTT, &contracts)?;
    let install = begun.elapsed();
    let early = Instant::now();
    let begun = early + ALONE;
    let (from, until) = (begun + SETTLE, begun + SETTLE + Duration::from_secs_f64(seconds));
    let crowd = &topology.clients[0];
    let drain = crowd.spawn(move || drain(until))?;
    let counting = crowd.spawn(move || crowd::count(from, until))?;
    let echo = topology.server.run(|| Echo::open(ECHO))?;
    let echoing = topology.server.spawn(move || {
        echo.answer(until + Duration::from_secs(1));
        Ok(())
    })?;
    let quiet = address(clients);
    let ping = Ping {
        from: Some(quiet),
        to: (SERVER, ECHO),
        interval: quietly(clients, link),
        span: Span { from: early, until },
    };
    let pinging = crowd.spawn(move || ping.run())?;
    let targets: Vec<Target> = (0..clients).map(|client| (address(client), SINK)).collect();
    let span = Span { from: begun, until };
    let sending = topology
        .server
        .spawn(move || flood(&targets, link.get() * 2, span))?;
    let sent = joined(sending)?;
    let counted = joined(counting)?;
    let trips = joined(pinging)?;
    joined(drain)?;
    joined(echoing)?;

    let span = Duration::from_secs_f64(seconds);
    let fair = link.portion(1, clients as u64);
    let got = (0..clients).map(|client| Got {
        id: ClientId::numbered(client as u64),
        used: BitsPerSecond::of(counted.get(&address(client).octets()).copied().unwrap_or(0), span),
        fair,
    });
    let shared = fairness(got);
    let all: u64 = counted.values().sum();
    let empty = Trips::between(&trips, early, begun).median();
    let loaded = Trips::between(&trips, from, until);
    Ok(figures([
        ("install_ms", install.as_secs_f64() * 1e3),
        (
            "offered",
            sent as f64 * 1514.0 * 8.0 / (seconds + SETTLE.as_secs_f64()) / link.get() as f64,
        ),
        ("utilisation", all as f64 * 8.0 / seconds / link.get() as f64),
        ("jain", shared.jain),
        ("min_share", shared.min),
        ("idle_p50_ms", loaded.added(50.0, empty)),
        ("idle_p99_ms", loaded.added(99.0, empty)),
        ("idle_loss_percent", loaded.loss()),
    ]))
}

/// So seldom that pings are a quarter of a fair part: who asks for more than that is not quiet.
fn quietly(clients: usize, link: BitsPerSecond) -> Duration {
    const PING_BITS: u64 = 98 * 8;
    let quarter = link.portion(1, 4 * clients as u64).get().max(1);
    Duration::from_micros(PING_BITS * 1_000_000 / quarter).max(Duration::from_millis(20))
}

/// Takes in what comes, so that nobody answers that there is nobody.
fn drain(until: Instant) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, SINK))?;
    socket.set_nonblocking(true)?;
    let mut buffer = [0; 2048];
    while Instant::now() < until {
        while socket.recv(&mut buffer).is_ok() {}
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
