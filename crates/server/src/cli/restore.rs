//! `usher restore`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use usher_store::Db;
use usher_store::copy::{self, Archive, Content};

use super::{Common, backup, outside, progress, say};
use crate::config::Settings;
use crate::secrets::DataDir;

/// Where the archive is laid out, in the data folder.
const WORK: &str = "restore.part";

/// What to do.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// A file that usher backup has written
    file: PathBuf,
    /// Throw away what the database holds now
    #[arg(long)]
    replace: bool,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let settings = common.settings()?;
    let folder = DataDir::open(&settings.server.data_dir)?;
    let now = outside().clock.now();
    let archive = Archive::open(&options.file, &folder.path().join(WORK), now).await?;
    let restored = restore(&settings, &archive, options.replace).await;
    let secret = match &restored {
        Ok(_) => folder.import(&archive.secrets),
        Err(_) => Ok(None),
    };
    let about = archive.about.clone();
    archive.close().await;
    let restored = restored?;
    say(&format!(
        "restored {} of {} ({})",
        progress::summary(&restored),
        about.made_at,
        options.file.display()
    ));
    if let Some(path) = secret? {
        say(&format!("made {}", path.display()));
    }
    say(
        "Everybody signs in anew. Registrations, codes and mails that waited were not brought back; \
         restart every usher that runs on this database.",
    );
    Ok(())
}

async fn restore(settings: &Settings, archive: &Archive, replace: bool) -> Result<Vec<Content>> {
    let db = backup::writable(settings).await?;
    let done = replace_all(&db, settings, archive, replace).await;
    db.close().await;
    done
}

async fn replace_all(db: &Db, settings: &Settings, archive: &Archive, replace: bool) -> Result<Vec<Content>> {
    let mut tx = db.begin().await?;
    if !replace && !copy::is_blank(&mut tx).await? {
        bail!(
            "the database {} is in use; save it with usher backup, then throw it away with --replace",
            settings.database
        );
    }
    copy::clear(&mut tx).await?;
    let mut from = archive.snapshot().await?;
    let copied = copy::copy(&mut from, &mut tx, &mut progress::rows("restoring")).await?;
    tx.commit().await?;
    Ok(copied)
}
