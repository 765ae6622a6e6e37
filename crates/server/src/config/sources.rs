//! Where settings come from, given as values so that tests need no environment of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The flags that stand above every other source.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--data-dir`
    pub data_dir: Option<String>,
    /// `--production`
    pub production: bool,
}

/// Everything settings are gathered from, besides their defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// The command line.
    pub flags: Flags,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Where relative names of settings files start.
    pub directory: PathBuf,
}

impl Sources {
    /// This process: its environment and working directory. Variables that are not Unicode are left out.
    pub fn from_process(flags: Flags) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            flags,
            env: std::env::vars_os().filter_map(text).collect(),
            directory: PathBuf::new(),
        }
    }
}
