//! Promises about changes of address.

use usher_store::email_changes::{self, EmailChange, live_by_id, of_account, take, take_lapsed, take_of};
use usher_store::{Db, StoreError, accounts};

use crate::people::{DAY, account, add_account, address, change, email_change, person};
use crate::support::{Checked, NOW, after, commit, promises, race, winners};

promises!(
    what_is_stored_is_read_back,
    an_account_has_one_change_under_way,
    a_change_that_has_lapsed_is_not_seen_and_not_taken,
    t07_of_many_takers_at_once_one_carries_it_out,
    lapsed_changes_are_swept_and_named,
    a_change_goes_with_its_account,
    the_profile_shows_the_address_that_waits,
);

async fn add(db: &Db, number: u32) -> Checked {
    add_account(db, number).await?;
    commit!(db, tx => email_changes::insert(&mut tx, &email_change(number)));
    Ok(())
}

async fn what_is_stored_is_read_back(db: Db) -> Checked {
    add(&db, 1).await?;
    let new = email_change(1);
    for read in [
        of_account(&db, person(1), NOW).await?,
        live_by_id(&db, change(1), NOW).await?,
    ] {
        let read = read.expect("the change");
        assert_eq!((read.id, read.account_id), (new.id, new.account_id));
        assert_eq!((&read.email, &read.email_key), (&new.email, &new.email_key));
        assert_eq!((&read.tag, read.created_at), (&new.tag, new.created_at));
        assert_eq!(read.expires_at, new.expires_at);
    }
    Ok(())
}

async fn an_account_has_one_change_under_way(db: Db) -> Checked {
    add(&db, 1).await?;
    let newer = EmailChange {
        id: change(2),
        ..email_change(1)
    };
    let mut tx = db.begin().await?;
    let second = email_changes::insert(&mut tx, &newer).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    drop(tx);
    let mut tx = db.begin().await?;
    assert_eq!(take_of(&mut tx, person(1)).await?, Some(change(1)));
    assert_eq!(take_of(&mut tx, person(1)).await?, None);
    email_changes::insert(&mut tx, &newer).await?;
    tx.commit().await?;
    let read = of_account(&db, person(1), NOW).await?.expect("the newer one");
    assert_eq!(read.id, change(2));
    Ok(())
}

async fn a_change_that_has_lapsed_is_not_seen_and_not_taken(db: Db) -> Checked {
    add(&db, 1).await?;
    assert!(of_account(&db, person(1), after(DAY)).await?.is_none());
    assert!(live_by_id(&db, change(1), after(DAY)).await?.is_none());
    assert!(!commit!(db, tx => take(&mut tx, change(1), after(DAY))));
    assert!(of_account(&db, person(1), after(DAY - 1)).await?.is_some());
    Ok(())
}

async fn t07_of_many_takers_at_once_one_carries_it_out(db: Db) -> Checked {
    add(&db, 1).await?;
    let taken = race(20, |_| {
        let db = db.clone();
        async move { Ok(commit!(db, tx => take(&mut tx, change(1), NOW))) }
    });
    assert_eq!(winners(&taken.await), 1);
    Ok(())
}

async fn lapsed_changes_are_swept_and_named(db: Db) -> Checked {
    add(&db, 1).await?;
    add_account(&db, 2).await?;
    let longer = EmailChange {
        expires_at: after(DAY + 1),
        ..email_change(2)
    };
    commit!(db, tx => email_changes::insert(&mut tx, &longer));
    assert_eq!(commit!(db, tx => take_lapsed(&mut tx, after(DAY))), [change(1)]);
    assert_eq!(commit!(db, tx => take_lapsed(&mut tx, after(DAY))), []);
    assert!(live_by_id(&db, change(2), NOW).await?.is_some());
    Ok(())
}

async fn a_change_goes_with_its_account(db: Db) -> Checked {
    add(&db, 1).await?;
    commit!(db, tx => accounts::delete(&mut tx, person(1)));
    assert!(live_by_id(&db, change(1), NOW).await?.is_none());
    let mut tx = db.begin().await?;
    assert!(email_changes::insert(&mut tx, &email_change(1)).await.is_err());
    Ok(())
}

async fn the_profile_shows_the_address_that_waits(db: Db) -> Checked {
    add(&db, 1).await?;
    let pending = accounts::by_id(&db, person(1), NOW).await?.expect("the account");
    assert_eq!(pending.pending_email, Some(address(900)));
    let lapsed = accounts::by_email(&db, &account(1).email_key, after(DAY)).await?;
    assert_eq!(lapsed.expect("the account").pending_email, None);
    let page = accounts::page(&db, None, "", 10, NOW).await?;
    assert_eq!(page[0].pending_email, Some(address(900)));
    Ok(())
}
