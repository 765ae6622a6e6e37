//! The people of these stories: number 1 is `one-1@example.org`, and so on.

use usher_accounts::id::{ChangeId, EventId, OutboxId, PersonId, SessionId};
use usher_accounts::role::Role;
use usher_store::accounts::NewAccount;
use usher_store::email_changes::EmailChange;
use usher_store::registrations::{Registration, Room};
use usher_store::sessions::{NewSession, Owner};
use usher_store::{Db, accounts, registrations, sessions};
use uuid::Uuid;

use crate::support::{Checked, NOW, after, commit};

/// A day, in seconds.
pub(crate) const DAY: u64 = 86_400;

/// Room for everybody.
pub(crate) const ROOM: Room = Room {
    per_address: 1_000,
    per_address_and_source: 1_000,
    per_source: 1_000,
};

macro_rules! ids {
    ($($function:ident: $kind:ident),+) => {$(
        pub(crate) fn $function(number: u32) -> $kind {
            $kind::from_uuid(Uuid::from_u128(number.into()))
        }
    )+};
}
ids!(person: PersonId, session: SessionId, mail: OutboxId, event: EventId, change: ChangeId);

pub(crate) fn address(number: u32) -> String {
    format!("one-{number}@example.org")
}

pub(crate) fn account(number: u32) -> NewAccount {
    NewAccount {
        id: person(number),
        email: address(number),
        email_key: address(number),
        username: Some(format!("One {number}")),
        username_key: Some(format!("one {number}")),
        password_hash: "hash".to_owned(),
        role: Role::User,
        verified_at: Some(NOW),
        mail_sent_at: None,
        created_at: NOW,
    }
}

/// Lives for a day.
pub(crate) fn registration(number: u32) -> Registration {
    Registration {
        id: person(number),
        email: address(number),
        email_key: address(number),
        username: Some(format!("One {number}")),
        username_key: Some(format!("one {number}")),
        password_hash: "hash".to_owned(),
        handle_hash: vec![7; 32],
        source: format!("192.0.2.{}", number % 256),
        tag: "ab1c".to_owned(),
        created_at: NOW,
        expires_at: after(DAY),
        mail_sent_at: None,
    }
}

/// A change of this account's address to number 900's, alive for a day.
pub(crate) fn email_change(number: u32) -> EmailChange {
    EmailChange {
        id: change(number),
        account_id: person(number),
        email: address(900),
        email_key: address(900),
        tag: "ab1c".to_owned(),
        created_at: NOW,
        expires_at: after(DAY),
    }
}

/// Lives for a week.
pub(crate) fn new_session(number: u32, owner: Owner) -> NewSession {
    NewSession {
        id: session(number),
        owner,
        device: "Firefox on Linux".to_owned(),
        ip: "192.0.2.1".to_owned(),
        expires_at: after(7 * DAY),
        refresh_hash: [1; 32],
    }
}

pub(crate) async fn add_account(db: &Db, number: u32) -> Checked<Owner> {
    assert!(commit!(db, tx => accounts::insert(&mut tx, &account(number), NOW)));
    Ok(Owner::Account(person(number)))
}

pub(crate) async fn add_registration(db: &Db, number: u32) -> Checked<Owner> {
    assert!(commit!(db, tx => registrations::insert(&mut tx, &registration(number), ROOM, false)));
    Ok(Owner::Registration(person(number)))
}

/// A session of this owner, started so many seconds after the story begins.
pub(crate) async fn add_session(db: &Db, number: u32, owner: Owner, at: u64) -> Checked<SessionId> {
    assert!(commit!(db, tx => sessions::insert(&mut tx, &new_session(number, owner), after(at))));
    Ok(session(number))
}
