//! Who may send a mail, and when.

use std::collections::BTreeSet;

use usher_store::Db;
use usher_store::outbox::{self, Leased, NewMail, claim_one, give_up, hold, progress, sent};

use super::{LEASE, add, claimed, claimed_ids, owner, state};
use crate::people::mail;
use crate::support::{Checked, NOW, after, commit, promises, race, winners};

promises!(
    a_claimed_mail_is_what_was_written,
    workers_at_once_claim_every_mail_and_none_twice,
    the_mail_that_has_waited_longest_goes_first,
    t14_a_mail_whose_worker_is_gone_is_taken_up_again,
    m20_those_of_the_dead_go_first_and_no_claim_takes_more_than_it_asked_for,
    a_lease_may_be_made_longer_by_its_holder_alone,
    a_mail_that_was_given_up_is_kept_and_not_claimed,
    what_a_dead_worker_held_can_be_taken_up_at_once,
    one_mail_is_leased_by_its_id_when_it_is_due_and_free,
    callers_at_once_lease_one_mail_once,
);

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

async fn m20_those_of_the_dead_go_first_and_no_claim_takes_more_than_it_asked_for(db: Db) -> Checked {
    let left = add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 0).await?;
    for number in 2..=4 {
        add(&db, number, 1).await?;
    }
    let first = claimed(&db, "b", 2, 60).await?;
    assert_eq!(first.len(), 2);
    assert!(first.iter().any(|one| one.id == left));
    assert_eq!(claimed(&db, "b", 10, 60).await?.len(), 2);
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

async fn a_mail_that_was_given_up_is_kept_and_not_claimed(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 0).await?;
    commit!(db, tx => give_up(&mut tx, id, "a", "550"));
    assert_eq!(state(&db, 1).await?.as_deref(), Some("dead"));
    assert!(claimed(&db, "a", 10, 9_999).await?.is_empty());
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

async fn one_mail_is_leased_by_its_id_when_it_is_due_and_free(db: Db) -> Checked {
    let (first, second) = (add(&db, 1, 10).await?, add(&db, 2, 0).await?);
    let one = async |id, worker: &'static str, at| -> Checked<Option<Leased>> {
        Ok(commit!(db, tx => claim_one(&mut tx, id, worker, LEASE, after(at))))
    };
    assert!(one(mail(9), "a", 10).await?.is_none(), "there is no such mail");
    assert!(one(first, "a", 9).await?.is_none(), "it is not due");
    let leased = one(first, "a", 10).await?.expect("it is due");
    assert_eq!((leased.id, leased.tries), (first, 1));
    for worker in ["a", "b"] {
        assert!(one(first, worker, 69).await?.is_none(), "it is leased");
    }
    assert_eq!(
        one(first, "b", 70).await?.map(|mail| mail.tries),
        Some(2),
        "the lease ran out"
    );
    commit!(db, tx => sent(&mut tx, first, "b", after(71)));
    assert!(one(first, "a", 500).await?.is_none(), "it is sent");
    assert!(
        one(second, "a", 500).await?.is_some(),
        "the other one was left alone"
    );
    Ok(())
}

async fn callers_at_once_lease_one_mail_once(db: Db) -> Checked {
    for number in 1..=20 {
        let id = add(&db, number, 0).await?;
        let won = race(6, |worker| {
            let db = db.clone();
            async move {
                let worker = format!("worker {worker}");
                Ok(commit!(db, tx => claim_one(&mut tx, id, &worker, LEASE, after(1))).is_some())
            }
        });
        assert_eq!(winners(&won.await), 1);
    }
    Ok(())
}
