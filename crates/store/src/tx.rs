//! A database and a transaction on it, whichever of the two it is.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgConnection, PgPool, Postgres, SqliteConnection, SqlitePool, Transaction};

use crate::writer::{Turn, Writer};

/// What can go wrong below a story.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is already in use; only statements that change one can say this.
    #[error("a unique value is already in use")]
    Taken,
    /// The database could not be asked, or its answer made no sense. The driver's message holds those of its
    /// own causes, so it is told once and is no source besides.
    #[error("the database could not answer: {0}")]
    Unavailable(sqlx::Error),
    /// The statement ran, but the group it was committed with did not reach the disk.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// The files of the database cannot be used.
    #[error("{0}")]
    Open(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Self::Taken,
            _ => Self::Unavailable(error),
        }
    }
}

/// Readers in the pool of an embedded database.
const READERS: u32 = 4;
/// How long anything waits for a lock or a connection before it is trouble.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long somebody who asks whether the database is there waits to hear it.
const SOON: Duration = Duration::from_secs(1);

/// An open database. Reading goes through it; writing takes a transaction from [`Db::begin`].
#[derive(Clone, Debug)]
pub enum Db {
    /// Embedded: many readers, one writer that commits in groups.
    Sqlite {
        /// Connections that cannot write.
        readers: SqlitePool,
        /// The one that can.
        writer: Writer,
    },
    /// A PostgreSQL server.
    Postgres(PgPool),
}

impl Db {
    /// Opens an embedded database, making the file (0600) when there is none.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        make_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        // The writer comes first: it turns write-ahead logging on, which readers cannot.
        let writer = Writer::open(&options).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { readers, writer })
    }

    /// Starts a transaction. Dropping it without [`Tx::commit`] undoes it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.turn().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether the database answers, and soon.
    pub async fn is_up(&self) -> bool {
        let answer = async {
            match self {
                Self::Sqlite { readers, .. } => sqlx::query("SELECT 1").execute(readers).await.is_ok(),
                Self::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.is_ok(),
            }
        };
        tokio::time::timeout(SOON, answer).await.unwrap_or(false)
    }

    /// Checks the files of an embedded database; a server checks its own.
    pub async fn is_intact(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => {
                let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check")
                    .fetch_one(readers)
                    .await?;
                Ok(verdict == "ok")
            }
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Connections that are open, and how many of them have nothing to do. Of an embedded database, those
    /// that read.
    pub fn connections(&self) -> (u32, usize) {
        match self {
            Self::Sqlite { readers, .. } => (readers.size(), readers.num_idle()),
            Self::Postgres(pool) => (pool.size(), pool.num_idle()),
        }
    }

    /// `sqlite` or `postgres`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Prepares a statement without running it.
    pub async fn prepare(&self, statement: &crate::Statement) -> Result<(), StoreError> {
        use sqlx::{Executor, SqlSafeStr};
        match self {
            Self::Sqlite { readers, .. } => {
                readers
                    .acquire()
                    .await?
                    .prepare(statement.sqlite.into_sql_str())
                    .await?;
            }
            Self::Postgres(pool) => {
                pool.acquire()
                    .await?
                    .prepare(statement.postgres.into_sql_str())
                    .await?;
            }
        }
        Ok(())
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction.
#[derive(Debug)]
pub enum Tx {
    /// A turn at the embedded writer.
    Sqlite(Turn),
    /// A transaction on a server, READ COMMITTED.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Returns when the work is on disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(turn) => turn.commit().await,
            Self::Postgres(tx) => Ok(tx.commit().await?),
        }
    }
}

/// Where a statement runs.
pub(crate) enum Exec<'a> {
    SqlitePool(&'a SqlitePool),
    SqliteConnection(&'a mut SqliteConnection),
    PgPool(&'a PgPool),
    PgConnection(&'a mut PgConnection),
}

/// Something statements run on: a [`Db`] (reading only) or a [`Tx`].
#[expect(
    private_interfaces,
    reason = "callers pass it along; only this crate looks inside"
)]
pub trait AsExec<'a>: Send {
    /// The connection or pool behind it.
    fn into_exec(self) -> Exec<'a>;
}

#[expect(
    private_interfaces,
    reason = "callers pass it along; only this crate looks inside"
)]
impl<'a> AsExec<'a> for &'a Db {
    fn into_exec(self) -> Exec<'a> {
        match self {
            Db::Sqlite { readers, .. } => Exec::SqlitePool(readers),
            Db::Postgres(pool) => Exec::PgPool(pool),
        }
    }
}

#[expect(
    private_interfaces,
    reason = "callers pass it along; only this crate looks inside"
)]
impl<'a> AsExec<'a> for &'a mut Tx {
    fn into_exec(self) -> Exec<'a> {
        match self {
            Tx::Sqlite(turn) => Exec::SqliteConnection(turn.connection()),
            Tx::Postgres(tx) => Exec::PgConnection(tx),
        }
    }
}

/// Creates the file readable by its owner alone; SQLite gives its journals the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|cause| {
        StoreError::Open(format!(
            "cannot open the database file {}: {cause}",
            path.display()
        ))
    })
}
