//! `usher move`

use anyhow::{Context, Result, bail};
use clap::Args;
use usher_store::Db;
use usher_store::copy::{self, Content, Snapshot};

use super::{Common, backup, progress, say};
use crate::config::{DatabaseUrl, Settings};

/// What to do.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// The database to move; without it the one of the settings
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// An empty database: postgres://user@host/name or sqlite:PATH. A password may also stand in PGPASSWORD
    #[arg(long, value_name = "URL")]
    to: String,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let mut from = common.settings()?;
    let mut to = from.clone();
    to.database = url("--to", &options.to)?;
    if let Some(text) = &options.from {
        from.database = url("--from", text)?;
    }
    if same(&from.database, &to.database) {
        bail!("--from and --to are the same database");
    }
    let source = backup::existing(&from).await?;
    let moved = into(&source, &to).await;
    source.close().await;
    let moved = moved?;
    say(&format!(
        "moved {}; both databases hold the same, {} is as it was\n\
         Next: give usher the new one, [database] url or DATABASE_URL, and the same secret as before:\n  {}",
        progress::summary(&moved),
        from.database,
        to.database
    ));
    Ok(())
}

/// However it is written.
fn same(one: &DatabaseUrl, other: &DatabaseUrl) -> bool {
    match (one, other) {
        (DatabaseUrl::Sqlite(one), DatabaseUrl::Sqlite(other)) => {
            let place = |path: &std::path::Path| path.canonicalize().ok();
            one == other || (place(one).is_some() && place(one) == place(other))
        }
        _ => one == other,
    }
}

/// Not by the command line's parser: its messages repeat what was written, the password too.
fn url(flag: &str, text: &str) -> Result<DatabaseUrl> {
    text.parse()
        .map_err(|reason| anyhow::anyhow!("{flag} is no database: {reason}; see usher move --help"))
}

async fn into(source: &Db, to: &Settings) -> Result<Vec<Content>> {
    let target = backup::writable(to).await.context("the database to move to")?;
    let moved = rows(source, &target, to).await;
    target.close().await;
    moved
}

/// All or nothing: the one transaction ends well only when the source is still what was copied.
async fn rows(source: &Db, target: &Db, to: &Settings) -> Result<Vec<Content>> {
    let mut tx = target.begin().await?;
    if !copy::is_blank(&mut tx).await? {
        bail!("the database {} is in use; move to an empty one", to.database);
    }
    copy::clear(&mut tx).await?;
    let mut from = Snapshot::of(source).await?;
    let copied = copy::copy(&mut from, &mut tx, &mut progress::rows("moving")).await?;
    drop(from);
    let after = copy::contents(&mut Snapshot::of(source).await?).await?;
    if let Err(copy::CopyError::Differs(table)) = copy::compare(&copied, &after) {
        bail!(
            "somebody has written to {table} meanwhile; stop every usher that runs on the database and try again"
        );
    }
    tx.commit().await?;
    Ok(copied)
}
