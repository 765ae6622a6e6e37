//! The one connection that writes to an embedded database, and its group commit.
//!
//! Whoever wants to write takes a turn. A turn is a savepoint inside a transaction that the turns of
//! one group share; when a turn is done it waits for the group's commit, which queues up behind the
//! turns already waiting. One flush to disk then serves all of them, and nobody hears "done" before it.

use std::sync::Arc;
use std::time::Instant;

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::tx::{PATIENCE, StoreError};

/// The pauses of the database itself grow to 100 ms; beside a program that writes all the time it would
/// hardly ever ask in a moment when the lock is free. A log of up to 32 MiB is written back at once: with
/// many people hardly two writes touch the same page, and the usual 4 MiB are full after 200 of them. 16 MiB
/// of pages are remembered, the upper floors of every index of a million rows among them.
const SETTINGS: &str =
    "PRAGMA busy_timeout = 3; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -16384";

type Done = oneshot::Sender<Result<(), String>>;

/// What the last turn may have left on the connection. It is set before a statement is waited for: whoever
/// waits may be dropped there, and the next one finds out what happened.
#[derive(Debug)]
enum Mark {
    /// Nothing.
    None,
    /// A transaction with nobody in it.
    Transaction,
    /// Its savepoint, or not: it was setting or releasing it.
    Perhaps,
    /// Its savepoint.
    Savepoint,
}

#[derive(Debug)]
struct Desk {
    /// Taken away on close.
    connection: Option<SqliteConnection>,
    /// A group's transaction is open.
    open: bool,
    mark: Mark,
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
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
        let desk = Desk {
            connection: Some(connection),
            open: false,
            mark: Mark::None,
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
        let mut turn = Turn {
            desk: Some(Arc::clone(&self.desk).lock_owned().await),
            writer: self.clone(),
        };
        if let Some(desk) = &mut turn.desk {
            desk.begin().await?;
        }
        Ok(turn)
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
    async fn run(&mut self, text: &'static str) -> Result<(), StoreError> {
        let connection = self
            .connection
            .as_mut()
            .ok_or_else(|| StoreError::Open("the database is closed".to_owned()))?;
        Ok(sqlx::raw_sql(text).execute(connection).await.map(drop)?)
    }

    /// Opens the group's transaction where there is none, and sets the turn's savepoint.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.tidy().await;
        let begun = if self.open {
            self.mark = Mark::Perhaps;
            self.run("SAVEPOINT turn").await
        } else {
            self.mark = Mark::Transaction;
            self.open_group().await
        };
        if let Err(cause) = begun {
            self.abandon(&cause).await;
            return Err(cause);
        }
        self.open = true;
        self.mark = Mark::Savepoint;
        Ok(())
    }

    /// Asks for the lock until no other program has it, or patience ends.
    async fn open_group(&mut self) -> Result<(), StoreError> {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.run("BEGIN IMMEDIATE; SAVEPOINT turn").await {
                Err(StoreError::Unavailable(cause)) if is_busy(&cause) && Instant::now() < patience => {}
                other => return other,
            }
        }
    }

    /// Ends a turn; `done` hears of the group's commit.
    async fn release(&mut self, done: Done) {
        self.mark = Mark::Perhaps;
        match self.run("RELEASE turn").await {
            Ok(()) => {
                self.mark = Mark::None;
                self.waiting.push(done);
            }
            Err(cause) => {
                self.mark = Mark::Savepoint;
                drop(done.send(Err(cause.to_string())));
            }
        }
    }

    /// Undoes a turn that did not come to its end.
    async fn tidy(&mut self) {
        match self.mark {
            Mark::None => {}
            Mark::Transaction => self.roll_back().await,
            Mark::Perhaps => drop(self.undo().await),
            Mark::Savepoint => {
                if let Err(cause) = self.undo().await {
                    // The database has rolled back by itself, the rest of the group included.
                    self.abandon(&cause).await;
                }
            }
        }
    }

    async fn undo(&mut self) -> Result<(), StoreError> {
        self.mark = Mark::Perhaps;
        let undone = self.run("ROLLBACK TO turn; RELEASE turn").await;
        self.mark = Mark::None;
        undone
    }

    async fn roll_back(&mut self) {
        self.mark = Mark::Transaction;
        // Fails when there is no transaction (any more).
        drop(self.run("ROLLBACK").await);
        self.mark = Mark::None;
    }

    async fn commit(&mut self) {
        self.tidy().await;
        if !self.open {
            return;
        }
        match self.run("COMMIT").await {
            Ok(()) => {
                self.open = false;
                for done in self.waiting.drain(..) {
                    // A caller that has gone away no longer minds.
                    drop(done.send(Ok(())));
                }
            }
            Err(cause) => self.abandon(&cause).await,
        }
    }

    /// Gives the whole group up; everyone in it hears so.
    async fn abandon(&mut self, cause: &StoreError) {
        self.open = false;
        for done in self.waiting.drain(..) {
            drop(done.send(Err(cause.to_string())));
        }
        self.roll_back().await;
    }
}

/// Another program is writing; the lowest byte tells so in every variety of the code.
fn is_busy(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
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
    /// Kept until the commit: without a writer there is none.
    writer: Writer,
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
        let (done, committed) = oneshot::channel();
        if let Some(desk) = &mut self.desk {
            desk.release(done).await;
        }
        self.hand_over();
        match committed.await {
            Ok(result) => result.map_err(StoreError::Commit),
            Err(_) => Err(StoreError::Commit("the writer stopped".to_owned())),
        }
    }

    fn hand_over(&mut self) {
        if self.desk.take().is_some() {
            self.writer.bell.notify_one();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.hand_over();
    }
}

#[cfg(test)]
mod tests;
