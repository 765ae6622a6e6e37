//! Promises about registrations that wait for their proof.

use usher_store::registrations::{
    Registration, Room, insert, live_by_email, live_by_id, mail_sent, take, take_lapsed, take_siblings,
};
use usher_store::{Db, StoreError};

use crate::people::{DAY, ROOM, add_account, add_registration, address, person, registration};
use crate::support::{Checked, NOW, after, commit, promises, race, winners};

promises!(
    what_is_stored_is_read_back,
    t02_a_registration_reserves_neither_address_nor_name,
    a_registration_is_never_overwritten,
    an_address_has_room_for_so_many,
    an_address_has_less_room_for_one_source,
    a_source_has_room_for_so_many,
    lapsed_registrations_take_no_room,
    t37_an_address_never_has_more_than_its_room_however_many_come_at_once,
    t58_a_source_never_has_more_than_its_room_however_many_come_at_once,
    an_address_with_an_account_takes_only_decoys,
    the_newest_come_first_and_the_lapsed_not_at_all,
    t07_of_many_takers_at_once_one_gets_it,
    a_lapsed_registration_is_not_taken,
    siblings_go_together,
    the_time_of_the_mail_is_remembered,
    lapsed_registrations_are_swept_and_named,
);

/// Registration `number`, but for address 1.
fn for_address_1(number: u32) -> Registration {
    Registration {
        email_key: address(1),
        ..registration(number)
    }
}

/// Registration `number`, but from one source.
fn from_one_source(number: u32) -> Registration {
    Registration {
        source: "192.0.2.77".to_owned(),
        ..registration(number)
    }
}

/// How many of these find room one after the other.
async fn admitted(db: &Db, rows: impl IntoIterator<Item = Registration>, room: Room) -> Checked<usize> {
    let mut inserted = Vec::new();
    for row in rows {
        inserted.push(commit!(db, tx => insert(&mut tx, &row, room, false)));
    }
    Ok(winners(&inserted))
}

/// How many of 32 find room when all come at once.
async fn admitted_at_once(db: &Db, row: impl Fn(u32) -> Registration, room: Room) -> usize {
    let inserted = race(32, |number| {
        let (db, row) = (db.clone(), row(number));
        async move { Ok(commit!(db, tx => insert(&mut tx, &row, room, false))) }
    });
    winners(&inserted.await)
}

async fn what_is_stored_is_read_back(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    let (new, read) = (registration(1), live_by_id(&db, person(1), NOW).await?);
    let read = read.expect("the registration");
    assert_eq!((read.email, read.email_key), (new.email, new.email_key));
    assert_eq!(
        (read.username, read.username_key),
        (new.username, new.username_key)
    );
    assert_eq!(
        (read.password_hash, read.handle_hash),
        (new.password_hash, new.handle_hash)
    );
    assert_eq!((read.source, read.tag), (new.source, new.tag));
    assert_eq!(
        (read.created_at, read.expires_at),
        (new.created_at, new.expires_at)
    );
    assert_eq!(read.mail_sent_at, None);
    Ok(())
}

async fn t02_a_registration_reserves_neither_address_nor_name(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    let same_name = Registration {
        id: person(2),
        source: "192.0.2.2".to_owned(),
        ..registration(1)
    };
    assert!(commit!(db, tx => insert(&mut tx, &same_name, ROOM, false)));
    add_account(&db, 1).await?;
    Ok(())
}

async fn a_registration_is_never_overwritten(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    let other = Registration {
        password_hash: "another".to_owned(),
        ..registration(1)
    };
    let mut tx = db.begin().await?;
    let second = insert(&mut tx, &other, ROOM, false).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    drop(tx);
    let read = live_by_id(&db, person(1), NOW).await?.expect("the first");
    assert_eq!(read.password_hash, "hash");
    Ok(())
}

const FIVE_PER_ADDRESS: Room = Room {
    per_address: 5,
    ..ROOM
};
const TWO_PER_ADDRESS_AND_SOURCE: Room = Room {
    per_address_and_source: 2,
    ..ROOM
};
const FOUR_PER_SOURCE: Room = Room {
    per_source: 4,
    ..ROOM
};

async fn an_address_has_room_for_so_many(db: Db) -> Checked {
    let rows = (1..=8).map(for_address_1);
    assert_eq!(admitted(&db, rows, FIVE_PER_ADDRESS).await?, 5);
    assert_eq!(admitted(&db, [registration(9)], FIVE_PER_ADDRESS).await?, 1);
    Ok(())
}

async fn an_address_has_less_room_for_one_source(db: Db) -> Checked {
    let same_source = |number| Registration {
        source: registration(1).source,
        ..for_address_1(number)
    };
    let room = TWO_PER_ADDRESS_AND_SOURCE;
    assert_eq!(admitted(&db, (1..=4).map(same_source), room).await?, 2);
    assert_eq!(admitted(&db, [for_address_1(5)], room).await?, 1);
    let other_address = Registration {
        source: registration(1).source,
        ..registration(6)
    };
    assert_eq!(admitted(&db, [other_address], room).await?, 1);
    Ok(())
}

async fn a_source_has_room_for_so_many(db: Db) -> Checked {
    let rows = (1..=8).map(from_one_source);
    assert_eq!(admitted(&db, rows, FOUR_PER_SOURCE).await?, 4);
    assert_eq!(admitted(&db, [registration(9)], FOUR_PER_SOURCE).await?, 1);
    Ok(())
}

async fn lapsed_registrations_take_no_room(db: Db) -> Checked {
    let room = Room {
        per_address: 1,
        per_address_and_source: 1,
        per_source: 1,
    };
    let again = |number, at| Registration {
        id: person(number),
        created_at: after(at),
        expires_at: after(at + DAY),
        ..registration(1)
    };
    assert_eq!(
        admitted(&db, [again(1, 0), again(2, DAY - 1), again(3, DAY)], room).await?,
        2
    );
    assert!(live_by_id(&db, person(2), NOW).await?.is_none());
    Ok(())
}

async fn t37_an_address_never_has_more_than_its_room_however_many_come_at_once(db: Db) -> Checked {
    assert_eq!(admitted_at_once(&db, for_address_1, FIVE_PER_ADDRESS).await, 5);
    Ok(())
}

async fn t58_a_source_never_has_more_than_its_room_however_many_come_at_once(db: Db) -> Checked {
    assert_eq!(admitted_at_once(&db, from_one_source, FOUR_PER_SOURCE).await, 4);
    Ok(())
}

async fn an_address_with_an_account_takes_only_decoys(db: Db) -> Checked {
    add_account(&db, 1).await?;
    assert!(!commit!(db, tx => insert(&mut tx, &for_address_1(2), ROOM, false)));
    assert!(commit!(db, tx => insert(&mut tx, &for_address_1(2), ROOM, true)));
    Ok(())
}

async fn the_newest_come_first_and_the_lapsed_not_at_all(db: Db) -> Checked {
    for (number, from, until) in [(1, 5, 50), (2, 9, 90), (3, 7, 70), (4, 7, 80)] {
        let row = Registration {
            created_at: after(from),
            expires_at: after(until),
            ..for_address_1(number)
        };
        assert_eq!(admitted(&db, [row], ROOM).await?, 1);
    }
    let live = |at| live_by_email(&db, "one-1@example.org", after(at));
    let ids = |rows: Vec<Registration>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(live(10).await?), [2, 4, 3, 1].map(person));
    assert_eq!(ids(live(70).await?), [2, 4].map(person));
    assert!(live(90).await?.is_empty());
    Ok(())
}

async fn t07_of_many_takers_at_once_one_gets_it(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    let taken = race(50, |_| {
        let db = db.clone();
        async move { Ok(commit!(db, tx => take(&mut tx, person(1), NOW))) }
    });
    assert_eq!(winners(&taken.await), 1);
    Ok(())
}

async fn a_lapsed_registration_is_not_taken(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    assert!(!commit!(db, tx => take(&mut tx, person(1), after(DAY))));
    assert!(commit!(db, tx => take(&mut tx, person(1), after(DAY - 1))));
    Ok(())
}

async fn siblings_go_together(db: Db) -> Checked {
    admitted(&db, (1..=3).map(for_address_1), ROOM).await?;
    add_registration(&db, 4).await?;
    let mut gone = commit!(db, tx => take_siblings(&mut tx, &address(1)));
    gone.sort();
    assert_eq!(gone, [1, 2, 3].map(person));
    assert!(live_by_id(&db, person(4), NOW).await?.is_some());
    Ok(())
}

async fn the_time_of_the_mail_is_remembered(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    commit!(db, tx => mail_sent(&mut tx, person(1), after(3)));
    let read = live_by_id(&db, person(1), NOW).await?.expect("the registration");
    assert_eq!(read.mail_sent_at, Some(after(3)));
    Ok(())
}

async fn lapsed_registrations_are_swept_and_named(db: Db) -> Checked {
    add_registration(&db, 1).await?;
    let longer = Registration {
        expires_at: after(DAY + 1),
        ..registration(2)
    };
    assert_eq!(admitted(&db, [longer], ROOM).await?, 1);
    assert_eq!(commit!(db, tx => take_lapsed(&mut tx, after(DAY))), [person(1)]);
    assert_eq!(commit!(db, tx => take_lapsed(&mut tx, after(DAY))), []);
    Ok(())
}
