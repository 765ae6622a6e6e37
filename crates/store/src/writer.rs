//! The one connection that writes to an embedded database, and its group commit.
//!
//! Whoever wants to write takes a turn. A turn is a savepoint inside a transaction that the turns of
//! one group share; when a turn is done it waits for the group's commit, which queues up behind the
//! turns already waiting. One flush to disk then serves all of them, and nobody hears "done" before it.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::tx::StoreError;

type Done = oneshot::Sender<Result<(), String>>;

#[derive(Debug)]
struct Desk {
    /// Taken away on close.
    connection: Option<SqliteConnection>,
    /// A group's transaction is open.
    open: bool,
    /// The last turn was dropped half way and its savepoint is still there.
    dirty: bool,
    /// Turns that are done and wait for the commit.
    waiting: Vec<Done>,
}

/// The writer of an embedded database.
#[derive(Clone, Debug)]
pub struct Writer {
    desk: Arc<Mutex<Desk>>,
    bell: Arc<Notify>,
}

impl Writer {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let connection = options.connect().await?;
        let desk = Desk {
            connection: Some(connection),
            open: false,
            dirty: false,
            waiting: Vec::new(),
        };
        let writer = Self {
            desk: Arc::new(Mutex::new(desk)),
            bell: Arc::new(Notify::new()),
        };
        tokio::spawn(commit_groups(
            Arc::downgrade(&writer.desk),
            Arc::clone(&writer.bell),
        ));
        Ok(writer)
    }

    pub(crate) async fn turn(&self) -> Result<Turn, StoreError> {
        let mut desk = Arc::clone(&self.desk).lock_owned().await;
        desk.tidy().await?;
        let start = if desk.open {
            "SAVEPOINT turn"
        } else {
            "BEGIN IMMEDIATE; SAVEPOINT turn"
        };
        // Set before waiting: were this future dropped now, the next turn finds out what happened.
        desk.open = true;
        desk.dirty = true;
        let begun = sqlx::raw_sql(start).execute(desk.connection()?).await;
        desk.dirty = false;
        if let Err(cause) = begun {
            desk.abandon(&cause.to_string()).await;
            return Err(cause.into());
        }
        Ok(Turn {
            desk: Some(desk),
            bell: Arc::clone(&self.bell),
        })
    }

    pub(crate) async fn close(&self) {
        let mut desk = self.desk.lock().await;
        desk.commit().await;
        if let Some(connection) = desk.connection.take() {
            // Nothing is lost when this fails: the log is replayed at the next start.
            drop(connection.close().await);
        }
        self.bell.notify_one();
    }
}

impl Desk {
    fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection
            .as_mut()
            .ok_or_else(|| StoreError::Open("the database is closed".to_owned()))
    }

    /// Undoes a turn that was dropped half way.
    async fn tidy(&mut self) -> Result<(), StoreError> {
        if self.dirty {
            // Fails when the turn never got as far as its savepoint; then there is nothing to undo.
            drop(
                sqlx::raw_sql("ROLLBACK TO turn; RELEASE turn")
                    .execute(self.connection()?)
                    .await,
            );
            self.dirty = false;
        }
        Ok(())
    }

    async fn commit(&mut self) {
        if !self.open || self.tidy().await.is_err() {
            return;
        }
        let Ok(connection) = self.connection() else { return };
        match sqlx::raw_sql("COMMIT").execute(connection).await {
            Ok(_) => {
                self.open = false;
                for done in self.waiting.drain(..) {
                    // A caller that has gone away no longer minds.
                    drop(done.send(Ok(())));
                }
            }
            Err(cause) => self.abandon(&cause.to_string()).await,
        }
    }

    /// Gives the whole group up; everyone in it hears so.
    async fn abandon(&mut self, cause: &str) {
        if let Ok(connection) = self.connection() {
            // Fails when the database has already rolled back by itself.
            drop(sqlx::raw_sql("ROLLBACK").execute(connection).await);
        }
        self.open = false;
        self.dirty = false;
        for done in self.waiting.drain(..) {
            drop(done.send(Err(cause.to_owned())));
        }
    }
}

async fn commit_groups(desk: std::sync::Weak<Mutex<Desk>>, bell: Arc<Notify>) {
    loop {
        bell.notified().await;
        let Some(desk) = desk.upgrade() else { return };
        let mut desk = desk.lock().await;
        desk.commit().await;
        if desk.connection.is_none() {
            return;
        }
    }
}

/// One writer's turn. Dropping it undoes it.
#[derive(Debug)]
pub struct Turn {
    /// Given back on commit or drop.
    desk: Option<OwnedMutexGuard<Desk>>,
    bell: Arc<Notify>,
}

impl Turn {
    #[expect(
        clippy::expect_used,
        reason = "a turn has its desk and the desk its connection until it ends"
    )]
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        self.desk
            .as_mut()
            .and_then(|desk| desk.connection.as_mut())
            .expect("a turn under way")
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("RELEASE turn").execute(self.connection()).await?;
        let (done, committed) = oneshot::channel();
        if let Some(mut desk) = self.desk.take() {
            desk.waiting.push(done);
        }
        self.bell.notify_one();
        match committed.await {
            Ok(result) => result.map_err(StoreError::Commit),
            Err(_) => Err(StoreError::Commit("the writer stopped".to_owned())),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            desk.dirty = true;
            self.bell.notify_one();
        }
    }
}
