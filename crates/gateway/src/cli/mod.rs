//! The command line.

mod doctor;
mod simulate;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, SAMPLE};
use crate::{agent, lab};
use simulate::Playing;

/// Shares a link fairly, by the kernel's own queues.
#[derive(Debug, Parser)]
#[command(
    name = "usher-gateway",
    version,
    about,
    after_help = "First, on the machine between the link and its clients:\n  \
    usher-gateway sample > gateway.toml\n  usher-gateway doctor --config gateway.toml\n  \
    usher-gateway run --config gateway.toml\nWithout such a machine:\n  usher-gateway lab share --vs fifo,static"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Share the link as the server says, until ended; the kernel goes on afterwards
    #[command(after_help = "Example:\n  usher-gateway run --config /etc/usher/gateway.toml")]
    Run {
        #[command(flatten)]
        common: Common,
        /// Replace queues that somebody else put on the devices
        #[arg(long)]
        take_over: bool,
    },
    /// Say what a running gateway does
    #[command(after_help = "Example:\n  usher-gateway status --config /etc/usher/gateway.toml --json")]
    Status {
        #[command(flatten)]
        common: Common,
        /// As the gateway says it
        #[arg(long)]
        json: bool,
    },
    /// Look whether this machine can do it, and change nothing
    #[command(after_help = "Example:\n  usher-gateway doctor --config /etc/usher/gateway.toml")]
    Doctor(Common),
    /// Take away everything that a gateway has put into the kernel, and nothing else
    #[command(after_help = "Example:\n  usher-gateway down --config /etc/usher/gateway.toml")]
    Down(Common),
    /// Print a configuration to start from
    #[command(after_help = "Example:\n  usher-gateway sample > gateway.toml")]
    Sample,
    /// Play a scenario and say what a gateway would say, one JSON object on each line
    #[command(
        after_help = "Example:\n  usher-gateway simulate crates/sharing/scenarios/w1.toml --seed 7 --outcome"
    )]
    Simulate {
        /// The scenario
        scenario: PathBuf,
        /// Equal seeds give equal runs
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Seconds of the scenario in a second of the clock; as fast as it goes without
        #[arg(long, value_parser = speed)]
        speed: Option<f64>,
        /// Let a server watch: wait for it on this socket, and report to it
        #[arg(long, value_name = "SOCKET", conflicts_with = "outcome")]
        listen: Option<PathBuf>,
        /// Print only what came of it
        #[arg(long)]
        outcome: bool,
    },
    /// Measure what it does, in namespaces of its own, without touching this machine's network
    #[command(after_help = "Example:\n  usher-gateway lab share --vs fifo,static --json share.json")]
    Lab(lab::Options),
}

#[derive(Args, Clone, Debug)]
struct Common {
    /// Where the settings are
    #[arg(long, value_name = "FILE", default_value = "/etc/usher/gateway.toml")]
    config: PathBuf,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("USHER_GATEWAY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("usher-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<bool> {
    match cli.command {
        Command::Run { common, take_over } => agent::run(&common.load()?, take_over)?,
        Command::Status { common, json } => status::run(&common.load()?, json)?,
        Command::Doctor(common) => return Ok(doctor::run(&common.load()?)),
        Command::Down(common) => agent::down(&common.load()?)?,
        Command::Simulate {
            scenario,
            seed,
            speed,
            listen,
            outcome,
        } => {
            let playing = Playing {
                seed,
                listen,
                speed,
                outcome,
            };
            simulate::play(&scenario, &playing)?;
        }
        Command::Sample => say(SAMPLE),
        Command::Lab(options) => return lab::run(&options),
    }
    Ok(true)
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a speed is a number above 0".to_owned()),
    }
}

impl Common {
    fn load(&self) -> Result<Config> {
        Config::load(&self.config)
    }
}

/// The answer of a command.
#[expect(clippy::print_stdout, reason = "this is where commands answer")]
pub(crate) fn say(text: &str) {
    println!("{}", text.trim_end());
}
