//! Bringing a database to the schema of this program.

use sqlx::error::DatabaseError;
use usher_accounts::time::Timestamp;

use crate::tx::{Db, StoreError, Tx};

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "start",
        text: include_str!("../migrations/0001_start.sql"),
    },
    Migration {
        version: 2,
        name: "signing_keys",
        text: include_str!("../migrations/0002_signing_keys.sql"),
    },
    Migration {
        version: 3,
        name: "link",
        text: include_str!("../migrations/0003_link.sql"),
    },
    Migration {
        version: 4,
        name: "disabled",
        text: include_str!("../migrations/0004_disabled.sql"),
    },
    Migration {
        version: 5,
        name: "sessions_of_registrations",
        text: include_str!("../migrations/0005_sessions_of_registrations.sql"),
    },
];

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version {int} PRIMARY KEY NOT NULL, name TEXT NOT NULL, applied_at {int} NOT NULL) {strict}";

/// A migration that is in this program but not yet in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// What it would run.
    pub sql: String,
}

/// What [`run`] would do.
pub async fn plan(db: &Db) -> Result<Vec<Pending>, StoreError> {
    let applied = applied(db).await?;
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| !applied.contains(&migration.version))
        .map(|migration| Pending {
            version: migration.version,
            name: migration.name,
            sql: spell(migration.text, db),
        })
        .collect())
}

/// Applies what is missing, each migration in a transaction of its own, and says which. Any number of
/// programs may do this at once: the row that names a migration lets only one of them through.
pub async fn run(db: &Db, now: Timestamp) -> Result<Vec<Pending>, StoreError> {
    let mut done = Vec::new();
    let pending = plan(db).await?;
    if pending.is_empty() {
        return Ok(done);
    }
    let mut tx = db.begin().await?;
    // Two programs creating the table at once may collide on a server; the loser finds it there.
    match execute(&mut tx, spell(HISTORY, db)).await {
        Ok(()) => tx.commit().await?,
        Err(StoreError::Taken) => drop(tx),
        Err(StoreError::Unavailable(cause)) if is_there_already(&cause) => drop(tx),
        Err(cause) => return Err(cause),
    }
    for migration in pending {
        let mut tx = db.begin().await?;
        if claim(&mut tx, &migration, now).await? {
            execute(&mut tx, migration.sql.clone()).await?;
            tx.commit().await?;
            done.push(migration);
        }
    }
    Ok(done)
}

async fn applied(db: &Db) -> Result<Vec<i64>, StoreError> {
    const LIST: &str = "SELECT version FROM schema_migrations";
    let rows = match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(LIST).fetch_all(readers).await,
        Db::Postgres(pool) => sqlx::query_scalar(LIST).fetch_all(pool).await,
    };
    match rows {
        // The database itself says that the table is not there: nothing has been applied.
        Err(sqlx::Error::Database(cause)) if is_no_table(&*cause) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

/// PostgreSQL has two words for it, by how far the other program has come.
fn is_there_already(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some("42P07")
}

fn is_no_table(cause: &dyn DatabaseError) -> bool {
    cause.code().as_deref() == Some("42P01") || cause.message().starts_with("no such table")
}

async fn claim(tx: &mut Tx, migration: &Pending, now: Timestamp) -> Result<bool, StoreError> {
    const CLAIM: &str = "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)
        ON CONFLICT (version) DO NOTHING";
    macro_rules! claim {
        ($on:expr) => {
            sqlx::query(CLAIM)
                .bind(migration.version)
                .bind(migration.name)
                .bind(now.micros())
                .execute($on)
                .await?
                .rows_affected()
        };
    }
    let claimed = match tx {
        Tx::Sqlite(turn) => claim!(turn.connection()),
        Tx::Postgres(tx) => claim!(&mut **tx),
    };
    Ok(claimed == 1)
}

async fn execute(tx: &mut Tx, text: String) -> Result<(), StoreError> {
    let text = sqlx::AssertSqlSafe(text);
    match tx {
        Tx::Sqlite(turn) => sqlx::raw_sql(text).execute(turn.connection()).await.map(drop)?,
        Tx::Postgres(tx) => sqlx::raw_sql(text).execute(&mut **tx).await.map(drop)?,
    }
    Ok(())
}

/// Puts the column types of a database in place of their common names.
fn spell(text: &str, db: &Db) -> String {
    let words = match db {
        Db::Sqlite { .. } => [("{int}", "INTEGER"), ("{bytes}", "BLOB"), ("{strict}", "STRICT")],
        Db::Postgres(_) => [("{int}", "BIGINT"), ("{bytes}", "BYTEA"), ("{strict}", "")],
    };
    words.iter().fold(text.to_owned(), |text, (word, type_name)| {
        text.replace(word, type_name)
    })
}
