//! `usher keys`

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use usher_accounts::keys::MacKeys;
use usher_accounts::time::Timestamp;
use usher_service::keyring;
use usher_store::signing_keys::{self, SigningKeyRow};

use super::{Common, outside, say, usher};
use crate::config::Span;
use crate::wiring;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the keys that sign access tokens, the oldest first
    #[command(after_help = "Example:\n  usher keys list")]
    List,
    /// Make a new key. It is published at once and signs a little later; what older ones signed stays good
    #[command(after_help = "Example:\n  usher keys rotate")]
    Rotate(Rotation),
    /// Put a new key in the place of all others at once, because one is known to somebody
    #[command(after_help = "Example:\n  usher keys replace --yes\nThen restart every usher on the database.")]
    Replace {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// When the new key signs.
#[derive(Args, Debug)]
pub(super) struct Rotation {
    /// How long it is only published; longer than others may remember the published keys
    #[arg(long, value_name = "DURATION", default_value = "6m")]
    after: Span,
}

pub(super) async fn run(common: Common, command: Command) -> Result<()> {
    match command {
        Command::List => list(common).await,
        Command::Rotate(rotation) => rotate(common, rotation).await,
        Command::Replace { yes } => replace(common, yes).await,
    }
}

async fn list(common: Common) -> Result<()> {
    let settings = common.settings()?;
    let db = super::backup::existing(&settings).await?;
    let rows = signing_keys::all(&db).await;
    db.close().await;
    let (rows, now) = (rows?, outside().clock.now());
    if rows.is_empty() {
        say("There are no keys yet; the first start makes one.");
    }
    let signing = rows.iter().rposition(|row| row.signs_from <= now);
    for (index, row) in rows.iter().enumerate() {
        let what = match signing {
            Some(current) if index == current => "signs",
            Some(current) if index < current => "retired",
            _ => "published",
        };
        say(&line(row, what));
    }
    Ok(())
}

fn line(row: &SigningKeyRow, what: &str) -> String {
    format!("{}  {what:<9}  from {}", row.kid, row.signs_from)
}

async fn rotate(common: Common, rotation: Rotation) -> Result<()> {
    let usher = usher(&common.settings()?).await?;
    let made = usher.rotate_signing_key(rotation.after.into()).await;
    usher.db.close().await;
    let from: Timestamp = made?;
    say(&format!(
        "A new key is published and signs from {from}. Nothing has to be restarted; nobody is signed out."
    ));
    Ok(())
}

/// Not by way of the stories: with a new secret they refuse the old keys, and this is what to do about it.
async fn replace(common: Common, yes: bool) -> Result<()> {
    if !yes {
        bail!("this voids every access token, also where others verify them; add --yes to do it");
    }
    let (settings, outside) = (common.settings()?, outside());
    let secrets = wiring::open_secrets(&settings, &*outside.dice)?;
    let db = wiring::open_database(&settings, &outside).await?;
    let keys = MacKeys::derive(&secrets.root);
    let replaced = keyring::replace(&db, &keys, &*outside.dice, outside.clock.now()).await;
    db.close().await;
    replaced.context("the keys could not be replaced")?;
    say("One new key signs, the others are void. Restart every usher on this database.");
    Ok(())
}
