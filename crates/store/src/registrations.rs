//! Pending registrations. Several may wait for one address; none is ever overwritten or evicted by a
//! newer one, and none reserves anything.

use std::time::Duration;

use usher_accounts::id::PersonId;
use usher_accounts::keys::sha256;
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::counters;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// Somebody who has registered and not yet proven the address.
    pub struct Registration {
        /// Becomes the account's id.
        pub id: PersonId,
        /// As typed; mail goes there.
        pub email: String,
        /// As compared.
        pub email_key: String,
        /// As typed.
        pub username: Option<String>,
        /// As compared.
        pub username_key: Option<String>,
        /// PHC string or bcrypt.
        pub password_hash: String,
        /// SHA-256 of the handle that only the registrant holds.
        pub handle_hash: Vec<u8>,
        /// The address the registrant came from.
        pub source: String,
        /// A short word shown on the page and in the mail.
        pub tag: String,
        /// When the registration was made.
        pub created_at: Timestamp,
        /// When it lapses.
        pub expires_at: Timestamp,
        /// When its last mail was accepted.
        pub mail_sent_at: Option<Timestamp>,
    }
}

row! {
    struct Key {
        pub id: PersonId,
    }
}

/// How many may wait at once.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// For one address.
    pub per_address: i64,
    /// For one address, from one source.
    pub per_address_and_source: i64,
    /// From one source, for any address.
    pub per_source: i64,
}

statements! {
    INSERT = "INSERT INTO registrations (id, email, email_key, username, username_key, password_hash, handle_hash, source,
        tag, created_at, expires_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
        WHERE (SELECT count(*) FROM registrations WHERE email_key = $3 AND expires_at > $10) < $12
          AND (SELECT count(*) FROM registrations WHERE email_key = $3 AND source = $8 AND expires_at > $10) < $13
          AND (SELECT count(*) FROM registrations WHERE source = $8 AND expires_at > $10) < $14
          AND ($15 OR NOT EXISTS (SELECT 1 FROM accounts WHERE email_key = $3))";
    LIVE_BY_EMAIL = "SELECT id, email, email_key, username, username_key, password_hash, handle_hash, source, tag, created_at,
        expires_at, mail_sent_at FROM registrations WHERE email_key = $1 AND expires_at > $2
        ORDER BY created_at DESC, id DESC LIMIT 5";
    LIVE_BY_ID = "SELECT id, email, email_key, username, username_key, password_hash, handle_hash, source, tag, created_at,
        expires_at, mail_sent_at FROM registrations WHERE id = $1 AND expires_at > $2";
    TAKE = "DELETE FROM registrations WHERE id = $1 AND expires_at > $2";
    TAKE_SIBLINGS = "DELETE FROM registrations WHERE email_key = $1 RETURNING id";
    MAIL_SENT = "UPDATE registrations SET mail_sent_at = $2 WHERE id = $1";
    TAKE_LAPSED = "DELETE FROM registrations WHERE id IN
        (SELECT id FROM registrations WHERE expires_at <= $1 LIMIT 500) RETURNING id";
}

/// Adds a registration; false when there is no room for it, or the address belongs to an account and
/// it is no decoy.
pub async fn insert(tx: &mut Tx, new: &Registration, room: Room, decoy: bool) -> Result<bool, StoreError> {
    queue_up(tx, new).await?;
    run!(
        tx,
        execute,
        INSERT,
        new.id,
        new.email,
        new.email_key,
        new.username,
        new.username_key,
        new.password_hash,
        new.handle_hash,
        new.source,
        new.tag,
        new.created_at,
        new.expires_at,
        room.per_address,
        room.per_address_and_source,
        room.per_source,
        decoy,
    )
    .map(|changed| changed == 1)
}

/// On a server, waits until nobody else is under way with the same address or source: two at once would
/// both find the last place free. An embedded database has one writer at a time anyway.
async fn queue_up(tx: &mut Tx, new: &Registration) -> Result<(), StoreError> {
    if let Tx::Postgres(_) = tx {
        // Always in this order, so that no two wait for each other.
        for (kind, name) in [("address", &new.email_key), ("source", &new.source)] {
            let bucket = sha256(format!("registrations/{kind}/{name}").as_bytes());
            // The row is there to wait at. It counts nothing and is over at once.
            counters::add(tx, &bucket, Duration::ZERO, new.created_at).await?;
        }
    }
    Ok(())
}

/// Those waiting for this address, the newest first.
pub async fn live_by_email<'a>(
    on: impl AsExec<'a>,
    email_key: &str,
    now: Timestamp,
) -> Result<Vec<Registration>, StoreError> {
    run!(on, fetch_all Registration, LIVE_BY_EMAIL, email_key, now)
}

/// The one with this id, unless it has lapsed.
pub async fn live_by_id<'a>(
    on: impl AsExec<'a>,
    id: PersonId,
    now: Timestamp,
) -> Result<Option<Registration>, StoreError> {
    run!(on, fetch_optional Registration, LIVE_BY_ID, id, now)
}

/// Removes a live registration so that it can become an account. Of any number of callers exactly one
/// gets true.
pub async fn take(tx: &mut Tx, id: PersonId, now: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, TAKE, id, now).map(|changed| changed == 1)
}

/// Removes everything else that waits for this address and returns the ids.
pub async fn take_siblings(tx: &mut Tx, email_key: &str) -> Result<Vec<PersonId>, StoreError> {
    let rows = run!(tx, fetch_all Key, TAKE_SIBLINGS, email_key)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Remembers when the mail server took the last mail.
pub async fn mail_sent(tx: &mut Tx, id: PersonId, at: Timestamp) -> Result<(), StoreError> {
    run!(tx, execute, MAIL_SENT, id, at).map(drop)
}

/// Removes some that have lapsed and returns their ids.
pub async fn take_lapsed(tx: &mut Tx, now: Timestamp) -> Result<Vec<PersonId>, StoreError> {
    let rows = run!(tx, fetch_all Key, TAKE_LAPSED, now)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
