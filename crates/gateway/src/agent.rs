//! The program at work: one thread owns the kernel, others read what servers say.

mod listener;
mod peers;
mod privileges;
mod show;
mod surroundings;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{Applied, FromGateway, Health, Hello, ToGateway};

use crate::config::Config;
use crate::controller::{ControlError, Controller};
use crate::follow::{Follow, Pinger};
use crate::kernel::{Devices, Kernel, tier};
use crate::system;
use listener::Heard;
pub(crate) use listener::listen_at;
use peers::{Peer, Peers};
pub(crate) use show::{Scene, show};
pub(crate) use surroundings::Surroundings;

const ROUND: Duration = Duration::from_millis(500);
const REPORT: Duration = Duration::from_secs(1);

/// Runs until the process is ended. The kernel goes on with what it was told last.
pub(crate) fn run(config: &Config, take_over: bool) -> Result<()> {
    let tier = config.queues.unwrap_or_else(tier::probe);
    let devices = Devices::open(&config.lan, &config.wan).context("devices")?;
    Surroundings::prepare(config)?;
    let (said, heard) = channel();
    let pinger = config
        .reflector
        .map(Pinger::open)
        .transpose()
        .context("reflector")?;
    let listener = listener::bind(config)?;
    privileges::drop(config)?;
    if let Some(pinger) = pinger {
        let said = said.clone();
        pinger.spawn(move |trip| said.send(Heard::Trip(trip)).is_ok());
    }
    listener::listen(listener, said);
    let mut agent = Agent {
        controller: Controller::new(devices, config.terms(tier, take_over)),
        peers: Peers::default(),
        follow: Follow::default(),
        told: [config.capacity_down.clone(), config.capacity_up.clone()],
        health: Health::default(),
        reported: Instant::now(),
        scene: None,
    };
    tracing::info!(?tier, lan = %config.lan, wan = %config.wan, socket = %config.socket.display(), "ready");
    agent.work(&heard)
}

struct Agent<K> {
    controller: Controller<K>,
    peers: Peers,
    follow: Follow,
    /// Files in which something else writes what the link carries.
    told: [Option<PathBuf>; 2],
    health: Health,
    reported: Instant,
    /// What is shown instead of a link that a server decides about.
    scene: Option<Scene>,
}

impl<K: Kernel> Agent<K> {
    fn work(&mut self, heard: &Receiver<Heard>) -> Result<()> {
        let mut last = Instant::now();
        while self.scene.as_ref().is_none_or(Scene::goes_on) {
            match heard.recv_timeout((last + ROUND).saturating_duration_since(Instant::now())) {
                Ok(Heard::Came(peer)) => self.greet(peer),
                // Nobody decides about a scene.
                Ok(Heard::Said(..)) if self.scene.is_some() => {}
                Ok(Heard::Said(peer, what)) => {
                    let answer = self.answer(*what);
                    self.peers.tell(peer, &answer);
                }
                Ok(Heard::Went(peer)) => self.peers.forget(peer),
                Ok(Heard::Trip(trip)) => self.look(Some(trip)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the listener has ended"),
            }
            if last.elapsed() >= ROUND {
                self.round(last.elapsed());
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// A scene has a clock of its own.
    fn now(&self) -> Moment {
        self.scene.as_ref().map_or_else(system::now, Scene::now)
    }

    fn greet(&mut self, peer: Peer) {
        let hello = FromGateway::Hello(Hello {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            generation: self.controller.generation(),
            scenario: self.scene.as_ref().map(|scene| scene.name.clone()),
        });
        let number = peer.number;
        self.peers.add(peer);
        self.peers.tell(number, &hello);
        if self.scene.is_none()
            && let Ok(neighbours) = self.controller.neighbours()
        {
            self.peers.tell(number, &FromGateway::Neighbours(neighbours));
        }
    }

    fn answer(&mut self, what: ToGateway) -> FromGateway {
        let desired = match (what, self.controller.desired()) {
            (ToGateway::Desired(desired), _) => desired,
            (ToGateway::Change(_), None) => return FromGateway::Behind { generation: None },
            (ToGateway::Change(change), Some(before)) => match change.apply(before) {
                Ok(desired) => desired,
                Err(usher_sharing::wire::ChangeError::Behind { have, .. }) => {
                    return FromGateway::Behind {
                        generation: Some(have),
                    };
                }
                Err(error) => {
                    return FromGateway::Refused {
                        generation: change.to,
                        detail: error.to_string(),
                    };
                }
            },
        };
        let generation = desired.generation();
        let (begun, at) = (Instant::now(), self.now());
        match self.controller.apply(desired, at) {
            Ok(steps) => {
                self.health.steps += steps;
                let took_us = begun.elapsed().as_micros() as u64;
                tracing::info!(generation, steps, took_us, "in force");
                FromGateway::Applied(Applied {
                    generation,
                    at,
                    steps,
                    took_us,
                })
            }
            Err(error) => {
                self.health.errors += 1;
                tracing::error!(generation, %error, "refused");
                FromGateway::Refused {
                    generation,
                    detail: error.to_string(),
                }
            }
        }
    }

    /// Looks at the link.
    fn look(&mut self, trip: Option<Duration>) {
        let now = self.now();
        if let Err(error) = self.follow.look(&mut self.controller, trip, now) {
            self.health.errors += 1;
            tracing::error!(%error, "the link cannot be followed");
        }
    }

    fn round(&mut self, span: Duration) {
        let begun = Instant::now();
        for (told, file) in self.follow.told.iter_mut().zip(&self.told) {
            *told = file.as_deref().and_then(read_rate);
        }
        self.look(None);
        let now = self.now();
        match self.controller.tick(now, span) {
            Ok(tick) => {
                self.health.steps += tick.steps;
                self.health.drift += tick.drift;
                if tick.drift > 0 {
                    tracing::warn!(drift = tick.drift, "something was not as it was left");
                }
            }
            Err(error) => {
                self.health.errors += 1;
                tracing::error!(%error, "a round failed; the kernel goes on as it is");
            }
        }
        self.health.tick_us = begun.elapsed().as_micros() as u64;
        if self.reported.elapsed() >= REPORT {
            self.report();
        }
    }

    fn report(&mut self) {
        let span = self.reported.elapsed();
        self.reported = Instant::now();
        let now = self.now();
        if let Some(mut telemetry) = self.controller.report(now, span, self.health) {
            telemetry.scenario = self.scene.as_ref().map(|scene| scene.name.clone());
            self.peers.tell_all(&FromGateway::Telemetry(Box::new(telemetry)));
        }
        self.health = Health::default();
        // Devices of a scene are nobody's whom the server knows.
        if self.scene.is_some() {
            return;
        }
        match self.controller.neighbours() {
            Ok(neighbours) => self.peers.tell_neighbours(neighbours),
            Err(error) => tracing::warn!(%error, "no neighbours"),
        }
    }
}

/// What the modem is said to carry: a rate like `12M` or a number of bit/s, in a file.
fn read_rate(file: &Path) -> Option<BitsPerSecond> {
    let text = std::fs::read_to_string(file).ok()?;
    match text.trim().parse() {
        Ok(rate) => Some(rate),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "not a rate");
            None
        }
    }
}

/// Takes everything away that is ours, and puts back what was changed around it.
pub(crate) fn down(config: &Config) -> Result<(), ControlError> {
    let devices = Devices::open(&config.lan, &config.wan)?;
    let mut controller = Controller::new(devices, config.terms(usher_sharing::wire::Tier::Fifo, false));
    controller.down(system::now())?;
    Surroundings::put_back(config);
    Ok(())
}
