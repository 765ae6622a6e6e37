//! Promises about the files of an embedded database.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use usher_store::accounts::{by_id, email_in_use, insert};
use usher_store::{Db, counters, migrate};

use crate::people::{account, add_account, address, person};
use crate::support::{Checked, NOW, commit, in_folder, on_sqlite, open, race};

async fn fresh(folder: &TempDir) -> Checked<Db> {
    let db = open(folder).await?;
    migrate::run(&db, NOW).await?;
    Ok(db)
}

#[test]
fn what_was_acknowledged_is_there_after_closing_and_opening() {
    in_folder(async |folder| {
        let db = fresh(&folder).await?;
        add_account(&db, 1).await?;
        db.close().await;
        let again = open(&folder).await?;
        assert!(email_in_use(&again, &address(1)).await?);
        Ok(())
    });
}

#[test]
fn t14_what_was_acknowledged_is_in_the_files_already_and_nothing_else_is() {
    in_folder(async |folder| {
        let db = fresh(&folder).await?;
        for number in 1..=20 {
            add_account(&db, number).await?;
            let mut tx = db.begin().await?;
            insert(&mut tx, &account(100 + number), NOW).await?;
            // What a killed process would leave.
            let left = copy(&folder)?;
            drop(tx);
            let found = open(&left).await?;
            assert!(found.is_intact().await?);
            assert!(email_in_use(&found, &address(number)).await?);
            assert!(!email_in_use(&found, &address(100 + number)).await?);
            found.close().await;
        }
        Ok(())
    });
}

fn copy(folder: &TempDir) -> Checked<TempDir> {
    let copy = tempfile::tempdir()?;
    for name in ["usher.db", "usher.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name))?;
    }
    Ok(copy)
}

#[cfg(unix)]
#[test]
fn t16_only_their_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;

    in_folder(async |folder| {
        let db = fresh(&folder).await?;
        add_account(&db, 1).await?;
        let mut modes = Vec::new();
        for entry in fs::read_dir(folder.path())? {
            let entry = entry?;
            modes.push((entry.file_name(), entry.metadata()?.permissions().mode() & 0o777));
        }
        modes.sort();
        let expected = ["usher.db", "usher.db-shm", "usher.db-wal"].map(|name| (name.into(), 0o600));
        assert_eq!(modes, expected);
        Ok(())
    });
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    in_folder(async |folder: Arc<TempDir>| {
        let path = folder.path().join("missing").join("usher.db");
        let refused = Db::open_sqlite(&path).await.map(drop).map_err(|e| e.to_string());
        let reason = refused.expect_err("nowhere to put it");
        assert!(
            reason.contains("missing") && reason.contains("usher.db"),
            "{reason}"
        );
        Ok(())
    });
}

#[test]
fn whoever_writes_while_the_database_closes_is_served_or_refused() {
    in_folder(async |folder| {
        let db = fresh(&folder).await?;
        let served = race(32, |number| {
            let db = db.clone();
            async move {
                if number == 16 {
                    db.close().await;
                    return Ok(false);
                }
                let Ok(mut tx) = db.begin().await else {
                    return Ok(false);
                };
                insert(&mut tx, &account(number), NOW).await?;
                Ok(tx.commit().await.is_ok())
            }
        });
        let served = tokio::time::timeout(Duration::from_mins(1), served).await?;
        assert!(db.begin().await.is_err());
        let again = open(&folder).await?;
        for (number, served) in (0..).zip(served) {
            assert_eq!(email_in_use(&again, &address(number)).await?, served, "{number}");
        }
        Ok(())
    });
}

#[test]
fn readers_cannot_write() {
    on_sqlite(async |db: Db| {
        add_account(&db, 1).await?;
        let Db::Sqlite { readers, .. } = &db else {
            unreachable!("an embedded database")
        };
        for statement in [
            "DELETE FROM accounts",
            "UPDATE accounts SET role = 'admin'",
            "DROP TABLE accounts",
        ] {
            assert!(
                sqlx::query(statement).execute(readers).await.is_err(),
                "{statement}"
            );
        }
        assert!(by_id(&db, person(1), NOW).await?.is_some());
        Ok(())
    });
}

#[test]
fn t41_writers_of_two_programs_lose_nothing_and_are_never_told_busy() {
    const BUCKETS: u8 = 3;
    in_folder(async |folder| {
        let one = fresh(&folder).await?;
        let two = open(&folder).await?;
        race(8, |number| {
            let db = if number % 2 == 0 { one.clone() } else { two.clone() };
            async move {
                for round in 0..200 {
                    let bucket = [(round % BUCKETS); 32];
                    let mut tx = db.begin().await?;
                    // Reading first and writing then is what goes wrong without a lock from the start.
                    let before = counters::read(&mut tx, &bucket, NOW).await?;
                    let counted = counters::add(&mut tx, &bucket, Duration::from_hours(1), NOW).await?;
                    assert_eq!(counted.count, before.map_or(0, |row| row.count) + 1);
                    tx.commit().await?;
                }
                Ok(())
            }
        })
        .await;
        let mut total = 0;
        for bucket in 0..BUCKETS {
            total += counters::read(&two, &[bucket; 32], NOW)
                .await?
                .map_or(0, |row| row.count);
        }
        assert_eq!(total, 1_600);
        commit!(one, tx => counters::clear(&mut tx, &[0; 32]));
        assert!(counters::read(&two, &[0; 32], NOW).await?.is_none());
        Ok(())
    });
}
