//! Signing in through the real server: from the answer of a sign-in to the share, from a sign-out to its
//! end, and what tricks bring.

mod prober;
mod request;
mod server;
mod tricks;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usher_sharing::link::Side;
use usher_sharing::rate::BitsPerSecond;

use super::agent::Home;
use super::report::{Figures, Report, figures};
use super::scheme::devices;
use super::stage::{Stage, joined};
use super::statistics::percentile;
use super::topology::{SERVER, Topology, address};
use super::traffic::{Congestion, Echo, Span, flood};
use crate::kernel::{Handle, Kernel};
use crate::system;
use prober::Prober;
use server::Server;

/// One signs in and downloads, so many do not and flood.
const STRANGERS: usize = 20;
const CLIENTS: usize = STRANGERS + 1;
const SIGN_INS: usize = 200;
const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const FLOOD: BitsPerSecond = BitsPerSecond::mbit(5);
/// Where the probes go; the same service as the stage's.
const ECHO: u16 = 7777;
const DISCARD: u16 = 9;
/// What takes longer does not happen any more.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without an answer a client counts as blocked.
const SILENCE: Duration = Duration::from_millis(150);

pub(crate) fn run(usher: &Path, report: &mut Report) -> Result<()> {
    let topology = Topology::build(CLIENTS, None)?;
    let home = Home::with(&server::gateway_settings())?;
    let server = Server::start(&topology, &home, usher, CLIENTS, LINK)?;
    // The program ends before an hour is over, and with it whoever answers.
    let echo = topology.server.run(|| Echo::open(ECHO))?;
    topology.server.spawn(move || {
        echo.answer(Instant::now() + Duration::from_hours(1));
        Ok(())
    })?;
    let found = sign_ins(&topology, &server)?;
    report.at_most("sign_in_to_class_p99_ms", found["sign_in_to_class_p99_ms"], 250.0);
    report.at_most(
        "sign_out_to_blocked_max_ms",
        found["sign_out_to_blocked_max_ms"],
        1_000.0,
    );
    report.at_least("full_classes", found["full_classes"], SIGN_INS as f64);
    report.scheme("signing in", found);
    let found = tricks::play(&topology, &server)?;
    for (trick, bindings) in found.iter().filter(|(name, _)| name.ends_with("_bindings")) {
        report.at_most(trick, *bindings, 0.0);
    }
    report.scheme("tricks", found);
    let found = floods(&topology, &server)?;
    report.at_most("cost_percent", found["cost_percent"], 2.0);
    report.scheme("floods", found);
    Ok(())
}

/// Everybody signs in and out in turn, with a probe every millisecond.
fn sign_ins(topology: &Topology, server: &Server) -> Result<Figures> {
    let (mut posts, mut ins, mut outs) = (Vec::new(), Vec::new(), Vec::new());
    let mut full = 0;
    for round in 0..SIGN_INS {
        let client = round % CLIENTS;
        let prober = Prober::start(&topology.clients[client], (SERVER, ECHO))?;
        let begun = Instant::now();
        let signed = server.sign_in(&topology.clients[client], client, &[])?;
        posts.push(signed.answered.duration_since(begun));
        let through = prober.first_after(begun, PATIENCE);
        let through = through.context("who signed in does not reach the world")?;
        ins.push(through.saturating_duration_since(signed.answered));
        full += usize::from(has_class(topology, client)?);
        let out = server.sign_out(&topology.clients[client], &signed.token)?;
        let last = prober.last_before_silence(SILENCE, PATIENCE);
        let last = last.context("who signed out still reaches the world")?;
        outs.push(last.saturating_duration_since(out));
    }
    Ok(figures([
        ("sign_ins", SIGN_INS as f64),
        ("full_classes", full as f64),
        ("post_p50_ms", percentile(&posts, 50.0)),
        ("post_p99_ms", percentile(&posts, 99.0)),
        ("sign_in_to_class_p50_ms", percentile(&ins, 50.0)),
        ("sign_in_to_class_p99_ms", percentile(&ins, 99.0)),
        ("sign_out_to_blocked_p50_ms", percentile(&outs, 50.0)),
        ("sign_out_to_blocked_max_ms", percentile(&outs, 100.0)),
    ]))
}

/// Whether the kernel, asked itself, has a class of the client's own with the whole link for a ceiling.
fn has_class(topology: &Topology, client: usize) -> Result<bool> {
    topology.gateway.run(|| {
        let mut devices = devices()?;
        let table = devices.table(system::now())?;
        let members = table.map(|table| table.members).unwrap_or_default();
        let Some(member) = members.get(&address(client).into()) else {
            return Ok(false);
        };
        let handle = Handle::new(1, member.slot);
        let mut classes = devices.classes(Side::Down)?.into_iter();
        let whole = LINK.get() / 8 * 9 / 10;
        Ok(classes.any(|(class, _)| class.handle == handle && class.htb.ceil >= whole))
    })
}

/// How many addresses of these clients the kernel lets through.
fn bindings(topology: &Topology, clients: &[usize]) -> Result<f64> {
    topology.gateway.run(|| {
        let table = devices()?.table(system::now())?;
        let members = table.map(|table| table.members).unwrap_or_default();
        let bound = clients
            .iter()
            .filter(|client| members.contains_key(&address(**client).into()));
        Ok(bound.count() as f64)
    })
}

/// What the flood of those who are not signed in costs somebody who is.
fn floods(topology: &Topology, server: &Server) -> Result<Figures> {
    let (strangers, signed) = (&topology.clients[..STRANGERS], STRANGERS);
    let session = server.sign_in(&topology.clients[signed], signed, &[])?;
    let (quiet, loud, over) = ((2.0, 7.0), (8.0, 13.0), 13.5);
    let mut stage = Stage::open(topology, over, 1.0)?;
    let recording = stage.record()?;
    for _ in 0..2 {
        stage.download(signed, Congestion::Cubic, 0.5, over)?;
    }
    let span = Span {
        from: stage.at(7.5),
        until: stage.at(over),
    };
    let floods: Vec<_> = strangers
        .iter()
        .map(|client| client.spawn(move || flood(&[(SERVER, DISCARD)], FLOOD.get(), span)))
        .collect::<Result<_>>()?;
    let record = joined(recording)?;
    let mut packets = 0;
    for flood in floods {
        packets += joined(flood)?;
    }
    let goodput = |(from, until)| record.rates(stage.at(from), stage.at(until))[signed];
    let (before, beside) = (goodput(quiet), goodput(loud));
    stage.close()?;
    ensure!(before > 0.0, "nothing arrived at the client that is signed in");
    server.sign_out(&topology.clients[signed], &session.token)?;
    Ok(figures([
        ("alone_mbit", before / 1e6),
        ("beside_floods_mbit", beside / 1e6),
        ("flood_packets", packets as f64),
        ("cost_percent", (1.0 - beside / before) * 100.0),
    ]))
}
