//! `usher config`

use anyhow::Result;
use clap::Subcommand;

use super::{Common, say};
use crate::config;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the effective settings and the table of limits, secrets as ***
    #[command(after_help = "Example:\n  usher config show")]
    Show,
    /// Print every key with its meaning and default
    #[command(after_help = "Example:\n  usher config sample > usher.toml")]
    Sample,
}

pub(super) fn run(common: &Common, command: &Command) -> Result<()> {
    match command {
        Command::Show => say(&config::show(&common.settings()?)),
        Command::Sample => say(&config::sample()),
    }
    Ok(())
}
