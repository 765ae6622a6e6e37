//! The written values of all sources, the stronger over the weaker, each with its place.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::Value;

use super::error::{ConfigError, Place};
use super::file::{SettingsFile, VARIABLE};
use super::kind::{self, Kind};
use super::sources::Sources;
use super::written::{Server, key, nearest};

const PREFIX: &str = "USHER_";
const SEPARATOR: &str = "__";

/// Names that other services taught people, the keys they stand for, and the unit their number lacks.
/// They are weaker than the `USHER_` form, which can mean nothing else.
pub(super) const WELL_KNOWN: [(&str, &str, &str); 5] = [
    ("DATABASE_URL", "database.url", ""),
    ("SECRET_KEY", "secrets.key", ""),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "login.access_ttl", "m"),
    ("SESSION_EXPIRE_HOURS", "session.ttl", "h"),
    ("SESSION_CLEANUP_INTERVAL_HOURS", "session.cleanup_every", "h"),
];

/// What was written, by path.
#[derive(Default)]
pub(super) struct Values(BTreeMap<&'static str, (Value, Place)>);

impl Values {
    /// Reads every source. Types are judged later, key by key.
    pub(super) fn gather(sources: &Sources) -> Result<Self, ConfigError> {
        let mut above = Self::default();
        above.add_well_known(sources);
        above.add_variables(sources)?;
        above.add_flags(sources);
        let data_dir = above.read("server.data_dir", Server::default().data_dir)?;
        let mut all = Self::default();
        if let Some(file) = SettingsFile::find(sources, &data_dir)? {
            for (path, value, place) in file.values()? {
                all.0.insert(path, (value, place));
            }
        }
        all.0.extend(above.0);
        Ok(all)
    }

    /// The value of one key, or what stands in for it.
    pub(super) fn read<K: Kind>(&self, path: &'static str, default: K) -> Result<K, ConfigError> {
        match self.0.get(path) {
            None => Ok(default),
            Some((value, _)) => kind::read(value).map_err(|problem| self.refuse(path, problem)),
        }
    }

    /// Holds a value to the range of its key.
    pub(super) fn hold<K: Kind + PartialOrd + std::fmt::Display>(
        &self,
        path: &'static str,
        value: &K,
        range: &RangeInclusive<K>,
    ) -> Result<(), ConfigError> {
        kind::within(value, range).map_err(|problem| self.refuse(path, problem))
    }

    /// An error about one key.
    pub(super) fn refuse(&self, key: &'static str, problem: impl Into<String>) -> ConfigError {
        ConfigError::Value {
            key,
            place: self.place(key),
            problem: problem.into(),
        }
    }

    /// Where a key was written.
    pub(super) fn place(&self, path: &str) -> Place {
        self.0
            .get(path)
            .map(|(_, place)| place.clone())
            .unwrap_or_default()
    }

    fn add_well_known(&mut self, sources: &Sources) {
        for (name, path, unit) in WELL_KNOWN {
            if let Some(text) = sources.env.get(name).filter(|text| !text.is_empty()) {
                self.add_text(path, &format!("{text}{unit}"), Place::Variable(name.to_owned()));
            }
        }
    }

    /// An empty variable counts as not set: compose files and templates cannot leave one out.
    fn add_variables(&mut self, sources: &Sources) -> Result<(), ConfigError> {
        for (name, text) in &sources.env {
            let Some(rest) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(SEPARATOR)) else {
                continue;
            };
            if name == VARIABLE {
                continue;
            }
            let path = rest.replace(SEPARATOR, ".").to_ascii_lowercase();
            let place = Place::Variable(name.clone());
            let Some(key) = key(&path) else {
                let nearest = nearest(&path).map(|path| variable(&path));
                return Err(ConfigError::Unknown {
                    name: name.clone(),
                    place,
                    nearest,
                });
            };
            if !text.is_empty() {
                self.add_text(key.path, text, place);
            }
        }
        Ok(())
    }

    fn add_flags(&mut self, sources: &Sources) {
        let flags = &sources.flags;
        let texts = [
            ("server.listen", "--listen", &flags.listen),
            ("server.data_dir", "--data-dir", &flags.data_dir),
        ];
        for (path, flag, text) in texts {
            if let Some(text) = text {
                self.add_text(path, text, Place::Flag(flag));
            }
        }
    }

    fn add_text(&mut self, path: &str, text: &str, place: Place) {
        if let Some(key) = key(path) {
            self.0.insert(key.path, ((key.from_text)(text), place));
        }
    }
}

/// The environment variable of a key.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', SEPARATOR).to_ascii_uppercase())
}
