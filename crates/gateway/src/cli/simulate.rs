//! `simulate`: plays a scenario and says what a gateway would say. Needs no rights and no network.

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use usher_sharing::simulate::{Scenario, run};
use usher_sharing::wire::{FromGateway, encode};

use crate::agent::listen_at;

/// How a scenario is played.
#[derive(Clone, Debug)]
pub(super) struct Playing {
    pub(super) seed: u64,
    /// Where a server finds it, as if it were a gateway.
    pub(super) listen: Option<PathBuf>,
    /// Seconds of the scenario in a second of the clock; as fast as it goes, when absent.
    pub(super) speed: Option<f64>,
    /// Only what came of it.
    pub(super) outcome: bool,
}

pub(super) fn play(file: &Path, playing: &Playing) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let scenario: Scenario = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let mut out: Box<dyn Write> = match &playing.listen {
        Some(socket) => Box::new(meet(socket)?),
        None => Box::new(std::io::stdout().lock()),
    };
    // A server watches in its own time.
    let speed = playing.speed.or(playing.listen.is_some().then_some(1.0));
    let begun = Instant::now();
    let mut broken = None;
    let outcome = run(&scenario, playing.seed, &mut |frame| {
        pace(frame, speed, begun);
        if playing.outcome {
            return ControlFlow::Continue(());
        }
        match encode(frame)
            .map_err(anyhow::Error::from)
            .and_then(|line| Ok(out.write_all(&line)?))
        {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match broken {
        // Whoever read has seen enough.
        Some(error) if is_closed(&error) => return Ok(()),
        Some(error) => return Err(error),
        None => {}
    }
    let outcome = outcome?;
    if playing.outcome {
        writeln!(out, "{}", serde_json::to_string_pretty(&outcome)?)?;
    }
    Ok(())
}

/// Waits for a server on a socket of that name, which is gone once it has come. What the server says has
/// nobody to be done for.
fn meet(socket: &Path) -> Result<UnixStream> {
    let listener = listen_at(socket)?;
    let met = listener.accept();
    std::fs::remove_file(socket)?;
    let (server, _) = met?;
    let mut said = server.try_clone()?;
    thread::spawn(move || {
        let mut unheard = [0; 4096];
        while matches!(said.read(&mut unheard), Ok(1..)) {}
    });
    Ok(server)
}

fn is_closed(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Waits until the clock is where the scenario is.
fn pace(frame: &FromGateway, speed: Option<f64>, begun: Instant) {
    if let (FromGateway::Telemetry(telemetry), Some(speed)) = (frame, speed) {
        let at = Duration::from_micros(telemetry.at.micros().unsigned_abs()).div_f64(speed);
        thread::sleep((begun + at).saturating_duration_since(Instant::now()));
    }
}
