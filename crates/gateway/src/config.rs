//! Settings of the gateway: a file of its own, because it runs as a user of its own. What the link carries
//! and who shares it comes from the server.

mod device;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ipnet::IpNet;
use serde::Deserialize;
use usher_sharing::wire::Tier;

use crate::controller::Terms;
use crate::rules::{Gate, Rules};
pub(crate) use device::DeviceName;

/// What was written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Device towards the clients.
    pub(crate) lan: DeviceName,
    /// Device towards the link.
    pub(crate) wan: DeviceName,
    /// Nobody outside these is shaped or let through.
    pub(crate) networks: Vec<IpNet>,
    /// Where the server connects.
    #[serde(default = "socket")]
    pub(crate) socket: PathBuf,
    /// What `down` must put back.
    #[serde(default = "state")]
    pub(crate) state: PathBuf,
    /// Who may speak on the socket, beside root and this program's own user: a name or a number.
    #[serde(default)]
    pub(crate) server_user: Option<String>,
    /// Whom to become after the start: a name or a number.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// How queues inside a class work; by what the kernel has, when absent.
    #[serde(default)]
    pub(crate) queues: Option<Tier>,
    /// How many clients may have queues by flow at a time.
    #[serde(default = "nested")]
    pub(crate) nested: usize,
    /// A machine beyond the link, to be pinged: shows the delay that the link adds.
    #[serde(default)]
    pub(crate) reflector: Option<Ipv4Addr>,
    /// A file in which the modem's side writes what the link carries now, towards the clients.
    #[serde(default)]
    pub(crate) capacity_down: Option<PathBuf>,
    /// The same, from the clients.
    #[serde(default)]
    pub(crate) capacity_up: Option<PathBuf>,
    /// Who is stopped without signing in; nobody, when absent.
    #[serde(default)]
    pub(crate) gate: Option<WrittenGate>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenGate {
    /// Port on this machine that answers web requests of those who are not signed in.
    portal: Option<u16>,
    /// Where they may go without signing in.
    #[serde(default)]
    garden: Vec<IpNet>,
    /// Whether everything else passes too, in the trickle class.
    #[serde(default)]
    trickle: bool,
}

fn socket() -> PathBuf {
    "/run/usher-gateway/gateway.sock".into()
}

fn state() -> PathBuf {
    "/run/usher-gateway/state.json".into()
}

const fn nested() -> usize {
    256
}

/// A sample that says what each setting is for.
pub(crate) const SAMPLE: &str = include_str!("../gateway.sample.toml");

impl Config {
    pub(crate) fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Self::read(&text).with_context(|| file.display().to_string())
    }

    fn read(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        ensure!(config.lan != config.wan, "lan and wan are the same device");
        ensure!(
            !config.networks.is_empty(),
            "networks: without one, nobody can be served"
        );
        Ok(config)
    }

    pub(crate) fn terms(&self, tier: Tier, take_over: bool) -> Terms {
        Terms {
            rules: Rules {
                lan: self.lan.clone(),
                wan: self.wan.clone(),
                gate: self.gate.as_ref().map(|gate| Gate {
                    portal: gate.portal,
                    garden: gate.garden.clone(),
                    trickle: gate.trickle,
                }),
            },
            networks: self.networks.clone(),
            tier,
            nested: self.nested,
            take_over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_configuration() {
        let config = Config::read(SAMPLE).unwrap();
        assert_eq!(config.lan.as_str(), "lan0");
        assert!(config.gate.is_some());
    }

    #[test]
    fn a_configuration_says_what_is_wrong_with_it() {
        for (text, word) in [
            (
                "lan = \"a\"\nwan = \"a\"\nnetworks = [\"10.0.0.0/8\"]",
                "same device",
            ),
            ("lan = \"a\"\nwan = \"b\"\nnetworks = []", "networks"),
            (
                "lan = \"a; reboot\"\nwan = \"b\"\nnetworks = [\"10.0.0.0/8\"]",
                "a device has a name",
            ),
            (
                "lan = \"a\"\nwan = \"b\"\nnetworks = [\"10.0.0.0/8\"]\nsauce = 1",
                "sauce",
            ),
        ] {
            let error = format!("{:#}", Config::read(text).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
