//! Promises about mail that waits to leave.

use std::collections::BTreeSet;
use std::time::Duration;

use usher_accounts::id::OutboxId;
use usher_store::Db;
use usher_store::outbox::{
    self, Leased, NewMail, claim, defer, depth, discard, discard_waiting, give_up, hold, next_due, progress,
    sent, sweep,
};

use crate::people::mail;
use crate::support::{Checked, NOW, after, commit, promises, race};

const LEASE: Duration = Duration::from_mins(1);

promises!(
    a_claimed_mail_is_what_was_written,
    workers_at_once_claim_every_mail_and_none_twice,
    the_mail_that_has_waited_longest_goes_first,
    t14_a_mail_whose_worker_is_gone_is_taken_up_again,
    a_lease_may_be_made_longer_by_its_holder_alone,
    only_the_holder_of_the_lease_settles_a_mail,
    t42_a_deferred_mail_waits_for_its_time_and_holds_up_nobody,
    a_mail_that_was_given_up_is_kept_and_not_claimed,
    the_next_time_to_look_is_known,
    what_waits_and_what_is_dead_is_counted,
    progress_is_that_of_the_last_mail,
    what_is_about_somebody_gone_is_discarded,
    sent_mails_are_swept_when_they_are_old,
    what_a_dead_worker_held_can_be_taken_up_at_once,
);

fn owner(number: u32) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// A mail about owner `number`, written so many seconds after the story begins.
async fn add(db: &Db, number: u32, at: u64) -> Checked<OutboxId> {
    let new = NewMail {
        id: mail(number),
        kind: "verification",
        owner: owner(number),
        recipient: "One@example.org",
        detail: None,
    };
    commit!(db, tx => outbox::insert(&mut tx, &new, after(at)));
    Ok(new.id)
}

async fn claimed(db: &Db, worker: &str, most: i64, at: u64) -> Checked<Vec<Leased>> {
    Ok(commit!(db, tx => claim(&mut tx, worker, most, LEASE, after(at))))
}

async fn claimed_ids(db: &Db, worker: &str, at: u64) -> Checked<Vec<OutboxId>> {
    let mut ids: Vec<_> = claimed(db, worker, 100, at)
        .await?
        .iter()
        .map(|one| one.id)
        .collect();
    ids.sort();
    Ok(ids)
}

async fn state(db: &Db, number: u32) -> Checked<Option<String>> {
    Ok(progress(db, &owner(number)).await?.map(|row| row.state))
}

async fn a_claimed_mail_is_what_was_written(db: Db) -> Checked {
    let new = NewMail {
        id: mail(1),
        kind: "email_changed",
        owner: owner(7),
        recipient: "One@Example.org",
        detail: Some("o***@example.net"),
    };
    commit!(db, tx => outbox::insert(&mut tx, &new, NOW));
    let taken = claimed(&db, "a", 10, 0).await?;
    let one = &taken[0];
    assert_eq!((taken.len(), one.id, one.tries), (1, new.id, 1));
    assert_eq!((one.kind.as_str(), &one.owner[..]), (new.kind, &new.owner[..]));
    assert_eq!(
        (one.recipient.as_str(), one.detail.as_deref()),
        (new.recipient, new.detail)
    );
    Ok(())
}

async fn workers_at_once_claim_every_mail_and_none_twice(db: Db) -> Checked {
    for number in 1..=200 {
        add(&db, number, 0).await?;
    }
    let taken = race(8, |worker| {
        let db = db.clone();
        async move {
            let (worker, mut mine) = (format!("worker {worker}"), Vec::new());
            loop {
                let some = claimed(&db, &worker, 7, 1).await?;
                if some.is_empty() {
                    return Ok(mine);
                }
                mine.extend(some.into_iter().map(|one| one.id));
            }
        }
    });
    let taken: Vec<_> = taken.await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 200, "some were claimed twice, or not at all");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 200);
    Ok(())
}

async fn the_mail_that_has_waited_longest_goes_first(db: Db) -> Checked {
    for (number, at) in [(1, 30), (2, 10), (3, 20), (4, 60)] {
        add(&db, number, at).await?;
    }
    for expected in [2, 3, 1] {
        let taken = claimed(&db, "a", 1, 50).await?;
        assert_eq!(
            taken.iter().map(|one| one.id).collect::<Vec<_>>(),
            [mail(expected)]
        );
    }
    assert!(
        claimed(&db, "a", 1, 50).await?.is_empty(),
        "one is not due, the others are leased"
    );
    Ok(())
}

async fn t14_a_mail_whose_worker_is_gone_is_taken_up_again(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    assert_eq!(claimed_ids(&db, "a", 0).await?, [id]);
    assert!(claimed(&db, "b", 10, 59).await?.is_empty());
    let again = claimed(&db, "b", 10, 60).await?;
    assert_eq!((again[0].id, again[0].tries), (id, 2));
    // The first worker was only slow. Its word no longer counts.
    assert!(!commit!(db, tx => sent(&mut tx, id, "a", after(61))));
    assert!(commit!(db, tx => sent(&mut tx, id, "b", after(62))));
    let row = progress(&db, &owner(1)).await?.expect("the mail");
    assert_eq!((row.state.as_str(), row.sent_at), ("sent", Some(after(62))));
    assert!(claimed(&db, "c", 10, 9_999).await?.is_empty());
    Ok(())
}

async fn a_lease_may_be_made_longer_by_its_holder_alone(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 0).await?;
    assert!(!commit!(db, tx => hold(&mut tx, id, "b", after(500))));
    assert!(commit!(db, tx => hold(&mut tx, id, "a", after(100))));
    assert!(claimed(&db, "b", 10, 99).await?.is_empty());
    assert_eq!(claimed_ids(&db, "b", 100).await?, [id]);
    assert!(!commit!(db, tx => hold(&mut tx, id, "a", after(500))));
    Ok(())
}

async fn only_the_holder_of_the_lease_settles_a_mail(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    assert!(
        !commit!(db, tx => sent(&mut tx, id, "a", NOW)),
        "nobody holds it yet"
    );
    claimed(&db, "a", 10, 0).await?;
    assert!(!commit!(db, tx => sent(&mut tx, id, "b", NOW)));
    commit!(db, tx => defer(&mut tx, id, "b", after(900), "421"));
    commit!(db, tx => give_up(&mut tx, id, "b", "550"));
    assert_eq!(state(&db, 1).await?.as_deref(), Some("leased"));
    assert!(commit!(db, tx => sent(&mut tx, id, "a", NOW)));
    // What was sent stays sent, even for its sender.
    commit!(db, tx => defer(&mut tx, id, "a", after(900), "421"));
    commit!(db, tx => give_up(&mut tx, id, "a", "550"));
    assert!(!commit!(db, tx => sent(&mut tx, id, "a", after(1))));
    assert_eq!(state(&db, 1).await?.as_deref(), Some("sent"));
    Ok(())
}

async fn t42_a_deferred_mail_waits_for_its_time_and_holds_up_nobody(db: Db) -> Checked {
    let first = add(&db, 1, 0).await?;
    let second = add(&db, 2, 1).await?;
    assert_eq!(claimed(&db, "a", 1, 5).await?[0].id, first);
    commit!(db, tx => defer(&mut tx, first, "a", after(30), "421"));
    assert_eq!(state(&db, 1).await?.as_deref(), Some("due"));
    assert_eq!(claimed(&db, "a", 1, 5).await?[0].id, second);
    assert!(claimed(&db, "a", 1, 29).await?.is_empty());
    let again = claimed(&db, "b", 1, 30).await?;
    assert_eq!((again[0].id, again[0].tries), (first, 2));
    Ok(())
}

async fn a_mail_that_was_given_up_is_kept_and_not_claimed(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 0).await?;
    commit!(db, tx => give_up(&mut tx, id, "a", "550"));
    assert_eq!(state(&db, 1).await?.as_deref(), Some("dead"));
    assert!(claimed(&db, "a", 10, 9_999).await?.is_empty());
    Ok(())
}

async fn the_next_time_to_look_is_known(db: Db) -> Checked {
    assert_eq!(next_due(&db).await?, None);
    let first = add(&db, 1, 10).await?;
    add(&db, 2, 40).await?;
    assert_eq!(next_due(&db).await?, Some(after(10)));
    claimed(&db, "a", 1, 15).await?;
    assert_eq!(
        next_due(&db).await?,
        Some(after(40)),
        "sooner than the lease's end"
    );
    claimed(&db, "a", 1, 41).await?;
    assert_eq!(next_due(&db).await?, Some(after(75)), "when a worker may be gone");
    commit!(db, tx => sent(&mut tx, first, "a", after(42)));
    assert_eq!(next_due(&db).await?, Some(after(101)));
    commit!(db, tx => give_up(&mut tx, mail(2), "a", "550"));
    assert_eq!(next_due(&db).await?, None);
    Ok(())
}

async fn what_waits_and_what_is_dead_is_counted(db: Db) -> Checked {
    let none = depth(&db).await?;
    assert_eq!(
        (none.waiting, none.leased, none.dead, none.oldest),
        (0, 0, 0, None)
    );
    for number in 1..=4 {
        add(&db, number, number.into()).await?;
        if number < 4 {
            assert_eq!(claimed_ids(&db, "a", 4).await?, [mail(number)]);
        }
    }
    commit!(db, tx => sent(&mut tx, mail(1), "a", after(5)));
    commit!(db, tx => give_up(&mut tx, mail(2), "a", "550"));
    let some = depth(&db).await?;
    assert_eq!((some.waiting, some.leased, some.dead), (2, 1, 1));
    assert_eq!(some.oldest, Some(after(3)));
    Ok(())
}

async fn progress_is_that_of_the_last_mail(db: Db) -> Checked {
    assert!(progress(&db, &owner(1)).await?.is_none());
    add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 1).await?;
    commit!(db, tx => sent(&mut tx, mail(1), "a", after(2)));
    let again = NewMail {
        id: mail(2),
        kind: "verification",
        owner: owner(1),
        recipient: "One@example.org",
        detail: None,
    };
    commit!(db, tx => outbox::insert(&mut tx, &again, after(3)));
    let row = progress(&db, &owner(1)).await?.expect("the mail");
    assert_eq!((row.state.as_str(), row.tries), ("due", 0));
    assert_eq!((row.created_at, row.sent_at), (after(3), None));
    Ok(())
}

async fn what_is_about_somebody_gone_is_discarded(db: Db) -> Checked {
    for number in 1..=4 {
        add(&db, number, 0).await?;
    }
    claimed(&db, "a", 100, 0).await?;
    commit!(db, tx => sent(&mut tx, mail(2), "a", NOW));
    commit!(db, tx => discard(&mut tx, mail(1)));
    commit!(db, tx => discard_waiting(&mut tx, &owner(2)));
    commit!(db, tx => discard_waiting(&mut tx, &owner(3)));
    let left = [1, 2, 3, 4].map(|number| state(&db, number));
    let mut states = Vec::new();
    for one in left {
        states.push(one.await?.unwrap_or_default());
    }
    assert_eq!(states, ["", "sent", "", "leased"]);
    Ok(())
}

async fn sent_mails_are_swept_when_they_are_old(db: Db) -> Checked {
    for number in 1..=4 {
        add(&db, number, 0).await?;
    }
    claimed(&db, "a", 100, 0).await?;
    commit!(db, tx => sent(&mut tx, mail(1), "a", after(10)));
    commit!(db, tx => sent(&mut tx, mail(2), "a", after(11)));
    commit!(db, tx => give_up(&mut tx, mail(3), "a", "550"));
    assert_eq!(commit!(db, tx => sweep(&mut tx, after(10))), 1);
    assert_eq!(state(&db, 1).await?, None);
    assert_eq!(depth(&db).await?.dead, 1);
    Ok(())
}

async fn what_a_dead_worker_held_can_be_taken_up_at_once(db: Db) -> Checked {
    let (held, waiting) = (add(&db, 1, 1).await?, add(&db, 2, 100).await?);
    assert_eq!(claimed_ids(&db, "dead", 2).await?, [held]);
    assert_eq!(commit!(db, tx => outbox::take_up(&mut tx)), 1);
    assert_eq!(claimed_ids(&db, "next", 3).await?, [held]);
    assert_eq!(claimed_ids(&db, "next", 100).await?, [held, waiting]);
    Ok(())
}
