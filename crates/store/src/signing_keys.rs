//! Which keys sign access tokens, and from when: the same for every node. What is here makes a key only
//! together with the installation's secret.

use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A key by what it is made from.
    pub struct SigningKeyRow {
        /// Counts the keys from one.
        pub generation: i64,
        /// What tells it from the others.
        pub salt: Vec<u8>,
        /// The name tokens call it by.
        pub kid: String,
        /// From when on it signs; the latest that has begun does.
        pub signs_from: Timestamp,
    }
}

statements! {
    ALL = "SELECT generation, salt, kid, signs_from FROM signing_keys ORDER BY generation";
    INSERT = "INSERT INTO signing_keys (generation, salt, kid, signs_from, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (generation) DO NOTHING";
    RETIRE = "DELETE FROM signing_keys WHERE EXISTS (SELECT 1 FROM signing_keys AS later
        WHERE later.generation > signing_keys.generation AND later.signs_from <= $1)";
    CLEAR = "DELETE FROM signing_keys";
}

/// Every key, the oldest first.
pub async fn all<'a>(on: impl AsExec<'a>) -> Result<Vec<SigningKeyRow>, StoreError> {
    run!(on, fetch_all SigningKeyRow, ALL)
}

/// Adds a key; false when another program was quicker with this generation.
pub async fn insert(tx: &mut Tx, new: &SigningKeyRow, now: Timestamp) -> Result<bool, StoreError> {
    run!(
        tx,
        execute,
        INSERT,
        new.generation,
        new.salt,
        new.kid,
        new.signs_from,
        now
    )
    .map(|changed| changed == 1)
}

/// Removes the keys that stopped signing before `before`.
pub async fn retire(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, RETIRE, before)
}

/// Removes every key: whatever they signed is void.
pub async fn clear(tx: &mut Tx) -> Result<u64, StoreError> {
    run!(tx, execute, CLEAR)
}
