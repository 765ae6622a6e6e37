//! `status`: what a running gateway says of itself.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use usher_sharing::wire::{FromGateway, Lines, SideReport, Telemetry, decode};

use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(config: &Config, json: bool) -> Result<()> {
    let path = &config.socket;
    let mut stream =
        UnixStream::connect(path).with_context(|| format!("no gateway at {}", path.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let begun = Instant::now();
    let (mut lines, mut buffer) = (Lines::new(), vec![0; 1 << 16]);
    let mut hello = None;
    while begun.elapsed() < PATIENCE {
        let length = match stream.read(&mut buffer) {
            Ok(0) => bail!("the gateway does not speak with this user"),
            Ok(length) => length,
            Err(_) => break,
        };
        lines.push(&buffer[..length]);
        while let Some(line) = lines.next_line()? {
            match decode(&line)? {
                FromGateway::Hello(said) => hello = Some(said),
                FromGateway::Telemetry(telemetry) => {
                    let text = if json {
                        String::from_utf8_lossy(&line).into_owned()
                    } else {
                        text(&telemetry)
                    };
                    super::say(&text);
                    return Ok(());
                }
                _ => {}
            }
        }
    }
    let hello = hello.context("the gateway says nothing")?;
    super::say(&format!(
        "usher-gateway {}: nothing is in force, no server has spoken yet",
        hello.program
    ));
    Ok(())
}

fn text(telemetry: &Telemetry) -> String {
    let mut lines = vec![
        format!("generation {}, queues {:?}", telemetry.generation, telemetry.tier),
        format!("{} signed in, {} active", telemetry.signed_in, telemetry.active),
        side("down", &telemetry.down),
    ];
    lines.extend(telemetry.up.as_ref().map(|up| side("up", up)));
    for client in telemetry.clients.iter().take(20) {
        lines.push(format!(
            "  {:38} {:>12} of {:>12}  {:?}",
            client.id,
            client.down.used.get(),
            client.down.allocation.get(),
            client.reason
        ));
    }
    let health = telemetry.health;
    lines.push(format!(
        "round {} µs, drift {}, errors {}",
        health.tick_us, health.drift, health.errors
    ));
    lines.join("\n")
}

fn side(name: &str, side: &SideReport) -> String {
    format!(
        "{name}: {} of {} bit/s used, Jain {}, least {}, {} drops",
        side.used.get(),
        side.capacity.shaped.get(),
        side.fairness.jain,
        side.fairness.min,
        side.drops
    )
}
