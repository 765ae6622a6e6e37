//! What shaping needs around it: single packets instead of bundles, and counted connections. What was
//! changed is written down, so that `down` can put it back.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::kernel::{BUNDLING, Offloads};

const COUNTING: &str = "/proc/sys/net/netfilter/nf_conntrack_acct";

#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Surroundings {
    /// Offloads that were on, by device.
    offloads: BTreeMap<String, Vec<String>>,
    /// Connections were not counted.
    counting_was_off: bool,
}

impl Surroundings {
    /// Prepares the devices. What cannot be had is said and done without: shares come out less even, and
    /// new connections are not recognised as such.
    pub(crate) fn prepare(config: &Config) -> Result<()> {
        let mut before = Self::load(config);
        match Offloads::open() {
            Ok(mut offloads) => {
                for device in [config.lan.as_str(), config.wan.as_str()] {
                    before.without_offloads(&mut offloads, device);
                }
            }
            Err(error) => tracing::warn!(%error, "offloads cannot be seen"),
        }
        if fs::read_to_string(COUNTING).is_ok_and(|text| text.trim() == "0") {
            match fs::write(COUNTING, "1") {
                Ok(()) => before.counting_was_off = true,
                Err(error) => tracing::warn!(%error, "connections are not counted"),
            }
        }
        let folder = config.state.parent().context("state: not a file")?;
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let text = serde_json::to_string(&before)?;
        fs::write(&config.state, text).with_context(|| config.state.display().to_string())
    }

    fn without_offloads(&mut self, offloads: &mut Offloads, device: &str) {
        let on = offloads.active(device, BUNDLING).unwrap_or_default();
        if on.is_empty() {
            return;
        }
        match offloads.set(device, BUNDLING, false) {
            Ok(()) => {
                let known = self.offloads.entry(device.to_owned()).or_default();
                known.extend(on);
                known.sort();
                known.dedup();
            }
            Err(error) => tracing::warn!(device, %error, "packets arrive in bundles"),
        }
    }

    /// Puts everything back as it was before the first start.
    pub(crate) fn put_back(config: &Config) {
        let before = Self::load(config);
        for (device, features) in &before.offloads {
            let features: Vec<&str> = features.iter().map(String::as_str).collect();
            let done = Offloads::open().and_then(|mut offloads| offloads.set(device, &features, true));
            if let Err(error) = done {
                tracing::warn!(device, %error, "offloads stay off");
            }
        }
        if before.counting_was_off
            && let Err(error) = fs::write(COUNTING, "0")
        {
            tracing::warn!(%error, "connections stay counted");
        }
        let _ = fs::remove_file(&config.state);
    }

    fn load(config: &Config) -> Self {
        let text = fs::read_to_string(&config.state).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}
