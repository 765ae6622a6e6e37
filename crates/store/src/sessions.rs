//! Sessions: signed-in devices of an account or of a pending registration. The row decides; a session
//! that is over is a row that is gone.

use usher_accounts::id::{PersonId, SessionId};
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A signed-in device.
    pub struct Session {
        /// Its id.
        pub id: SessionId,
        /// Whose it is, when it is an account's.
        pub account_id: Option<PersonId>,
        /// Whose it is, when it is a registration's.
        pub registration_id: Option<PersonId>,
        /// "Firefox on Linux".
        pub device: String,
        /// Where it signed in from.
        pub ip: String,
        /// When it signed in.
        pub created_at: Timestamp,
        /// When it last asked for something.
        pub last_accessed_at: Timestamp,
        /// When it ends by itself.
        pub expires_at: Timestamp,
    }
}

row! {
    /// A session together with the person behind it: all that a request needs to know.
    pub struct Signed {
        /// The session.
        pub id: SessionId,
        /// When it ends by itself.
        pub expires_at: Timestamp,
        /// The person.
        pub person_id: PersonId,
        /// True when the person has an account.
        pub is_account: bool,
        /// As typed.
        pub email: String,
        /// As compared.
        pub email_key: String,
        /// As typed.
        pub username: Option<String>,
        /// What the person may do to others.
        pub role: Role,
        /// When the address was proven.
        pub verified_at: Option<Timestamp>,
        /// When the last verification mail left.
        pub mail_sent_at: Option<Timestamp>,
        /// When the account, or else the registration, came to be.
        pub created_at: Timestamp,
        /// An address waiting for its code.
        pub pending_email: Option<String>,
    }
}

row! {
    /// The refresh token of a session, as it is stored.
    pub struct Refresh {
        /// SHA-256 of the token that is good now.
        pub refresh_hash: Vec<u8>,
        /// SHA-256 of the one before it.
        pub refresh_previous: Option<Vec<u8>>,
        /// When the one before it was first used.
        pub refreshed_at: Option<Timestamp>,
        /// When the session ends by itself.
        pub expires_at: Timestamp,
    }
}

row! {
    struct Key {
        pub id: SessionId,
    }
}

/// Who a session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Somebody with an account.
    Account(PersonId),
    /// Somebody whose registration is pending.
    Registration(PersonId),
}

impl Owner {
    /// The person either way.
    pub const fn person(self) -> PersonId {
        match self {
            Self::Account(id) | Self::Registration(id) => id,
        }
    }

    const fn columns(self) -> (Option<PersonId>, Option<PersonId>) {
        match self {
            Self::Account(id) => (Some(id), None),
            Self::Registration(id) => (None, Some(id)),
        }
    }
}

statements! {
    HOLD_ACCOUNT = "SELECT id FROM accounts WHERE id = $1 " pg "FOR NO KEY UPDATE";
    HOLD_REGISTRATION = "SELECT id FROM registrations WHERE id = $1 " pg "FOR NO KEY UPDATE";
    INSERT = "INSERT INTO sessions (id, account_id, registration_id, device, ip, created_at, last_accessed_at, expires_at,
        refresh_hash) SELECT $1, $2, $3, $4, $5, $6, $6, $7, $8
        WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $2 AND disabled_at IS NULL)
            OR EXISTS (SELECT 1 FROM registrations WHERE id = $3)";
    TRIM = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions
        WHERE account_id = $1 OR registration_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $2) RETURNING id";
    SIGNED = "SELECT s.id, s.expires_at, a.id AS person_id, (1 = 1) AS is_account, a.email, a.email_key, a.username, a.role, a.verified_at,
        a.mail_sent_at, a.created_at, c.email AS pending_email
        FROM sessions s JOIN accounts a ON a.id = s.account_id
        LEFT JOIN email_changes c ON c.account_id = a.id AND c.expires_at > $2
        WHERE s.id = $1 AND s.expires_at > $2
        UNION ALL
        SELECT s.id, s.expires_at, r.id, (1 = 0), r.email, r.email_key, r.username, 'user', NULL, r.mail_sent_at, r.created_at, NULL
        FROM sessions s JOIN registrations r ON r.id = s.registration_id
        WHERE s.id = $1 AND s.expires_at > $2 AND r.expires_at > $2";
    OF_PERSON = "SELECT id, account_id, registration_id, device, ip, created_at, last_accessed_at, expires_at FROM sessions
        WHERE (account_id = $1 OR registration_id = $1) AND expires_at > $2 ORDER BY created_at DESC, id DESC";
    END = "DELETE FROM sessions WHERE id = $1 AND (account_id = $2 OR registration_id = $2)";
    END_BY_ID = "DELETE FROM sessions WHERE id = $1";
    END_OTHERS = "DELETE FROM sessions WHERE (account_id = $1 OR registration_id = $1) AND id <> $2 RETURNING id";
    END_ALL = "DELETE FROM sessions WHERE account_id = $1 OR registration_id = $1 RETURNING id";
    END_PENDING = "DELETE FROM sessions WHERE registration_id IN
        (SELECT id FROM registrations WHERE email_key = $1) RETURNING id";
    TOUCH = "UPDATE sessions SET last_accessed_at = $2 WHERE id = $1 AND last_accessed_at < $2";
    ROTATE = "UPDATE sessions SET refresh_hash = $3, refresh_previous = $2, refreshed_at = $4, last_accessed_at = $4
        WHERE id = $1 AND refresh_hash = $2 AND expires_at > $4";
    REFRESH = "SELECT refresh_hash, refresh_previous, refreshed_at, expires_at FROM sessions WHERE id = $1";
    SWEEP = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT 1000)";
}

/// What a new session is made of.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub owner: Owner,
    /// "Firefox on Linux".
    pub device: String,
    /// Where it signs in from.
    pub ip: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// SHA-256 of its refresh token.
    pub refresh_hash: [u8; 32],
}

/// Starts a session; false when its owner is gone, or may not have one.
pub async fn insert(tx: &mut Tx, new: &NewSession, now: Timestamp) -> Result<bool, StoreError> {
    let (account, registration) = new.owner.columns();
    // Who signs in twice at the same instant does so one after the other, so that each sees how many
    // sessions there are. An embedded database has one writer anyway.
    if let Tx::Postgres(_) = tx {
        let (hold, owner) = match new.owner {
            Owner::Account(id) => (HOLD_ACCOUNT, id),
            Owner::Registration(id) => (HOLD_REGISTRATION, id),
        };
        run!(&mut *tx, execute, hold, owner)?;
    }
    run!(
        tx,
        execute,
        INSERT,
        new.id,
        account,
        registration,
        new.device,
        new.ip,
        now,
        new.expires_at,
        new.refresh_hash,
    )
    .map(|changed| changed == 1)
}

/// Ends the oldest sessions of a person beyond `keep` and returns their ids.
pub async fn trim(tx: &mut Tx, person: PersonId, keep: i64) -> Result<Vec<SessionId>, StoreError> {
    run!(tx, fetch_all Key, TRIM, person, keep).map(ids)
}

/// The live session with this id and the person behind it.
pub async fn signed<'a>(
    on: impl AsExec<'a>,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Signed>, StoreError> {
    run!(on, fetch_optional Signed, SIGNED, id, now)
}

/// The live sessions of a person, the newest first.
pub async fn of_person<'a>(
    on: impl AsExec<'a>,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    run!(on, fetch_all Session, OF_PERSON, person, now)
}

/// Ends a session of this person; false when it is not theirs or not there.
pub async fn end(tx: &mut Tx, id: SessionId, person: PersonId) -> Result<bool, StoreError> {
    run!(tx, execute, END, id, person).map(|changed| changed == 1)
}

/// Ends a session, whoever's it is: for a refresh token that was used twice.
pub async fn end_by_id(tx: &mut Tx, id: SessionId) -> Result<bool, StoreError> {
    run!(tx, execute, END_BY_ID, id).map(|changed| changed == 1)
}

/// Ends every session of a person but one and returns their ids.
pub async fn end_others(
    tx: &mut Tx,
    person: PersonId,
    keep: SessionId,
) -> Result<Vec<SessionId>, StoreError> {
    run!(tx, fetch_all Key, END_OTHERS, person, keep).map(ids)
}

/// Ends every session of a person and returns their ids.
pub async fn end_all(tx: &mut Tx, person: PersonId) -> Result<Vec<SessionId>, StoreError> {
    run!(tx, fetch_all Key, END_ALL, person).map(ids)
}

/// Ends every session of the registrations that wait for an address and returns their ids.
pub async fn end_all_for_email(tx: &mut Tx, email_key: &str) -> Result<Vec<SessionId>, StoreError> {
    run!(tx, fetch_all Key, END_PENDING, email_key).map(ids)
}

/// Notes that a session was used at `at`.
pub async fn touch(tx: &mut Tx, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
    run!(tx, execute, TOUCH, id, at).map(drop)
}

/// Puts `new` in the place of the token hashed `old`; false when `old` is not the one that is good now.
pub async fn rotate(
    tx: &mut Tx,
    id: SessionId,
    old: &[u8; 32],
    new: &[u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    run!(tx, execute, ROTATE, id, *old, *new, now).map(|changed| changed == 1)
}

/// The stored refresh token of a session.
pub async fn refresh<'a>(on: impl AsExec<'a>, id: SessionId) -> Result<Option<Refresh>, StoreError> {
    run!(on, fetch_optional Refresh, REFRESH, id)
}

/// Removes some sessions that are over.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, SWEEP, now)
}

fn ids(rows: Vec<Key>) -> Vec<SessionId> {
    rows.into_iter().map(|row| row.id).collect()
}
