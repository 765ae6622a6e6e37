//! What came of a mail, and what is told of all of them.

use usher_store::Db;
use usher_store::outbox::{
    self, NewMail, counted, defer, depth, discard, discard_waiting, give_up, next_due, progress, put_back,
    revive, revive_all, revive_dead, sent, sweep, troubled,
};

use super::{add, claimed, claimed_ids, owner, state};
use crate::people::mail;
use crate::support::{Checked, NOW, after, commit, promises};

promises!(
    only_the_holder_of_the_lease_settles_a_mail,
    t42_a_deferred_mail_waits_for_its_time_and_holds_up_nobody,
    t42_a_mail_that_was_put_back_was_not_tried,
    m20_mails_that_wait_or_were_given_up_can_be_made_due_and_no_others,
    m20_what_was_tried_in_vain_is_told_and_the_rest_counted,
    the_next_time_to_look_is_known,
    what_waits_and_what_is_dead_is_counted,
    progress_is_that_of_the_last_mail,
    what_is_about_somebody_gone_is_discarded,
    sent_mails_are_swept_when_they_are_old,
);

/// Four mails at second 1: sent, given up, due again at second 900, under way; a fifth comes fresh.
async fn one_of_each(db: &Db) -> Checked {
    for number in 1..=4 {
        add(db, number, 0).await?;
    }
    claimed(db, "a", 10, 0).await?;
    commit!(db, tx => sent(&mut tx, mail(1), "a", after(1)));
    commit!(db, tx => give_up(&mut tx, mail(2), "a", "550"));
    commit!(db, tx => defer(&mut tx, mail(3), "a", after(900), "421"));
    add(db, 5, 1).await?;
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

async fn t42_a_mail_that_was_put_back_was_not_tried(db: Db) -> Checked {
    let id = add(&db, 1, 0).await?;
    claimed(&db, "a", 10, 0).await?;
    commit!(db, tx => put_back(&mut tx, id, "b", after(3)));
    assert_eq!(
        state(&db, 1).await?.as_deref(),
        Some("leased"),
        "only its holder can"
    );
    commit!(db, tx => put_back(&mut tx, id, "a", after(3)));
    assert!(claimed(&db, "a", 10, 2).await?.is_empty());
    let again = claimed(&db, "a", 10, 3).await?;
    assert_eq!((again[0].id, again[0].tries), (id, 1));
    Ok(())
}

async fn m20_mails_that_wait_or_were_given_up_can_be_made_due_and_no_others(db: Db) -> Checked {
    one_of_each(&db).await?;
    for (number, expected) in [(1, 0), (2, 1), (3, 1), (4, 0), (9, 0)] {
        let changed = commit!(db, tx => revive(&mut tx, mail(number), after(2)));
        assert_eq!(changed, expected, "mail {number}");
    }
    assert_eq!(claimed_ids(&db, "b", 2).await?, [mail(2), mail(3), mail(5)]);
    commit!(db, tx => give_up(&mut tx, mail(2), "b", "550"));
    commit!(db, tx => defer(&mut tx, mail(3), "b", after(900), "421"));
    assert_eq!(commit!(db, tx => revive_dead(&mut tx, after(3))), 1);
    let again = claimed(&db, "c", 10, 3).await?;
    assert_eq!((again.len(), again[0].id, again[0].tries), (1, mail(2), 3));
    commit!(db, tx => give_up(&mut tx, mail(2), "c", "550"));
    assert_eq!(commit!(db, tx => revive_all(&mut tx, after(4))), 2);
    assert_eq!(claimed_ids(&db, "d", 4).await?, [mail(2), mail(3)]);
    Ok(())
}

async fn m20_what_was_tried_in_vain_is_told_and_the_rest_counted(db: Db) -> Checked {
    assert!(counted(&db).await?.is_empty());
    one_of_each(&db).await?;
    let counts: Vec<_> = counted(&db)
        .await?
        .into_iter()
        .map(|one| (one.state, one.mails))
        .collect();
    let expected = [("dead", 1), ("due", 2), ("leased", 1), ("sent", 1)];
    assert_eq!(counts, expected.map(|(state, mails)| (state.to_owned(), mails)));
    let told = troubled(&db, 10).await?;
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.id, one.state.as_str(), one.tries, one.last_error.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (mail(2), "dead", 1, Some("550")),
            (mail(3), "due", 1, Some("421"))
        ]
    );
    assert_eq!(troubled(&db, 1).await?.len(), 1);
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
