//! Accounts: people whose registration is over. An address and a username belong to at most one.

use usher_accounts::id::PersonId;
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// An account.
    pub struct Account {
        /// The id it had as a registration.
        pub id: PersonId,
        /// The address as its owner types it.
        pub email: String,
        /// The address as it is compared.
        pub email_key: String,
        /// The name shown to others.
        pub username: Option<String>,
        /// PHC string or bcrypt.
        pub password_hash: String,
        /// What it may do to others.
        pub role: Role,
        /// When the address was proven.
        pub verified_at: Option<Timestamp>,
        /// When the last verification mail left.
        pub mail_sent_at: Option<Timestamp>,
        /// When the account came to be.
        pub created_at: Timestamp,
        /// Since when nobody may sign in to it.
        pub disabled_at: Option<Timestamp>,
        /// An address waiting for its code.
        pub pending_email: Option<String>,
    }
}

row! {
    struct Count {
        pub n: i64,
    }
}

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Taken over from the registration, or new.
    pub id: PersonId,
    /// As typed.
    pub email: String,
    /// As compared.
    pub email_key: String,
    /// As typed.
    pub username: Option<String>,
    /// As compared.
    pub username_key: Option<String>,
    /// PHC string or bcrypt.
    pub password_hash: String,
    /// What it may do to others.
    pub role: Role,
    /// When the address was proven.
    pub verified_at: Option<Timestamp>,
    /// When the last verification mail left.
    pub mail_sent_at: Option<Timestamp>,
    /// When the person registered.
    pub created_at: Timestamp,
}

/// Characters of an address; names are shorter.
const LONGEST_KEY: usize = 254;

statements! {
    BY_ID = "SELECT a.id, a.email, a.email_key, a.username, a.password_hash, a.role, a.verified_at, a.mail_sent_at,
        a.created_at, a.disabled_at, c.email AS pending_email FROM accounts a
        LEFT JOIN email_changes c ON c.account_id = a.id AND c.expires_at > $2 WHERE a.id = $1";
    BY_EMAIL = "SELECT a.id, a.email, a.email_key, a.username, a.password_hash, a.role, a.verified_at, a.mail_sent_at,
        a.created_at, a.disabled_at, c.email AS pending_email FROM accounts a
        LEFT JOIN email_changes c ON c.account_id = a.id AND c.expires_at > $2 WHERE a.email_key = $1";
    PAGE = "SELECT a.id, a.email, a.email_key, a.username, a.password_hash, a.role, a.verified_at, a.mail_sent_at,
        a.created_at, a.disabled_at, c.email AS pending_email FROM accounts a
        LEFT JOIN email_changes c ON c.account_id = a.id AND c.expires_at > $4
        WHERE a.id > $1 AND (a.email_key LIKE $2 ESCAPE '!' OR a.username_key LIKE $2 ESCAPE '!')
        ORDER BY a.id LIMIT $3";
    EMAIL_IN_USE = "SELECT count(*) AS n FROM accounts WHERE email_key = $1";
    USERNAME_IN_USE = "SELECT count(*) AS n FROM accounts WHERE username_key = $1";
    INSERT = "INSERT INTO accounts (id, email, email_key, username, username_key, password_hash, role, verified_at,
        mail_sent_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING";
    SET_USERNAME = "UPDATE accounts SET username = $2, username_key = $3, updated_at = $4 WHERE id = $1";
    SET_EMAIL = "UPDATE accounts SET email = $2, email_key = $3, verified_at = $4, updated_at = $4 WHERE id = $1";
    SET_PASSWORD = "UPDATE accounts SET password_hash = $2, updated_at = $3 WHERE id = $1";
    REHASH = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    SET_ROLE = "UPDATE accounts SET role = $2, updated_at = $3 WHERE id = $1";
    SET_DISABLED = "UPDATE accounts SET disabled_at = $2, updated_at = $3 WHERE id = $1";
    SET_VERIFIED = "UPDATE accounts SET verified_at = $2, updated_at = $2 WHERE id = $1 AND verified_at IS NULL";
    DELETE = "DELETE FROM accounts WHERE id = $1";
}

/// The account with this id.
pub async fn by_id<'a>(
    on: impl AsExec<'a>,
    id: PersonId,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    run!(on, fetch_optional Account, BY_ID, id, now)
}

/// The account this address belongs to.
pub async fn by_email<'a>(
    on: impl AsExec<'a>,
    email_key: &str,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    run!(on, fetch_optional Account, BY_EMAIL, email_key, now)
}

/// Accounts after `after`, oldest first, whose address or username contains `search`.
pub async fn page<'a>(
    on: impl AsExec<'a>,
    after: Option<PersonId>,
    search: &str,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Account>, StoreError> {
    if search.chars().nth(LONGEST_KEY).is_some() || search.contains('\0') {
        // No key is like that, and the databases refuse to look for it.
        return Ok(Vec::new());
    }
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let mut pattern = String::from("%");
    for letter in search.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    run!(on, fetch_all Account, PAGE, after, pattern, limit, now)
}

/// Whether an account has this address.
pub async fn email_in_use<'a>(on: impl AsExec<'a>, email_key: &str) -> Result<bool, StoreError> {
    run!(on, fetch_one Count, EMAIL_IN_USE, email_key).map(|count| count.n > 0)
}

/// Whether an account has this username.
pub async fn username_in_use<'a>(on: impl AsExec<'a>, username_key: &str) -> Result<bool, StoreError> {
    run!(on, fetch_one Count, USERNAME_IN_USE, username_key).map(|count| count.n > 0)
}

/// Makes the account; false when the address or the username belongs to somebody already.
pub async fn insert(tx: &mut Tx, new: &NewAccount, now: Timestamp) -> Result<bool, StoreError> {
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
        new.role,
        new.verified_at,
        new.mail_sent_at,
        new.created_at,
        now,
    )
    .map(|changed| changed == 1)
}

/// Changes the username; [`StoreError::Taken`] when somebody else has it.
pub async fn set_username(
    tx: &mut Tx,
    id: PersonId,
    username: Option<(&str, &str)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (typed, key) = username.unzip();
    run!(tx, execute, SET_USERNAME, id, typed, key, now).map(drop)
}

/// Changes the address to one proven at `now`; [`StoreError::Taken`] when somebody else has it.
pub async fn set_email(
    tx: &mut Tx,
    id: PersonId,
    email: &str,
    email_key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    run!(tx, execute, SET_EMAIL, id, email, email_key, now).map(drop)
}

/// Changes the password.
pub async fn set_password(tx: &mut Tx, id: PersonId, hash: &str, now: Timestamp) -> Result<(), StoreError> {
    run!(tx, execute, SET_PASSWORD, id, hash, now).map(drop)
}

/// Replaces a hash by one of the same password, unless the password has changed in between.
pub async fn rehash(tx: &mut Tx, id: PersonId, old: &str, new: &str) -> Result<(), StoreError> {
    run!(tx, execute, REHASH, id, old, new).map(drop)
}

/// Lets nobody sign in to it any more from this time on, or with `None` lets its owner again.
pub async fn set_disabled(
    tx: &mut Tx,
    id: PersonId,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    run!(tx, execute, SET_DISABLED, id, since, now).map(drop)
}

/// Changes the role; false when there is no such account.
pub async fn set_role(tx: &mut Tx, id: PersonId, role: Role, now: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, SET_ROLE, id, role, now).map(|changed| changed == 1)
}

/// Marks the address as proven; false when it was already, or there is no such account.
pub async fn set_verified(tx: &mut Tx, id: PersonId, now: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, SET_VERIFIED, id, now).map(|changed| changed == 1)
}

/// Deletes the account with its sessions and pending change; false when there is none.
pub async fn delete(tx: &mut Tx, id: PersonId) -> Result<bool, StoreError> {
    run!(tx, execute, DELETE, id).map(|changed| changed == 1)
}
