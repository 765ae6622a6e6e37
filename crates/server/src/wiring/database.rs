//! The database, as the settings name it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use usher_store::{Db, Postgres};

use super::Outside;
use crate::config::{DatabaseUrl, Settings};

/// How often a database that is not there yet is asked again, and how often that is said.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// Opens the database and applies what is missing to it.
pub async fn open_database(settings: &Settings, outside: &Outside) -> Result<Db> {
    migrated(connect(settings).await?, outside).await
}

/// The same for programs that run for long: they wait for a database that is not there yet.
pub async fn await_database(settings: &Settings, outside: &Outside) -> Result<Db> {
    migrated(wait_for_database(settings).await?, outside).await
}

async fn migrated(db: Db, outside: &Outside) -> Result<Db> {
    usher_store::migrate::run(&db, outside.clock.now())
        .await
        .context("cannot migrate the database")?;
    Ok(db)
}

/// Opens the database as it is.
pub async fn connect(settings: &Settings) -> Result<Db> {
    Ok(match &settings.database {
        DatabaseUrl::Sqlite(path) => Db::open_sqlite(path)
            .await
            .with_context(|| format!("cannot open {}", path.display()))?,
        DatabaseUrl::Postgres(url) => postgres(settings, url)
            .connect()
            .await
            .context("cannot use PostgreSQL")?,
    })
}

/// Opens the database as it is, when need be once it is there: a server that starts together with this
/// program is often the later of the two.
pub async fn wait_for_database(settings: &Settings) -> Result<Db> {
    let DatabaseUrl::Postgres(url) = &settings.database else {
        return connect(settings).await;
    };
    let patience = Duration::from(settings.postgres.wait);
    let begun = Instant::now();
    let mut said = None;
    loop {
        match postgres(settings, url).connect().await {
            Ok(db) => return Ok(db),
            Err(error) if error.may_pass() && begun.elapsed() < patience => {
                if said.is_none_or(|at: Instant| at.elapsed() >= SAY_AGAIN_AFTER) {
                    said = Some(Instant::now());
                    let left = patience.saturating_sub(begun.elapsed()).as_secs();
                    tracing::warn!(%error, "waiting for PostgreSQL, {left} s more at the most");
                }
                tokio::time::sleep(ASK_AGAIN_AFTER.min(patience)).await;
            }
            Err(error) if error.may_pass() && !patience.is_zero() => {
                let waited = format!("PostgreSQL was not there within {}", settings.postgres.wait);
                return Err(anyhow::Error::from(error).context(waited));
            }
            Err(error) => return Err(anyhow::Error::from(error).context("cannot use PostgreSQL")),
        }
    }
}

fn postgres(settings: &Settings, url: &str) -> Postgres {
    let limits = &settings.postgres;
    Postgres {
        url: url.to_owned(),
        connections: limits.connections,
        acquire_timeout: limits.acquire_timeout.into(),
        statement_timeout: limits.statement_timeout.into(),
        idle_in_transaction_timeout: limits.idle_in_transaction_timeout.into(),
    }
}
