//! A connection to read from or write to, inside a transaction of either database.

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use super::CopyError;
use crate::tx::{Db, StoreError, Tx};

/// A database as it stood at one moment, however long reading it takes.
#[derive(Debug)]
pub enum Snapshot {
    /// Of an embedded database.
    Sqlite(Transaction<'static, Sqlite>),
    /// Of a server.
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    /// The database as it stands now.
    pub async fn of(db: &Db) -> Result<Self, CopyError> {
        let mut snapshot = match db {
            Db::Sqlite { readers, .. } => Self::Sqlite(readers.begin().await?),
            Db::Postgres(pool) => Self::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        };
        snapshot.side().unhurried().await?;
        Ok(snapshot)
    }
}

/// What rows are read from and written to.
pub(super) enum Side<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// Something that has one.
#[expect(
    private_interfaces,
    reason = "callers pass it along; only this module looks inside"
)]
pub trait HasSide: Send {
    /// The connection behind it.
    fn side(&mut self) -> Side<'_>;
}

#[expect(
    private_interfaces,
    reason = "callers pass it along; only this module looks inside"
)]
impl HasSide for Snapshot {
    fn side(&mut self) -> Side<'_> {
        match self {
            Self::Sqlite(tx) => Side::Sqlite(tx),
            Self::Postgres(tx) => Side::Postgres(tx),
        }
    }
}

#[expect(
    private_interfaces,
    reason = "callers pass it along; only this module looks inside"
)]
impl HasSide for Tx {
    fn side(&mut self) -> Side<'_> {
        match self {
            Self::Sqlite(turn) => Side::Sqlite(turn.connection()),
            Self::Postgres(tx) => Side::Postgres(tx),
        }
    }
}

impl Side<'_> {
    /// Runs statements that take nothing and answer nothing.
    pub(super) async fn run(&mut self, text: String) -> Result<(), StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        match self {
            Self::Sqlite(on) => sqlx::raw_sql(text).execute(&mut **on).await.map(drop)?,
            Self::Postgres(on) => sqlx::raw_sql(text).execute(&mut **on).await.map(drop)?,
        }
        Ok(())
    }

    /// Lets a server spend as long as it takes: its time limits are meant for requests.
    pub(super) async fn unhurried(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                let limits =
                    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
                self.run(limits.to_owned()).await
            }
        }
    }
}
