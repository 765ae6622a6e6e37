//! `usher backup`

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use usher_store::Db;
use usher_store::copy::{About, write_archive};

use super::{Common, outside, progress, say};
use crate::config::{DatabaseUrl, Settings};
use crate::secrets::DataDir;
use crate::wiring;

/// What to do.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// The file to write; it must not exist
    file: PathBuf,
    /// Put the secret of the data folder in too; whoever has the file then has everything
    #[arg(long)]
    with_secrets: bool,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let settings = common.settings()?;
    let secrets = if options.with_secrets {
        DataDir::open(&settings.server.data_dir)?.export()?
    } else {
        Vec::new()
    };
    if options.with_secrets && secrets.is_empty() {
        bail!(
            "the data folder holds no secret; yours is in SECRET_KEY, keep it where it is and leave out --with-secrets"
        );
    }
    let db = existing(&settings).await?;
    let about = About {
        made_at: outside().clock.now(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: db.name().to_owned(),
    };
    let names: Vec<_> = secrets
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let written = write_archive(&db, &options.file, &about, &names, &mut progress::rows("saving")).await;
    db.close().await;
    let saved = written?;
    say(&format!(
        "{}: {}{}",
        options.file.display(),
        progress::summary(&saved),
        if options.with_secrets {
            ", and the secret"
        } else {
            ""
        }
    ));
    Ok(())
}

/// The database of the settings, in the schema of this program. Opening one that is not there would make
/// it, and one that is older must not be changed by looking at it.
pub(super) async fn existing(settings: &Settings) -> Result<Db> {
    if let DatabaseUrl::Sqlite(path) = &settings.database
        && !path.exists()
    {
        bail!(
            "there is no database {}; name it with --data-dir or [database] url",
            path.display()
        );
    }
    let db = wiring::connect(settings).await?;
    let missing = usher_store::migrate::plan(&db).await;
    if !missing.context("cannot look at the schema")?.is_empty() {
        db.close().await;
        bail!(
            "the database {} has an older schema than this program; run usher migrate",
            settings.database
        );
    }
    Ok(db)
}

/// A database to write to, in the schema of this program. One that does not answer is not waited for.
pub(super) async fn writable(settings: &Settings) -> Result<Db> {
    let db = wiring::connect(settings).await?;
    let migrated = usher_store::migrate::run(&db, outside().clock.now()).await;
    migrated.with_context(|| format!("cannot migrate {}", settings.database))?;
    Ok(db)
}
