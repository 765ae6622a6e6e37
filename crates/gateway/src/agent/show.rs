//! A controller at work on a scene: it reports as a gateway does, and takes no orders.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Instant;

use anyhow::Result;
use usher_sharing::id::Label;
use usher_sharing::moment::Moment;
use usher_sharing::wire::Health;

use super::Agent;
use super::listener::{self, Heard};
use super::peers::Peers;
use crate::controller::Controller;
use crate::follow::{Follow, Pinger};
use crate::kernel::Kernel;

/// What is shown, and how long.
pub(crate) struct Scene {
    /// What it is called.
    pub(crate) name: Label,
    /// Its first moment.
    pub(crate) begun: Instant,
    /// Its last.
    pub(crate) over: Instant,
}

impl Scene {
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.over
    }

    /// Time counts from the beginning, as in a simulation.
    pub(super) fn now(&self) -> Moment {
        Moment::START + self.begun.elapsed()
    }
}

/// Keeps the state in force that the controller has, and reports to whoever connects to the socket.
pub(crate) fn show<K: Kernel>(
    controller: Controller<K>,
    scene: Scene,
    socket: &Path,
    reflector: Ipv4Addr,
) -> Result<()> {
    let (said, heard) = channel();
    let trips = said.clone();
    Pinger::open(reflector)?.spawn(move |trip| trips.send(Heard::Trip(trip)).is_ok());
    listener::listen(listener::bind_for(socket, Vec::new())?, said);
    let mut agent = Agent {
        controller,
        peers: Peers::default(),
        follow: Follow::default(),
        told: [None, None],
        health: Health::default(),
        reported: Instant::now(),
        scene: Some(scene),
    };
    let shown = agent.work(&heard);
    std::fs::remove_file(socket)?;
    shown
}
