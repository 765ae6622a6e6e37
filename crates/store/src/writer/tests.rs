//! What the contract tests cannot bring about from outside: a database that rolls back by itself, as one
//! may whose disk is full.

use tempfile::TempDir;

use super::*;

async fn writer(folder: &TempDir) -> Writer {
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("usher.db"))
        .create_if_missing(true);
    let writer = Writer::open(&options).await.unwrap();
    let mut turn = writer.turn().await.unwrap();
    turn.run("CREATE TABLE seen (name TEXT NOT NULL)").await.unwrap();
    turn.commit().await.unwrap();
    writer
}

impl Turn {
    async fn run(&mut self, statement: &'static str) -> sqlx::Result<()> {
        sqlx::query(statement).execute(self.connection()).await.map(drop)
    }
}

async fn seen(writer: &Writer) -> Vec<String> {
    let mut turn = writer.turn().await.unwrap();
    sqlx::query_scalar("SELECT name FROM seen ORDER BY name")
        .fetch_all(turn.connection())
        .await
        .unwrap()
}

/// A group of two: one that is done and waits, and one in whose turn the database rolls back.
async fn group_that_is_lost(writer: &Writer, end: impl AsyncFnOnce(Turn)) {
    let mut done = writer.turn().await.unwrap();
    done.run("INSERT INTO seen VALUES ('done')").await.unwrap();
    let (done, ()) = tokio::join!(done.commit(), async {
        let mut unlucky = writer.turn().await.unwrap();
        unlucky.run("INSERT INTO seen VALUES ('unlucky')").await.unwrap();
        unlucky.run("ROLLBACK").await.unwrap();
        end(unlucky).await;
    });
    assert!(
        matches!(done, Err(StoreError::Commit(_))),
        "told that it is on disk: {done:?}"
    );
}

#[tokio::test]
async fn t14_nobody_hears_done_for_what_the_database_rolled_back_before_a_turn_was_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder).await;
    group_that_is_lost(&writer, async |unlucky| drop(unlucky)).await;
    assert!(seen(&writer).await.is_empty());
}

#[tokio::test]
async fn t14_nobody_hears_done_for_what_the_database_rolled_back_before_a_turn_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder).await;
    group_that_is_lost(&writer, async |unlucky| assert!(unlucky.commit().await.is_err())).await;
    assert!(seen(&writer).await.is_empty());
}

#[tokio::test]
async fn after_a_group_was_lost_the_next_one_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder).await;
    group_that_is_lost(&writer, async |unlucky| {
        drop(unlucky);
        let mut next = writer.turn().await.unwrap();
        next.run("INSERT INTO seen VALUES ('next')").await.unwrap();
        next.commit().await.unwrap();
    })
    .await;
    assert_eq!(seen(&writer).await, ["next"]);
}
