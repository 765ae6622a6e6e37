//! Measures what the gateway does with real kernels, queues and senders, in namespaces that end with the
//! program. The machine's own network is never touched.

mod agent;
mod autorate;
mod backlog;
mod capacity;
mod chaos;
mod converge;
mod crowd;
mod gate;
mod gateway;
mod inner;
mod meter;
mod portal;
mod report;
mod satellite;
mod scale;
mod scheme;
mod share;
mod sim;
mod space;
mod stage;
mod statistics;
mod topology;
mod traffic;
mod watch;
mod weights;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use usher_sharing::rate::BitsPerSecond;

use report::Report;
use scheme::Scheme;

/// Flags of every measurement.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(subcommand)]
    bar: Bar,
    /// Also write the figures here, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
enum Bar {
    /// Six clients that want different things share 20 Mbit/s
    #[command(after_help = "Example:\n  usher-gateway lab share --vs fifo,static")]
    Share {
        /// Measure these beside it
        #[arg(long, value_delimiter = ',')]
        vs: Vec<Scheme>,
        /// How long each scheme is measured
        #[arg(long, default_value_t = 20.0)]
        seconds: f64,
    },
    /// Weights and caps, held against the allocation that is right by definition
    #[command(after_help = "Example:\n  usher-gateway lab weights 1:2:4,caps")]
    Weights {
        /// Weights with colons between them; `,caps` measures caps too
        #[arg(default_value = "1:2:4,caps")]
        weights: String,
        /// How long each measurement takes
        #[arg(long, default_value_t = 8.0)]
        seconds: f64,
    },
    /// How long it takes until somebody who comes has their share, and a change of the link is felt
    Converge,
    /// What so many clients cost to keep, beside `tc -batch`
    #[command(after_help = "Example:\n  usher-gateway lab scale 10000")]
    Scale {
        #[arg(default_value_t = 10_000, value_parser = crowd)]
        clients: usize,
    },
    /// So many clients who all want more than there is
    #[command(after_help = "Example:\n  usher-gateway lab backlog 1000,10000 --link 100M")]
    Backlog {
        #[arg(value_delimiter = ',', default_value = "1000,10000", value_parser = crowd)]
        clients: Vec<usize>,
        /// What they share
        #[arg(long, default_value = "100M")]
        link: BitsPerSecond,
        /// How long it is measured
        #[arg(long, default_value_t = 8.0)]
        seconds: f64,
    },
    /// Who is not signed in reaches the portal and nothing else; how fast that changes
    Gate,
    /// Signing in and out through the real server, and what tricks and floods of others bring
    #[command(after_help = "Example:\n  usher-gateway lab portal --usher target/release/usher")]
    Portal {
        /// The server's program
        #[arg(long, value_name = "FILE", default_value = "usher")]
        usher: PathBuf,
    },
    /// A satellite link that gets slower and quicker behind a modem with a long queue
    #[command(after_help = "Example:\n  usher-gateway lab capacity leo --sources probe,autorate,told,none")]
    Capacity {
        #[arg(default_value = "leo")]
        path: capacity::Path,
        /// Who says what the link carries, one run for each
        #[arg(long, value_delimiter = ',', default_value = "probe,autorate,told,none")]
        sources: Vec<capacity::Source>,
    },
    /// A link with real traffic for a server's dashboard to show; measures nothing
    #[command(after_help = "Example, with a server whose link.socket is the same:\n  \
        usher-gateway lab watch --listen /tmp/gateway.sock --seconds 300")]
    Watch {
        /// Where the server finds it, as if it were a gateway
        #[arg(long, value_name = "SOCKET")]
        listen: PathBuf,
        /// How long
        #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(10..=3600))]
        seconds: u16,
    },
    /// The program is killed, restarted, robbed of its classes and taken down, all under load
    Chaos,
    /// The simulator beside the kernel: the six clients of `share`, twice with one seed
    #[command(after_help = "Example:\n  usher-gateway lab sim --seed 7")]
    Sim {
        /// Equal seeds give equal runs
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Pages and calls of a client beside its own transfers, over 40 ms
    #[command(after_help = "Example:\n  usher-gateway lab inner --vs pfifo,plain")]
    Inner {
        /// Measure these beside it
        #[arg(long, value_delimiter = ',')]
        vs: Vec<Scheme>,
        /// How often flows are measured beside a flood, each time with other ports
        #[arg(long, default_value_t = 10)]
        seeds: u32,
        /// How long each scheme is measured
        #[arg(long, default_value_t = 15.0)]
        seconds: f64,
    },
}

impl Bar {
    const fn name(&self) -> &'static str {
        match self {
            Self::Share { .. } => "share",
            Self::Weights { .. } => "weights",
            Self::Converge => "converge",
            Self::Inner { .. } => "inner",
            Self::Scale { .. } => "scale",
            Self::Backlog { .. } => "backlog",
            Self::Chaos => "chaos",
            Self::Gate => "gate",
            Self::Sim { .. } => "sim",
            Self::Portal { .. } => "portal",
            Self::Watch { .. } => "watch",
            Self::Capacity { .. } => "capacity",
        }
    }
}

/// At least two, and no more than a gateway serves.
fn crowd(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(clients) if (2..=usher_sharing::wire::MAX_CLIENTS).contains(&clients) => Ok(clients),
        _ => Err(format!("2 to {} clients", usher_sharing::wire::MAX_CLIENTS)),
    }
}

fn read_weights(text: &str) -> Result<(Vec<u16>, bool)> {
    let (weights, caps) = match text.strip_suffix(",caps") {
        Some(weights) => (weights, true),
        None => (text, false),
    };
    let weights = weights.split(':').map(str::parse).collect::<Result<_, _>>();
    Ok((
        weights.context("weights are whole numbers with colons between them")?,
        caps,
    ))
}

/// Runs one measurement. Whether every bar was passed.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let ahead = run_ahead();
    space::leave_the_machine()?;
    let mut report = Report::new(options.bar.name(), ahead);
    match &options.bar {
        Bar::Share { vs, seconds } => share::run(vs, *seconds, &mut report)?,
        Bar::Weights { weights, seconds } => {
            let (weights, caps) = read_weights(weights)?;
            weights::run(&weights, caps, *seconds, &mut report)?;
        }
        Bar::Converge => converge::run(&mut report)?,
        Bar::Scale { clients } => scale::run(*clients, &mut report)?,
        Bar::Backlog {
            clients,
            link,
            seconds,
        } => backlog::run(clients, *link, *seconds, &mut report)?,
        Bar::Chaos => chaos::run(&mut report)?,
        Bar::Gate => gate::run(&mut report)?,
        Bar::Sim { seed } => sim::run(*seed, &mut report)?,
        Bar::Watch { listen, seconds } => {
            watch::run(listen, (*seconds).into())?;
            return Ok(true);
        }
        Bar::Portal { usher } => portal::run(usher, &mut report)?,
        Bar::Capacity { path, sources } => capacity::run(*path, sources, &mut report)?,
        Bar::Inner { vs, seeds, seconds } => inner::run(vs, *seeds, *seconds, &mut report)?,
    }
    crate::cli::say(&report.text());
    if let Some(file) = &options.json {
        report.write(file)?;
    }
    Ok(report.passed())
}

/// Asks that other programs' load does not show in the times. Only root may.
fn run_ahead() -> bool {
    let mut chrt = Command::new("chrt");
    chrt.args(["--rr", "--pid", "5", &std::process::id().to_string()]);
    let status = chrt.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
