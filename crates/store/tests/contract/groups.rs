//! Promises about the writer of an embedded database, whose turns share a flush. On one thread, so that
//! who stands in the queue is known.

use std::fs;

use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};
use usher_store::accounts::{email_in_use, insert, set_username};
use usher_store::{Db, StoreError, Tx, migrate};

use crate::people::{account, add_account, address, person};
use crate::support::{Checked, NOW, abandoned, commit, kept, open};

/// Runs a story on one thread.
fn on_one_thread(story: impl AsyncFnOnce(Db, &TempDir) -> Checked) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let told = runtime.block_on(async {
        let db = open(&folder).await?;
        migrate::run(&db, NOW).await?;
        story(db, &folder).await
    });
    kept(told);
}

/// How many transactions the log holds: its frames that end one.
fn flushes(folder: &TempDir) -> usize {
    let log = fs::read(folder.path().join("usher.db-wal")).expect("the log");
    let (head, frames) = log.split_at(32);
    let page = u32::from_be_bytes([head[8], head[9], head[10], head[11]]) as usize;
    frames
        .chunks_exact(24 + page)
        .filter(|frame| frame[8..16] == head[16..24] && frame[4..8] != [0; 4])
        .count()
}

/// How a turn ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Commit,
    Drop,
    Fail,
}

/// Takes a turn for each of these ends, all in one group: account 1 gets the first, and so on. Returns
/// when every turn has ended.
async fn one_group(db: &Db, ends: &[End]) -> Checked {
    let door: Tx = db.begin().await?;
    let turns: Vec<JoinHandle<Checked>> = (1..)
        .zip(ends.iter().copied())
        .map(|(number, end)| tokio::spawn(turn(db.clone(), number, end)))
        .collect();
    // Everybody runs as far as the queue.
    yield_now().await;
    door.commit().await?;
    for turn in turns {
        turn.await??;
    }
    Ok(())
}

async fn turn(db: Db, number: u32, end: End) -> Checked {
    let mut tx = db.begin().await?;
    insert(&mut tx, &account(number), NOW).await?;
    match end {
        End::Commit => tx.commit().await?,
        End::Drop => drop(tx),
        End::Fail => {
            let name = Some(("One 100", "one 100"));
            let renamed = set_username(&mut tx, person(number), name, NOW).await;
            assert!(matches!(renamed, Err(StoreError::Taken)), "{renamed:?}");
        }
    }
    Ok(())
}

#[test]
fn turns_that_wait_share_one_flush() {
    on_one_thread(async |db, folder| {
        let before = flushes(folder);
        for number in 101..=103 {
            add_account(&db, number).await?;
        }
        assert_eq!(flushes(folder), before + 3, "one by one");
        one_group(&db, &[End::Commit; 32]).await?;
        assert_eq!(flushes(folder), before + 4, "32 at once");
        for number in 1..=32 {
            assert!(email_in_use(&db, &address(number)).await?);
        }
        Ok(())
    });
}

#[test]
fn a_turn_that_is_dropped_or_fails_takes_nobody_of_its_group_along() {
    use End::{Commit, Drop, Fail};
    on_one_thread(async |db, folder| {
        add_account(&db, 100).await?;
        let before = flushes(folder);
        let ends = [Drop, Commit, Fail, Commit, Drop, Fail, Drop, Commit, Commit, Fail];
        one_group(&db, &ends).await?;
        assert_eq!(flushes(folder), before + 1);
        for (number, end) in (1..).zip(ends) {
            assert_eq!(
                email_in_use(&db, &address(number)).await?,
                end == Commit,
                "{number} {end:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_turn_that_is_dropped_undoes_nothing_that_was_acknowledged() {
    on_one_thread(async |db, folder| {
        add_account(&db, 1).await?;
        one_group(&db, &[End::Drop, End::Drop]).await?;
        db.close().await;
        let again = open(folder).await?;
        assert!(email_in_use(&again, &address(1)).await?);
        Ok(())
    });
}

#[test]
fn a_turn_outlives_the_handle_it_came_from() {
    on_one_thread(async |db, folder| {
        let mut tx = db.begin().await?;
        insert(&mut tx, &account(1), NOW).await?;
        drop(db);
        tx.commit().await?;
        let again = open(folder).await?;
        assert!(email_in_use(&again, &address(1)).await?);
        Ok(())
    });
}

#[test]
fn t41_nobody_who_gave_up_waiting_for_a_turn_keeps_the_file_locked() {
    on_one_thread(async |db, folder| {
        let other = open(folder).await?;
        for polls in 0..6 {
            drop(abandoned(polls, db.begin()).await);
            // Another program writes, and would wait in vain.
            assert!(commit!(other, tx => insert(&mut tx, &account(polls), NOW)));
        }
        Ok(())
    });
}
