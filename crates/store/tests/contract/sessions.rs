//! Promises about sessions.

use std::time::Duration;

use proptest::collection::vec;
use usher_accounts::id::SessionId;
use usher_accounts::role::Role;
use usher_store::sessions::{
    Owner, end, end_all, end_all_for_email, end_by_id, end_others, insert, of_person, refresh, rotate,
    signed, sweep, touch, trim,
};
use usher_store::{Db, accounts, email_changes, registrations};

use crate::people::{
    DAY, account, add_account, add_registration, add_session, address, email_change, new_session, person,
    registration, session,
};
use crate::support::{Checked, NOW, after, commit, for_all, promises, race, winners};

promises!(
    what_is_stored_is_read_back,
    nobody_without_an_owner_is_signed_in,
    a_disabled_account_gets_no_session_until_it_is_enabled,
    the_newest_sessions_stay,
    whatever_their_times_as_many_stay_as_were_asked_for,
    only_its_owner_ends_a_session,
    all_but_one_end,
    all_end,
    sessions_of_pending_registrations_end_by_address,
    t28_of_many_uses_of_one_refresh_token_one_rotates_it,
    a_refresh_token_that_is_not_the_last_or_too_late_rotates_nothing,
    sessions_go_with_their_account,
    sessions_go_with_their_registration,
    an_account_is_known_by_its_session,
    a_registration_is_known_by_its_session,
    a_session_that_is_over_says_nothing,
    the_last_use_never_goes_back,
    sessions_that_are_over_are_swept,
);

async fn ids_of(db: &Db, number: u32) -> Checked<Vec<SessionId>> {
    let rows = of_person(db, person(number), NOW).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn what_is_stored_is_read_back(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_session(&db, 1, owner, 3).await?;
    let rows = of_person(&db, person(1), NOW).await?;
    let (new, read) = (new_session(1, owner), &rows[0]);
    assert_eq!((read.id, rows.len()), (new.id, 1));
    assert_eq!((read.account_id, read.registration_id), (Some(person(1)), None));
    assert_eq!((&read.device, &read.ip), (&new.device, &new.ip));
    assert_eq!((read.created_at, read.last_accessed_at), (after(3), after(3)));
    assert_eq!(read.expires_at, new.expires_at);
    let stored = refresh(&db, session(1)).await?.expect("the token");
    assert_eq!(stored.refresh_hash, new.refresh_hash);
    assert_eq!((stored.refresh_previous, stored.refreshed_at), (None, None));
    assert_eq!(stored.expires_at, new.expires_at);
    Ok(())
}

async fn a_disabled_account_gets_no_session_until_it_is_enabled(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_account(&db, 2).await?;
    for (since, granted) in [(Some(after(3)), false), (None, true)] {
        commit!(db, tx => accounts::set_disabled(&mut tx, person(1), since, after(3)));
        let stored = accounts::by_id(&db, person(1), NOW).await?.expect("the account");
        assert_eq!(stored.disabled_at, since);
        let new = new_session(1, owner);
        assert_eq!(commit!(db, tx => insert(&mut tx, &new, after(4))), granted);
    }
    let other = accounts::by_id(&db, person(2), NOW).await?.expect("the other");
    assert_eq!(other.disabled_at, None);
    Ok(())
}

async fn nobody_without_an_owner_is_signed_in(db: Db) -> Checked {
    add_account(&db, 1).await?;
    add_registration(&db, 2).await?;
    for owner in [
        Owner::Account(person(2)),
        Owner::Registration(person(1)),
        Owner::Account(person(3)),
    ] {
        let new = new_session(1, owner);
        assert!(!commit!(db, tx => insert(&mut tx, &new, NOW)), "{owner:?}");
    }
    assert!(refresh(&db, session(1)).await?.is_none());
    Ok(())
}

async fn the_newest_sessions_stay(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    let other = add_registration(&db, 2).await?;
    add_session(&db, 9, other, 0).await?;
    for (number, at) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
        add_session(&db, number, owner, at).await?;
    }
    let mut ended = commit!(db, tx => trim(&mut tx, person(1), 2));
    ended.sort();
    assert_eq!(ended, [2, 3].map(session));
    assert_eq!(ids_of(&db, 1).await?, [1, 4].map(session));
    assert_eq!(ids_of(&db, 2).await?, [session(9)]);
    assert!(commit!(db, tx => trim(&mut tx, person(1), 2)).is_empty());
    Ok(())
}

async fn whatever_their_times_as_many_stay_as_were_asked_for(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    for_all(&(vec(0..5_u64, 0..8), 0..6_i64), |(times, keep)| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            for (number, at) in (1..).zip(&times) {
                insert(&mut tx, &new_session(number, owner), after(*at)).await?;
            }
            let before = of_person(&mut tx, person(1), NOW).await?;
            trim(&mut tx, person(1), keep).await?;
            let left = of_person(&mut tx, person(1), NOW).await?;
            let newest: Vec<_> = before.iter().take(keep as usize).map(|row| row.id).collect();
            assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), newest);
            assert!(left.is_sorted_by_key(|row| std::cmp::Reverse(row.created_at)));
            Ok(())
        }
    });
    Ok(())
}

async fn only_its_owner_ends_a_session(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_account(&db, 2).await?;
    add_session(&db, 1, owner, 0).await?;
    assert!(!commit!(db, tx => end(&mut tx, session(1), person(2))));
    assert_eq!(ids_of(&db, 1).await?, [session(1)]);
    assert!(commit!(db, tx => end(&mut tx, session(1), person(1))));
    assert!(!commit!(db, tx => end(&mut tx, session(1), person(1))));
    add_session(&db, 1, owner, 0).await?;
    assert!(commit!(db, tx => end_by_id(&mut tx, session(1))));
    assert!(!commit!(db, tx => end_by_id(&mut tx, session(1))));
    Ok(())
}

/// Three sessions of person 1, numbers 1 to 3, and one of person 2, number 9.
async fn four_sessions(db: &Db) -> Checked {
    let owner = add_account(db, 1).await?;
    for number in 1..=3 {
        add_session(db, number, owner, number.into()).await?;
    }
    let other = add_account(db, 2).await?;
    add_session(db, 9, other, 0).await?;
    Ok(())
}

async fn all_but_one_end(db: Db) -> Checked {
    four_sessions(&db).await?;
    let mut ended = commit!(db, tx => end_others(&mut tx, person(1), session(2)));
    ended.sort();
    assert_eq!(ended, [1, 3].map(session));
    assert_eq!(ids_of(&db, 1).await?, [session(2)]);
    assert_eq!(ids_of(&db, 2).await?, [session(9)]);
    Ok(())
}

async fn all_end(db: Db) -> Checked {
    four_sessions(&db).await?;
    let mut ended = commit!(db, tx => end_all(&mut tx, person(1)));
    ended.sort();
    assert_eq!(ended, [1, 2, 3].map(session));
    assert!(ids_of(&db, 1).await?.is_empty());
    assert_eq!(ids_of(&db, 2).await?, [session(9)]);
    Ok(())
}

async fn sessions_of_pending_registrations_end_by_address(db: Db) -> Checked {
    let one = add_registration(&db, 1).await?;
    let two = add_registration(&db, 2).await?;
    add_session(&db, 1, one, 0).await?;
    add_session(&db, 2, two, 0).await?;
    let ended = commit!(db, tx => end_all_for_email(&mut tx, &address(1)));
    assert_eq!(ended, [session(1)]);
    assert!(ids_of(&db, 1).await?.is_empty());
    assert_eq!(ids_of(&db, 2).await?, [session(2)]);
    Ok(())
}

async fn t28_of_many_uses_of_one_refresh_token_one_rotates_it(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_session(&db, 1, owner, 0).await?;
    let successor = |number: u32| [100 + number as u8; 32];
    let rotated = race(20, |number| {
        let (db, new) = (db.clone(), successor(number));
        async move { Ok(commit!(db, tx => rotate(&mut tx, session(1), &[1; 32], &new, after(5)))) }
    });
    let rotated = rotated.await;
    assert_eq!(winners(&rotated), 1);
    let winner = (0..).zip(rotated).find_map(|(number, won)| won.then_some(number));
    let stored = refresh(&db, session(1)).await?.expect("the token");
    assert_eq!(Some(stored.refresh_hash), winner.map(successor).map(Vec::from));
    assert_eq!(stored.refresh_previous, Some(vec![1; 32]));
    assert_eq!(stored.refreshed_at, Some(after(5)));
    Ok(())
}

async fn a_refresh_token_that_is_not_the_last_or_too_late_rotates_nothing(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_session(&db, 1, owner, 0).await?;
    for (token, at) in [([2; 32], 5), ([1; 32], 7 * DAY)] {
        assert!(!commit!(db, tx => rotate(&mut tx, session(1), &token, &[3; 32], after(at))));
    }
    let stored = refresh(&db, session(1)).await?.expect("the token");
    assert_eq!(stored.refresh_hash, [1; 32]);
    Ok(())
}

async fn sessions_go_with_their_account(db: Db) -> Checked {
    four_sessions(&db).await?;
    commit!(db, tx => accounts::delete(&mut tx, person(1)));
    assert!(ids_of(&db, 1).await?.is_empty());
    assert!(refresh(&db, session(1)).await?.is_none());
    assert_eq!(ids_of(&db, 2).await?, [session(9)]);
    Ok(())
}

async fn sessions_go_with_their_registration(db: Db) -> Checked {
    let owner = add_registration(&db, 1).await?;
    add_session(&db, 1, owner, 0).await?;
    commit!(db, tx => registrations::take(&mut tx, person(1), NOW));
    assert!(refresh(&db, session(1)).await?.is_none());
    Ok(())
}

async fn an_account_is_known_by_its_session(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_session(&db, 1, owner, 3).await?;
    let read = signed(&db, session(1), after(3)).await?.expect("signed in");
    assert_eq!((read.id, read.person_id), (session(1), person(1)));
    assert!(read.is_account);
    assert_eq!((read.email, read.email_key), (address(1), address(1)));
    assert_eq!((read.username, read.role), (account(1).username, Role::User));
    assert_eq!((read.verified_at, read.mail_sent_at), (Some(NOW), None));
    assert_eq!((read.created_at, read.expires_at), (NOW, after(7 * DAY)));
    assert_eq!(read.pending_email, None);
    commit!(db, tx => email_changes::insert(&mut tx, &email_change(1)));
    commit!(db, tx => accounts::set_role(&mut tx, person(1), Role::Admin, NOW));
    let read = signed(&db, session(1), NOW).await?.expect("signed in");
    assert_eq!((read.pending_email, read.role), (Some(address(900)), Role::Admin));
    let later = signed(&db, session(1), after(DAY)).await?.expect("signed in");
    assert_eq!(later.pending_email, None);
    Ok(())
}

async fn a_registration_is_known_by_its_session(db: Db) -> Checked {
    let owner = add_registration(&db, 1).await?;
    add_session(&db, 1, owner, 3).await?;
    commit!(db, tx => registrations::mail_sent(&mut tx, person(1), after(4)));
    let read = signed(&db, session(1), after(3)).await?.expect("signed in");
    assert_eq!((read.id, read.person_id), (session(1), person(1)));
    assert!(!read.is_account);
    assert_eq!((read.email, read.email_key), (address(1), address(1)));
    assert_eq!((read.username, read.role), (registration(1).username, Role::User));
    assert_eq!((read.verified_at, read.mail_sent_at), (None, Some(after(4))));
    assert_eq!((read.created_at, read.expires_at), (NOW, after(7 * DAY)));
    assert_eq!(read.pending_email, None);
    Ok(())
}

async fn a_session_that_is_over_says_nothing(db: Db) -> Checked {
    let account = add_account(&db, 1).await?;
    let registration = add_registration(&db, 2).await?;
    add_session(&db, 1, account, 0).await?;
    add_session(&db, 2, registration, 0).await?;
    assert!(signed(&db, session(1), after(7 * DAY - 1)).await?.is_some());
    assert!(signed(&db, session(1), after(7 * DAY)).await?.is_none());
    assert!(of_person(&db, person(1), after(7 * DAY)).await?.is_empty());
    // The session would last, but the registration has lapsed.
    assert!(signed(&db, session(2), after(DAY - 1)).await?.is_some());
    assert!(signed(&db, session(2), after(DAY)).await?.is_none());
    assert!(signed(&db, session(3), NOW).await?.is_none());
    Ok(())
}

async fn the_last_use_never_goes_back(db: Db) -> Checked {
    let owner = add_account(&db, 1).await?;
    add_session(&db, 1, owner, 0).await?;
    for at in [20, 10] {
        commit!(db, tx => touch(&mut tx, session(1), after(at)));
    }
    let rows = of_person(&db, person(1), NOW).await?;
    assert_eq!(rows[0].last_accessed_at, NOW + Duration::from_secs(20));
    Ok(())
}

async fn sessions_that_are_over_are_swept(db: Db) -> Checked {
    four_sessions(&db).await?;
    assert_eq!(commit!(db, tx => sweep(&mut tx, after(7 * DAY - 1))), 0);
    assert_eq!(commit!(db, tx => sweep(&mut tx, after(7 * DAY))), 4);
    assert!(refresh(&db, session(1)).await?.is_none());
    Ok(())
}
