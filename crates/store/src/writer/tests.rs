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

/// A group of three: one that is done and waits, one in whose turn the database rolls back, and one that
/// comes after it.
async fn group_with_a_rollback(end: impl AsyncFnOnce(Turn)) {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder).await;
    let mut done = writer.turn().await.unwrap();
    done.run("INSERT INTO seen VALUES ('done')").await.unwrap();
    let unlucky = async {
        let mut unlucky = writer.turn().await.unwrap();
        unlucky.run("INSERT INTO seen VALUES ('unlucky')").await.unwrap();
        unlucky.run("ROLLBACK").await.unwrap();
        end(unlucky).await;
    };
    let next = async {
        let mut next = writer.turn().await.unwrap();
        next.run("INSERT INTO seen VALUES ('next')").await.unwrap();
        next.commit().await
    };
    let (done, (), next) = tokio::join!(done.commit(), unlucky, next);
    assert!(
        matches!(done, Err(StoreError::Commit(_))),
        "told that it is on disk: {done:?}"
    );
    next.unwrap();
    assert_eq!(seen(&writer).await, ["next"]);
}

#[tokio::test]
async fn t14_a_rollback_in_a_turn_that_is_dropped_is_told_to_its_group_and_harms_no_other() {
    group_with_a_rollback(async |unlucky| drop(unlucky)).await;
}

#[tokio::test]
async fn t14_a_rollback_in_a_turn_that_goes_on_is_told_to_its_group_and_harms_no_other() {
    group_with_a_rollback(async |unlucky| assert!(unlucky.commit().await.is_err())).await;
}
