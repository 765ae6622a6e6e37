//! Promises about transactions, whichever the database.

use std::time::Duration;

use usher_store::accounts::{email_in_use, insert, page, set_username};
use usher_store::outbox::NewMail;
use usher_store::{Db, StoreError, outbox, registrations};

use crate::people::{ROOM, account, add_account, address, mail, person, registration};
use crate::support::{Checked, NOW, abandoned, commit, promises, race, winners};

promises!(
    a_dropped_transaction_leaves_nothing_behind,
    what_is_committed_is_seen_by_everybody_at_once_and_not_before,
    a_failing_statement_spoils_its_own_transaction_alone,
    a_transaction_may_be_abandoned_at_any_moment,
    a_closed_database_refuses_and_does_not_hang,
);

async fn a_dropped_transaction_leaves_nothing_behind(db: Db) -> Checked {
    let mut tx = db.begin().await?;
    assert!(registrations::insert(&mut tx, &registration(1), ROOM, false).await?);
    let new = NewMail {
        id: mail(1),
        kind: "verification",
        owner: *person(1).as_bytes(),
        recipient: "One@example.org",
        detail: None,
    };
    outbox::insert(&mut tx, &new, NOW).await?;
    drop(tx);
    assert!(registrations::live_by_id(&db, person(1), NOW).await?.is_none());
    assert_eq!(outbox::next_due(&db).await?, None);
    // And nothing that is in the way of the next one.
    let mut tx = db.begin().await?;
    assert!(registrations::insert(&mut tx, &registration(1), ROOM, false).await?);
    outbox::insert(&mut tx, &new, NOW).await?;
    tx.commit().await?;
    assert_eq!(outbox::next_due(&db).await?, Some(NOW));
    Ok(())
}

async fn what_is_committed_is_seen_by_everybody_at_once_and_not_before(db: Db) -> Checked {
    for number in 1..=20 {
        let mut tx = db.begin().await?;
        insert(&mut tx, &account(number), NOW).await?;
        assert!(email_in_use(&mut tx, &address(number)).await?);
        assert!(!email_in_use(&db, &address(number)).await?);
        tx.commit().await?;
        let seen = race(8, |_| {
            let db = db.clone();
            async move { Ok(email_in_use(&db, &address(number)).await?) }
        });
        assert_eq!(winners(&seen.await), 8);
    }
    Ok(())
}

async fn a_failing_statement_spoils_its_own_transaction_alone(db: Db) -> Checked {
    add_account(&db, 100).await?;
    let taken = race(24, |number| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            insert(&mut tx, &account(number), NOW).await?;
            if number % 2 == 0 {
                tx.commit().await?;
                return Ok(false);
            }
            let name = Some(("One 100", "one 100"));
            let renamed = set_username(&mut tx, person(number), name, NOW).await;
            Ok(matches!(renamed, Err(StoreError::Taken)))
        }
    });
    assert_eq!(winners(&taken.await), 12);
    let found = page(&db, None, "", 100, NOW).await?;
    let found: Vec<_> = found.into_iter().map(|one| one.id).collect();
    let expected: Vec<_> = (0..24).step_by(2).chain([100]).map(person).collect();
    assert_eq!(found, expected);
    Ok(())
}

async fn a_transaction_may_be_abandoned_at_any_moment(db: Db) -> Checked {
    let (mut finished, mut polls) = (0, 0);
    while finished < 3 {
        let number = 2 * polls + 1;
        let make =
            async |number| -> Checked<bool> { Ok(commit!(db, tx => insert(&mut tx, &account(number), NOW))) };
        let (first, second) = tokio::join!(abandoned(polls, make(number)), make(number + 1));
        assert!(second?, "a neighbour was taken along after {polls} polls");
        assert!(email_in_use(&db, &address(number + 1)).await?);
        if let Some(made) = first {
            assert!(made? && email_in_use(&db, &address(number)).await?);
            finished += 1;
        }
        polls += 1;
    }
    Ok(())
}

async fn a_closed_database_refuses_and_does_not_hang(db: Db) -> Checked {
    add_account(&db, 1).await?;
    db.close().await;
    let refused = async {
        assert!(db.begin().await.is_err());
        assert!(email_in_use(&db, &address(1)).await.is_err());
        assert!(!db.is_up().await);
    };
    tokio::time::timeout(Duration::from_mins(1), refused).await?;
    Ok(())
}
