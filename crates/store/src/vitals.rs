//! What a database says about itself, for whoever looks after it.

use usher_accounts::time::Timestamp;

use crate::tx::{Db, StoreError};

/// Its kind and version.
pub async fn version(db: &Db) -> Result<String, StoreError> {
    Ok(match db {
        Db::Sqlite { readers, .. } => {
            let version: String = sqlx::query_scalar("SELECT sqlite_version()")
                .fetch_one(readers)
                .await?;
            format!("SQLite {version}")
        }
        Db::Postgres(pool) => {
            let version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
                .fetch_one(pool)
                .await?;
            format!("PostgreSQL {version}")
        }
    })
}

/// What its clock shows; an embedded database has none of its own.
pub async fn clock(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    const CLOCK: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
    Ok(match db {
        Db::Sqlite { .. } => None,
        Db::Postgres(pool) => {
            let micros: i64 = sqlx::query_scalar(CLOCK).fetch_one(pool).await?;
            Some(Timestamp::from_micros(micros))
        }
    })
}
