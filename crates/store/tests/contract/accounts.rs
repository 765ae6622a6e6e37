//! Promises about accounts.

use proptest::collection::btree_set;
use proptest::prelude::any;
use usher_accounts::role::Role;
use usher_store::accounts::{
    self, NewAccount, by_email, by_id, email_in_use, insert, page, rehash, set_email, set_role, set_username,
    set_verified, username_in_use,
};
use usher_store::{Db, StoreError};

use crate::people::{account, add_account, address, person};
use crate::support::{Checked, NOW, after, commit, for_all, promises, race, winners};

promises!(
    what_is_stored_is_read_back,
    t37_of_many_accounts_for_one_address_there_is_one,
    of_many_accounts_with_one_name_there_is_one,
    any_number_of_accounts_have_no_name,
    a_name_or_address_of_somebody_else_is_taken,
    a_verified_address_keeps_the_time_of_its_proof,
    a_changed_password_is_not_overwritten_by_a_new_hash_of_the_old_one,
    only_accounts_that_are_there_change,
    pages_follow_each_other_without_gap_or_repetition,
    the_first_page_begins_with_the_lowest_id_there_can_be,
    a_search_finds_the_accounts_that_contain_it_and_no_others,
    a_search_longer_than_any_name_finds_nobody,
);

async fn what_is_stored_is_read_back(db: Db) -> Checked {
    let new = NewAccount {
        role: Role::Admin,
        email: "One-1@Example.org".to_owned(),
        mail_sent_at: Some(after(1)),
        created_at: after(2),
        ..account(1)
    };
    assert!(commit!(db, tx => insert(&mut tx, &new, after(3))));
    let read = by_id(&db, person(1), NOW).await?.expect("the account");
    assert_eq!(
        (read.email.as_str(), read.email_key),
        ("One-1@Example.org", address(1))
    );
    assert_eq!(
        (read.username, read.password_hash),
        (new.username, new.password_hash)
    );
    assert_eq!((read.role, read.verified_at), (Role::Admin, Some(NOW)));
    assert_eq!((read.mail_sent_at, read.created_at), (Some(after(1)), after(2)));
    assert_eq!(read.pending_email, None);
    assert_eq!(
        by_email(&db, &address(1), NOW).await?.map(|found| found.id),
        Some(person(1))
    );
    assert!(email_in_use(&db, &address(1)).await? && username_in_use(&db, "one 1").await?);
    assert!(!email_in_use(&db, &address(2)).await? && !username_in_use(&db, "one 2").await?);
    Ok(())
}

/// How many of 32 accounts made at once came to be.
async fn made_at_once(db: &Db, new: impl Fn(u32) -> NewAccount) -> usize {
    let made = race(32, |number| {
        let (db, new) = (db.clone(), new(number));
        async move { Ok(commit!(db, tx => insert(&mut tx, &new, NOW))) }
    });
    winners(&made.await)
}

async fn t37_of_many_accounts_for_one_address_there_is_one(db: Db) -> Checked {
    let made = made_at_once(&db, |number| NewAccount {
        email_key: address(1),
        ..account(number)
    });
    assert_eq!(made.await, 1);
    assert_eq!(page(&db, None, "", 100, NOW).await?.len(), 1);
    Ok(())
}

async fn of_many_accounts_with_one_name_there_is_one(db: Db) -> Checked {
    let made = made_at_once(&db, |number| NewAccount {
        username_key: Some("ada".to_owned()),
        ..account(number)
    });
    assert_eq!(made.await, 1);
    assert_eq!(page(&db, None, "", 100, NOW).await?.len(), 1);
    Ok(())
}

async fn any_number_of_accounts_have_no_name(db: Db) -> Checked {
    let made = made_at_once(&db, |number| NewAccount {
        username: None,
        username_key: None,
        ..account(number)
    });
    assert_eq!(made.await, 32);
    Ok(())
}

async fn a_name_or_address_of_somebody_else_is_taken(db: Db) -> Checked {
    add_account(&db, 1).await?;
    add_account(&db, 2).await?;
    let mut tx = db.begin().await?;
    let name = set_username(&mut tx, person(2), Some(("One 1", "one 1")), NOW).await;
    assert!(matches!(name, Err(StoreError::Taken)), "{name:?}");
    drop(tx);
    let mut tx = db.begin().await?;
    let email = set_email(&mut tx, person(2), "One-1@example.org", &address(1), NOW).await;
    assert!(matches!(email, Err(StoreError::Taken)), "{email:?}");
    drop(tx);
    // One's own may be spelt differently, or given up.
    commit!(db, tx => set_username(&mut tx, person(2), Some(("ONE 2", "one 2")), NOW));
    commit!(db, tx => set_username(&mut tx, person(1), None, NOW));
    commit!(db, tx => set_username(&mut tx, person(2), Some(("One 1", "one 1")), NOW));
    commit!(db, tx => set_email(&mut tx, person(2), "New@example.org", "new@example.org", after(9)));
    let read = by_id(&db, person(2), NOW).await?.expect("the account");
    assert_eq!(read.username.as_deref(), Some("One 1"));
    assert_eq!(
        (read.email.as_str(), read.verified_at),
        ("New@example.org", Some(after(9)))
    );
    Ok(())
}

async fn a_verified_address_keeps_the_time_of_its_proof(db: Db) -> Checked {
    let new = NewAccount {
        verified_at: None,
        ..account(1)
    };
    commit!(db, tx => insert(&mut tx, &new, NOW));
    assert!(commit!(db, tx => set_verified(&mut tx, person(1), after(5))));
    assert!(!commit!(db, tx => set_verified(&mut tx, person(1), after(6))));
    let read = by_id(&db, person(1), NOW).await?.expect("the account");
    assert_eq!(read.verified_at, Some(after(5)));
    Ok(())
}

async fn a_changed_password_is_not_overwritten_by_a_new_hash_of_the_old_one(db: Db) -> Checked {
    add_account(&db, 1).await?;
    commit!(db, tx => rehash(&mut tx, person(1), "hash", "stronger"));
    commit!(db, tx => accounts::set_password(&mut tx, person(1), "changed", NOW));
    commit!(db, tx => rehash(&mut tx, person(1), "stronger", "of the old one"));
    let read = by_id(&db, person(1), NOW).await?.expect("the account");
    assert_eq!(read.password_hash, "changed");
    Ok(())
}

async fn only_accounts_that_are_there_change(db: Db) -> Checked {
    add_account(&db, 1).await?;
    assert!(commit!(db, tx => set_role(&mut tx, person(1), Role::Admin, NOW)));
    assert!(commit!(db, tx => accounts::delete(&mut tx, person(1))));
    assert!(!commit!(db, tx => accounts::delete(&mut tx, person(1))));
    assert!(!commit!(db, tx => set_role(&mut tx, person(1), Role::Admin, NOW)));
    assert!(!commit!(db, tx => set_verified(&mut tx, person(1), NOW)));
    assert!(by_id(&db, person(1), NOW).await?.is_none());
    Ok(())
}

async fn pages_follow_each_other_without_gap_or_repetition(db: Db) -> Checked {
    // Made in another order than that of their ids.
    for number in [5, 300, 1, 70_000, 2, 256, 4] {
        add_account(&db, number).await?;
    }
    let mut seen = Vec::new();
    loop {
        let next = page(&db, seen.last().copied(), "", 3, NOW).await?;
        if next.is_empty() {
            break;
        }
        seen.extend(next.iter().map(|found| found.id));
    }
    assert_eq!(seen, [1, 2, 4, 5, 256, 300, 70_000].map(person));
    Ok(())
}

async fn the_first_page_begins_with_the_lowest_id_there_can_be(db: Db) -> Checked {
    add_account(&db, 0).await?;
    assert!(person(0).as_bytes().iter().all(|byte| *byte == 0));
    assert_eq!(page(&db, None, "", 1, NOW).await?.len(), 1);
    Ok(())
}

async fn a_search_finds_the_accounts_that_contain_it_and_no_others(db: Db) -> Checked {
    let keys = btree_set("[ab%_!é\\\\]{1,4}", 1..6);
    let search = "[aAb%_!É\\\\\\x00]{0,3}";
    for_all(&(keys, search, any::<bool>()), |(keys, search, by_name)| {
        let db = db.clone();
        async move {
            // Never committed, so that every case begins with nobody.
            let mut tx = db.begin().await?;
            let mut expected = Vec::new();
            for (number, key) in (1..).zip(keys) {
                if key.contains(&search.to_lowercase()) {
                    expected.push(person(number));
                }
                let new = NewAccount {
                    email_key: if by_name { format!("{number}") } else { key.clone() },
                    username_key: by_name.then_some(key),
                    ..account(number)
                };
                insert(&mut tx, &new, NOW).await?;
            }
            let found = page(&mut tx, None, &search, 100, NOW).await?;
            let found: Vec<_> = found.iter().map(|found| found.id).collect();
            assert_eq!(found, expected, "searching {search:?}");
            Ok(())
        }
    });
    Ok(())
}

async fn a_search_longer_than_any_name_finds_nobody(db: Db) -> Checked {
    add_account(&db, 1).await?;
    assert!(page(&db, None, &"%".repeat(60_000), 100, NOW).await?.is_empty());
    Ok(())
}
