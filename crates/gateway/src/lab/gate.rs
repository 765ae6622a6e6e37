//! Who is not signed in reaches the portal and nothing else; who is, reaches everything.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Tier;

use super::gateway::Gateway;
use super::report::{Report, figures};
use super::scheme::{Contract, desired, terms};
use super::space::Space;
use super::stage::joined;
use super::topology::{SERVER, Topology};
use crate::rules::Gate;

const LINK: BitsPerSecond = BitsPerSecond::mbit(20);
const RTT: Duration = Duration::from_millis(40);
const PORTAL: u16 = 8000;
const WEB: u16 = 80;
const OTHER: u16 = 5001;
const DNS: u16 = 53;
/// Long enough for an answer that comes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough for knowing that none comes.
const SILENCE: Duration = Duration::from_millis(700);
const SIGN_INS: u64 = 20;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let topology = Topology::build(2, None)?;
    let over = Instant::now() + Duration::from_mins(1);
    let portal = serve(&topology.gateway, PORTAL, *b"portal", over)?;
    let web = serve(&topology.server, WEB, *b"world.", over)?;
    let other = serve(&topology.server, OTHER, *b"world.", over)?;
    let names = topology.server.spawn(move || answer_names(over))?;
    let mut terms = terms(Tier::MiniFq)?;
    terms.rules.gate = Some(Gate {
        portal: Some(PORTAL),
        garden: Vec::new(),
        trickle: false,
    });
    let contract = [Contract::default()];
    let gateway = Gateway::start(&topology, terms, desired(1, LINK, RTT, &contract)?)?;
    let [signed, stranger] = [&topology.clients[0], &topology.clients[1]];
    let is = |client: &Space, port, wanted: [u8; 6]| {
        Ok::<_, anyhow::Error>(said(client, port, PATIENCE)? == Some(wanted))
    };
    let count = |truths: [bool; 3]| truths.into_iter().filter(|truth| *truth).count() as f64;
    let right = count([
        is(signed, WEB, *b"world.")?,
        is(signed, OTHER, *b"world.")?,
        named(signed)?,
    ]);
    let strange = count([
        is(stranger, WEB, *b"portal")?,
        said(stranger, OTHER, SILENCE)?.is_none(),
        named(stranger)?,
    ]);

    let (mut slowest_in, mut slowest_out) = (0.0_f64, 0.0_f64);
    let mut generation = 1;
    for _ in 0..SIGN_INS {
        generation += 1;
        let begun = Instant::now();
        gateway.apply(desired(generation, LINK, RTT, &[])?)?;
        slowest_out = slowest_out.max(begun.elapsed().as_secs_f64() * 1e3);
        let blocked = said(signed, OTHER, SILENCE)?.is_none();
        anyhow::ensure!(blocked, "who signed out still reaches the world");
        generation += 1;
        let begun = Instant::now();
        gateway.apply(desired(generation, LINK, RTT, &contract)?)?;
        anyhow::ensure!(
            is(signed, OTHER, *b"world.")?,
            "who signed in does not reach the world"
        );
        slowest_in = slowest_in.max(begun.elapsed().as_secs_f64() * 1e3);
    }
    drop(gateway);
    report.scheme(
        "usher",
        figures([
            ("signed_right", right),
            ("stranger_right", strange),
            ("sign_in_to_first_answer_ms", slowest_in),
            ("sign_out_ms", slowest_out),
        ]),
    );
    report.at_least("signed_right", right, 3.0);
    report.at_least("stranger_right", strange, 3.0);
    report.at_most("sign_in_to_first_answer_ms", slowest_in, 250.0);
    report.at_most("sign_out_ms", slowest_out, 1_000.0);
    // They wait for callers until their minute is over; the program does not.
    drop((portal, web, other, names));
    Ok(())
}

type Hand = thread::JoinHandle<Result<()>>;

fn serve(space: &Space, port: u16, text: [u8; 6], over: Instant) -> Result<Hand> {
    let listener = space.run(|| Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?))?;
    space.spawn(move || {
        while Instant::now() < over {
            let (mut stream, _) = listener.accept()?;
            // Who hangs up has seen enough.
            let _ = stream.write_all(&text);
        }
        Ok(())
    })
}

/// What a client is told at a port of the server; nothing when it does not get there.
fn said(client: &Space, port: u16, patience: Duration) -> Result<Option<[u8; 6]>> {
    client.run(|| {
        let Ok(mut stream) = TcpStream::connect_timeout(&(SERVER, port).into(), patience) else {
            return Ok(None);
        };
        stream.set_read_timeout(Some(patience))?;
        let mut text = [0; 6];
        Ok(stream.read_exact(&mut text).ok().map(|()| text))
    })
}

fn answer_names(over: Instant) -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, DNS))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 64];
    while Instant::now() < over {
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(&buffer[..length], from)?;
        }
    }
    Ok(())
}

/// Whether a client's question for a name is answered.
fn named(client: &Space) -> Result<bool> {
    let asking = client.spawn(|| {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.send_to(b"name?", (SERVER, DNS))?;
        Ok(socket.recv(&mut [0; 64]).is_ok())
    })?;
    joined(asking)
}
