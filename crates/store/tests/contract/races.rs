//! Promises that only a server can break, where two transactions really run side by side.

use std::time::Duration;

use tokio::task::JoinHandle;
use usher_store::outbox::NewMail;
use usher_store::registrations::{self, Registration, Room};
use usher_store::{Db, counters, outbox, sessions};

use crate::people::{ROOM, add_account, add_registration, address, mail, new_session, registration, session};
use crate::support::{Checked, NOW, after, commit, promises};

promises!(postgres:
    a_worker_does_not_wait_for_another,
    a_counter_that_starts_again_meanwhile_is_not_swept,
    one_who_comes_while_the_last_place_is_being_taken_finds_none,
    one_who_signs_in_twice_at_once_has_no_session_too_many,
);

/// Until this work waits for a lock, or is done without having had to.
async fn blocked<T>(db: &Db, work: &JoinHandle<T>) -> Checked {
    let Db::Postgres(pool) = db else {
        unreachable!("a server")
    };
    let mut waiting = 0_i64;
    while waiting == 0 && !work.is_finished() {
        waiting = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await?;
    }
    Ok(())
}

async fn a_worker_does_not_wait_for_another(db: Db) -> Checked {
    for number in 1..=2 {
        let new = NewMail {
            id: mail(number),
            kind: "verification",
            owner: [9; 16],
            recipient: "One@example.org",
            detail: None,
        };
        commit!(db, tx => outbox::insert(&mut tx, &new, after(number.into())));
    }
    let (lease, now) = (Duration::from_mins(1), after(9));
    let mut slow = db.begin().await?;
    let first = outbox::claim(&mut slow, "slow", 1, lease, now).await?;
    let second = commit!(db, tx => outbox::claim(&mut tx, "quick", 10, lease, now));
    slow.commit().await?;
    let ids = [first, second].map(|claimed| claimed.iter().map(|one| one.id).collect::<Vec<_>>());
    assert_eq!(ids, [[mail(1)], [mail(2)]]);
    Ok(())
}

async fn a_counter_that_starts_again_meanwhile_is_not_swept(db: Db) -> Checked {
    let (bucket, hour) = ([5; 32], Duration::from_hours(1));
    commit!(db, tx => counters::add(&mut tx, &bucket, hour, NOW));
    let mut again = db.begin().await?;
    counters::add(&mut again, &bucket, hour, after(3_600)).await?;
    let sweep = tokio::spawn({
        let db = db.clone();
        async move { Checked::Ok(commit!(db, tx => counters::sweep(&mut tx, after(3_600)))) }
    });
    blocked(&db, &sweep).await?;
    assert!(sweep.is_finished(), "whoever counts keeps nobody waiting");
    again.commit().await?;
    assert_eq!(sweep.await??, 0);
    assert!(counters::read(&db, &bucket, after(3_600)).await?.is_some());
    Ok(())
}

async fn one_who_comes_while_the_last_place_is_being_taken_finds_none(db: Db) -> Checked {
    let places = [
        (
            Room {
                per_address: 1,
                ..ROOM
            },
            Registration {
                email_key: address(1),
                ..registration(2)
            },
        ),
        (
            Room {
                per_source: 1,
                ..ROOM
            },
            Registration {
                source: registration(1).source,
                ..registration(2)
            },
        ),
    ];
    for (room, second) in places {
        let mut first = db.begin().await?;
        assert!(registrations::insert(&mut first, &registration(1), room, false).await?);
        let late = tokio::spawn({
            let db = db.clone();
            async move { Checked::Ok(commit!(db, tx => registrations::insert(&mut tx, &second, room, false))) }
        });
        blocked(&db, &late).await?;
        first.commit().await?;
        assert!(!late.await??);
        commit!(db, tx => registrations::take_siblings(&mut tx, &address(1)));
    }
    Ok(())
}

async fn one_who_signs_in_twice_at_once_has_no_session_too_many(db: Db) -> Checked {
    for owner in [add_account(&db, 1).await?, add_registration(&db, 2).await?] {
        let mut first = db.begin().await?;
        assert!(sessions::insert(&mut first, &new_session(1, owner), NOW).await?);
        assert!(sessions::trim(&mut first, owner.person(), 1).await?.is_empty());
        let second = tokio::spawn({
            let db = db.clone();
            async move {
                let mut tx = db.begin().await?;
                assert!(sessions::insert(&mut tx, &new_session(2, owner), after(1)).await?);
                let trimmed = sessions::trim(&mut tx, owner.person(), 1).await?;
                tx.commit().await?;
                Checked::Ok(trimmed)
            }
        });
        blocked(&db, &second).await?;
        first.commit().await?;
        assert_eq!(second.await??, [session(1)]);
        commit!(db, tx => sessions::end_all(&mut tx, owner.person()));
    }
    Ok(())
}
