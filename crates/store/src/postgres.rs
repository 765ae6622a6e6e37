//! Reaching a PostgreSQL server.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgPool};

use crate::tx::{Db, PATIENCE, StoreError};

/// Where the server is, and how much is asked of it.
#[derive(Clone)]
pub struct Postgres {
    /// `postgres://…`; it may hold a password.
    pub url: String,
    /// Connections at the most.
    pub connections: u32,
    /// How long somebody waits for a connection.
    pub acquire_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long the server keeps the locks of somebody who began and was not heard of again.
    pub idle_in_transaction_timeout: Duration,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Postgres {
    /// With the usual limits.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connections: 16,
            acquire_timeout: PATIENCE,
            statement_timeout: PATIENCE,
            idle_in_transaction_timeout: PATIENCE * 2,
        }
    }

    fn options(&self) -> Result<PgConnectOptions, StoreError> {
        let mut options = PgConnectOptions::from_str(&self.url)?.options([
            (
                "statement_timeout",
                self.statement_timeout.as_millis().to_string(),
            ),
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction_timeout.as_millis().to_string(),
            ),
        ]);
        // As other clients of PostgreSQL do: who names an authority wants it looked at.
        if matches!(options.get_ssl_mode(), PgSslMode::Require) && names_authority(&self.url) {
            options = options.ssl_mode(PgSslMode::VerifyCa);
        }
        Ok(options)
    }

    /// Connects once to see whether the server is there, then keeps connections as they are needed.
    pub async fn connect(&self) -> Result<Db, StoreError> {
        let options = self.options()?;
        let first = tokio::time::timeout(self.acquire_timeout, options.connect());
        let first: PgConnection = first.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        // It has shown what it was to show; a server that is already going again is met by the pool.
        drop(first.close().await);
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.acquire_timeout)
            .after_connect(|connection, _| Box::pin(plan_once(connection)))
            .connect_lazy_with(options);
        Ok(Db::Postgres(pool))
    }
}

/// Every statement here finds its rows by an index, whatever it asks for: one plan will do. Left to itself the
/// server may plan a list of a million people anew each time it is read.
async fn plan_once(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let set = sqlx::raw_sql("SET plan_cache_mode = force_generic_plan");
    match set.execute(connection).await {
        // Older servers, and others that speak like PostgreSQL, need not know of it.
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(cause) => Err(cause),
    }
}

fn names_authority(url: &str) -> bool {
    url.split_once('?').is_some_and(|(_, query)| {
        query.split('&').any(|pair| {
            matches!(
                pair.split('=').next(),
                Some("sslrootcert" | "ssl-root-cert" | "ssl-ca")
            )
        })
    })
}

/// One connection that no one else uses, to the same server.
pub(crate) async fn apart(pool: &PgPool) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::clone(&pool.connect_options());
    Ok(PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?)
}

impl StoreError {
    /// Whether this may be over by itself: nobody there, not yet ready, no place left. A wrong password or
    /// an authority that does not fit is not.
    pub fn may_pass(&self) -> bool {
        let Self::Unavailable(cause) = self else {
            return false;
        };
        match cause {
            // A certificate that does not fit comes as data that makes no sense.
            sqlx::Error::Io(cause) => cause.kind() != std::io::ErrorKind::InvalidData,
            sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(cause) => cause
                .code()
                .is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03" | "53300")),
            _ => false,
        }
    }
}
