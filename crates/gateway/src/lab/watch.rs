//! A link to look at: real queues, real traffic, and reports for a server's dashboard. The socket is a file,
//! so a server outside the namespaces reaches it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{Desired, Tier};

use super::scheme::{Contract, desired, devices, terms};
use super::stage::{Stage, joined};
use super::topology::{SERVER, Topology};
use super::traffic::Congestion;
use crate::agent::{Scene, show};
use crate::controller::Controller;

const NAME: &str = "Lab: three people, one comes and goes";
const LABELS: [&str; 3] = ["greedy", "comes and goes", "quiet"];
const GREEDY: usize = 0;
const GUEST: usize = 1;
const QUIET: usize = 2;
const LINK: BitsPerSecond = BitsPerSecond::mbit(30);
const RTT: Duration = Duration::from_millis(40);
/// The guest comes so often, and stays for half of it.
const VISIT: f64 = 16.0;
/// The first visit begins.
const FIRST: f64 = 6.0;

pub(crate) fn run(socket: &Path, seconds: f64) -> Result<()> {
    let topology = Topology::build(LABELS.len(), Some(RTT / 2))?;
    let mut stage = Stage::open(&topology, seconds, 1.0)?;
    let scene = Scene {
        name: NAME.parse()?,
        begun: stage.at(0.0),
        over: stage.at(seconds),
    };
    let socket = socket.to_owned();
    let showing = topology.gateway.spawn(move || {
        let mut controller = Controller::new(devices()?, terms(Tier::MiniFq)?);
        controller.apply(state()?, Moment::START)?;
        show(controller, scene, &socket, SERVER)
    })?;
    let quiet = stage.ping(QUIET)?;
    for _ in 0..2 {
        stage.download(GREEDY, Congestion::Cubic, 1.0, seconds)?;
    }
    let mut from = FIRST;
    while from < seconds {
        for _ in 0..4 {
            stage.download(GUEST, Congestion::Cubic, from, (from + VISIT / 2.0).min(seconds))?;
        }
        from += VISIT;
    }
    // Whoever watches may come late: the reports say what there is at the time.
    tracing::info!(name = NAME, until = ?(stage.at(seconds) - Instant::now()), "traffic begins");
    joined(showing)?;
    joined(quiet)?;
    stage.close()
}

/// The clients under the names they are shown by.
fn state() -> Result<Desired> {
    let plain = desired(1, LINK, RTT, &[Contract::default(); LABELS.len()])?;
    let mut clients = plain.clients().to_vec();
    for (client, label) in clients.iter_mut().zip(LABELS) {
        client.label = label.parse()?;
    }
    Ok(Desired::new(1, plain.link().clone(), clients)?)
}
