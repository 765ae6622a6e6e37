//! A PostgreSQL database for one promise: made, and dropped whatever came of it.

use std::env;
use std::io::Write;
use std::str::FromStr;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, raw_sql};

const VARIABLE: &str = "USHER_TEST_POSTGRES";
/// Where a server usually is when nobody says.
const USUAL: [&str; 2] = [
    "postgres://root@127.0.0.1:5432/postgres",
    "postgres://postgres@127.0.0.1:5432/postgres",
];

/// A database that belongs to one test.
pub(crate) struct Own {
    name: String,
    server: PgConnectOptions,
    connection: PgConnection,
}

impl Own {
    /// Makes one. `None`, and a line that says so, when there is no server and nobody promised one.
    pub(crate) async fn create() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (server, mut connection) = connect().await?;
        let name = format!(
            "usher_contract_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        run(
            &mut connection,
            format!("CREATE DATABASE {name} TEMPLATE template0"),
        )
        .await;
        Some(Self {
            name,
            server,
            connection,
        })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.server
            .clone()
            .database(&self.name)
            .to_url_lossy()
            .to_string()
    }

    /// Removes it, whoever may still be connected.
    pub(crate) async fn drop(mut self) {
        run(
            &mut self.connection,
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

async fn connect() -> Option<(PgConnectOptions, PgConnection)> {
    if let Ok(url) = env::var(VARIABLE) {
        let server = PgConnectOptions::from_str(&url).expect("the URL of a PostgreSQL server");
        let connection = PgConnection::connect_with(&server)
            .await
            .unwrap_or_else(|cause| panic!("the server named by {VARIABLE} does not answer: {cause}"));
        return Some((server, connection));
    }
    let mut reason = String::new();
    for url in USUAL {
        let server = PgConnectOptions::from_str(url).expect("the URL of a PostgreSQL server");
        match PgConnection::connect_with(&server).await {
            Ok(connection) => return Some((server, connection)),
            Err(cause) => reason = cause.to_string(),
        }
    }
    say_not_tested(&reason);
    None
}

/// Past the capture of the test harness: a promise that was not checked is never passed over in silence.
fn say_not_tested(reason: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = format!("not tested on PostgreSQL: {reason} (set {VARIABLE} to a server)\n");
        drop(std::io::stderr().write_all(line.as_bytes()));
    });
}

async fn run(connection: &mut PgConnection, statement: String) {
    raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .expect("a database of one's own");
}
