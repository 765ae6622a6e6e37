//! Changes of address that wait for their own code. One per account; a newer one replaces it.

use usher_accounts::id::{ChangeId, PersonId};
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A change of address under way.
    pub struct EmailChange {
        /// Owner of its codes.
        pub id: ChangeId,
        /// Whose address changes.
        pub account_id: PersonId,
        /// The new address, as typed.
        pub email: String,
        /// The new address, as compared.
        pub email_key: String,
        /// A short word shown on the page and in the mail.
        pub tag: String,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When it lapses.
        pub expires_at: Timestamp,
    }
}

row! {
    struct Key {
        pub id: ChangeId,
    }
}

statements! {
    TAKE_OF = "DELETE FROM email_changes WHERE account_id = $1 RETURNING id";
    INSERT = "INSERT INTO email_changes (id, account_id, email, email_key, tag, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_ACCOUNT = "SELECT id, account_id, email, email_key, tag, created_at, expires_at FROM email_changes
        WHERE account_id = $1 AND expires_at > $2";
    LIVE_BY_ID = "SELECT id, account_id, email, email_key, tag, created_at, expires_at FROM email_changes
        WHERE id = $1 AND expires_at > $2";
    TAKE = "DELETE FROM email_changes WHERE id = $1 AND expires_at > $2";
    TAKE_LAPSED = "DELETE FROM email_changes WHERE id IN
        (SELECT id FROM email_changes WHERE expires_at <= $1 LIMIT 500) RETURNING id";
}

/// Removes the change an account has under way and returns its id.
pub async fn take_of(tx: &mut Tx, account: PersonId) -> Result<Option<ChangeId>, StoreError> {
    run!(tx, fetch_optional Key, TAKE_OF, account).map(|row| row.map(|row| row.id))
}

/// Adds a change; the account must have none.
pub async fn insert(tx: &mut Tx, new: &EmailChange) -> Result<(), StoreError> {
    run!(
        tx,
        execute,
        INSERT,
        new.id,
        new.account_id,
        new.email,
        new.email_key,
        new.tag,
        new.created_at,
        new.expires_at,
    )
    .map(drop)
}

/// The change an account has under way.
pub async fn of_account<'a>(
    on: impl AsExec<'a>,
    account: PersonId,
    now: Timestamp,
) -> Result<Option<EmailChange>, StoreError> {
    run!(on, fetch_optional EmailChange, OF_ACCOUNT, account, now)
}

/// The change with this id, unless it has lapsed.
pub async fn live_by_id<'a>(
    on: impl AsExec<'a>,
    id: ChangeId,
    now: Timestamp,
) -> Result<Option<EmailChange>, StoreError> {
    run!(on, fetch_optional EmailChange, LIVE_BY_ID, id, now)
}

/// Removes a live change so that it can be carried out. Of any number of callers exactly one gets true.
pub async fn take(tx: &mut Tx, id: ChangeId, now: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, TAKE, id, now).map(|changed| changed == 1)
}

/// Removes some that have lapsed and returns their ids.
pub async fn take_lapsed(tx: &mut Tx, now: Timestamp) -> Result<Vec<ChangeId>, StoreError> {
    let rows = run!(tx, fetch_all Key, TAKE_LAPSED, now)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
