//! A place of its own on a PostgreSQL server for one test: a schema, made quickly and dropped whatever
//! came of it. Not part of the program.

use std::env;
use std::io::Write;
use std::str::FromStr;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, raw_sql};

const VARIABLE: &str = "USHER_TEST_POSTGRES";
/// Where a server usually is when nobody says.
const USUAL: [&str; 2] = [
    "postgres://root@127.0.0.1:5432/postgres",
    "postgres://postgres@127.0.0.1:5432/postgres",
];

/// A schema that belongs to one test.
#[derive(Debug)]
pub struct Schema {
    name: String,
    server: String,
}

impl Schema {
    /// Makes one. `None`, and a line that says so, when there is no server and nobody promised one.
    pub async fn create() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (server, mut connection) = connect().await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("usher_test_{}_{number}", std::process::id());
        run(
            &mut connection,
            format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        )
        .await;
        Some(Self { name, server })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        let mark = if self.server.contains('?') { '&' } else { '?' };
        let name = &self.name;
        // By this name of the program its connections are known from those of other tests.
        format!(
            "{}{mark}application_name={name}&options[search_path]={name}",
            self.server
        )
    }

    /// Runs a statement beside the test's own connections.
    pub async fn execute(&self, statement: &str) {
        let mut connection = open(&self.url()).await;
        run(&mut connection, statement.to_owned()).await;
    }

    /// Cuts the connections whose last statement begins like this; how many.
    pub async fn cut(&self, beginning: &str) -> usize {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity";
        self.each_connection(cut, beginning).await
    }

    /// How many connections there are whose last statement begins like this.
    pub async fn count(&self, beginning: &str) -> usize {
        self.each_connection("SELECT pid FROM pg_stat_activity", beginning)
            .await
    }

    /// Selects something of each connection of this test whose last statement begins like this.
    async fn each_connection(&self, select: &'static str, beginning: &str) -> usize {
        let mut connection = open(&self.server).await;
        let these = "WHERE application_name = $1 AND query LIKE $2 || '%' AND pid <> pg_backend_pid()";
        let found = sqlx::query(AssertSqlSafe(format!("{select} {these}")))
            .bind(&self.name)
            .bind(beginning)
            .fetch_all(&mut connection);
        found.await.expect("the right to do so").len()
    }

    /// Everything that is kept there: rows as text, and what the bytes in them are.
    pub async fn content(&self) -> Vec<u8> {
        let mut connection = open(&self.url()).await;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
                .fetch_all(&mut connection)
                .await
                .expect("the tables");
        let mut content = Vec::new();
        for table in tables {
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM {table} t")))
                    .fetch_all(&mut connection)
                    .await
                    .expect("the rows");
            for row in rows {
                for word in row.split("\\x").skip(1) {
                    let digits: Vec<u8> = word.bytes().take_while(u8::is_ascii_hexdigit).collect();
                    let text = String::from_utf8_lossy(&digits).into_owned();
                    let pairs = (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..][..2], 16));
                    content.extend(pairs.map(Result::unwrap_or_default));
                    content.push(b'\n');
                }
                content.extend(row.into_bytes());
                content.push(b'\n');
            }
        }
        content
    }

    async fn remove(&self) {
        self.cut("").await;
        let mut connection = open(&self.server).await;
        run(&mut connection, format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // The runtime of the test may be stopping: the work is done on another.
        let done = std::thread::scope(|scope| {
            let removal = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(self.remove());
            });
            removal.join()
        });
        assert!(
            done.is_ok() || std::thread::panicking(),
            "the schema {} could not be dropped",
            self.name
        );
    }
}

/// Makes a database file of a dump.
pub async fn load_sqlite(path: &std::path::Path, dump: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(false);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("a file");
    raw_sql(AssertSqlSafe(dump.to_owned()))
        .execute(&mut connection)
        .await
        .expect("the dump of a database");
    connection.close().await.expect("its end");
}

async fn open(url: &str) -> PgConnection {
    let server = PgConnectOptions::from_str(url).expect("the URL of a PostgreSQL server");
    PgConnection::connect_with(&server).await.expect("a server")
}

async fn connect() -> Option<(String, PgConnection)> {
    if let Ok(url) = env::var(VARIABLE) {
        let connection = PgConnection::connect(&url)
            .await
            .unwrap_or_else(|cause| panic!("the server named by {VARIABLE} does not answer: {cause}"));
        return Some((url, connection));
    }
    let mut reason = String::new();
    for url in USUAL {
        match PgConnection::connect(url).await {
            Ok(connection) => return Some((url.to_owned(), connection)),
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
        .expect("a place of one's own");
}
