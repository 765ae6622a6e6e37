//! Plans that differ from everybody's, and what was used of a day's quota.

use usher_accounts::id::PersonId;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// What an account may count on. Rates in bit/s.
    pub struct Plan {
        /// What it counts when the link is full.
        pub weight: i64,
        /// Committed rate towards it.
        pub down_floor: i64,
        /// Maximum rate towards it.
        pub down_cap: Option<i64>,
        /// Committed rate from it.
        pub up_floor: i64,
        /// Maximum rate from it.
        pub up_cap: Option<i64>,
        /// Bytes a day before others come first.
        pub quota_bytes: Option<i64>,
    }
}

row! {
    struct Used {
        pub bytes: i64,
    }
}

statements! {
    FIND = "SELECT weight, down_floor, down_cap, up_floor, up_cap, quota_bytes FROM link_plans WHERE account_id = $1";
    PUT = "INSERT INTO link_plans (account_id, weight, down_floor, down_cap, up_floor, up_cap, quota_bytes)
        SELECT id, $2, $3, $4, $5, $6, $7 FROM accounts WHERE id = $1
        ON CONFLICT (account_id) DO UPDATE SET weight = excluded.weight, down_floor = excluded.down_floor,
        down_cap = excluded.down_cap, up_floor = excluded.up_floor, up_cap = excluded.up_cap,
        quota_bytes = excluded.quota_bytes";
    REMOVE = "DELETE FROM link_plans WHERE account_id = $1";
    USE = "INSERT INTO link_usage (account_id, day, bytes) SELECT id, $2, $3 FROM accounts WHERE id = $1
        ON CONFLICT (account_id, day) DO UPDATE SET bytes = link_usage.bytes + excluded.bytes";
    USED = "SELECT bytes FROM link_usage WHERE account_id = $1 AND day = $2";
    FORGET_USE = "DELETE FROM link_usage WHERE day < $1";
}

/// The plan of an account, if it has one of its own.
pub async fn find<'a>(on: impl AsExec<'a>, account: PersonId) -> Result<Option<Plan>, StoreError> {
    run!(on, fetch_optional Plan, FIND, account)
}

/// Gives an account a plan of its own; false when there is no such account.
pub async fn put(tx: &mut Tx, account: PersonId, plan: &Plan) -> Result<bool, StoreError> {
    run!(
        tx,
        execute,
        PUT,
        account,
        plan.weight,
        plan.down_floor,
        plan.down_cap,
        plan.up_floor,
        plan.up_cap,
        plan.quota_bytes,
    )
    .map(|changed| changed == 1)
}

/// Leaves an account with everybody's plan; false when it had no other.
pub async fn remove(tx: &mut Tx, account: PersonId) -> Result<bool, StoreError> {
    run!(tx, execute, REMOVE, account).map(|changed| changed == 1)
}

/// Counts bytes of a day. Those of an account that is gone count for nobody.
pub async fn count(tx: &mut Tx, account: PersonId, day: i64, bytes: i64) -> Result<(), StoreError> {
    run!(tx, execute, USE, account, day, bytes).map(drop)
}

/// Bytes an account has used on a day.
pub async fn used<'a>(on: impl AsExec<'a>, account: PersonId, day: i64) -> Result<i64, StoreError> {
    let used = run!(on, fetch_optional Used, USED, account, day)?;
    Ok(used.map_or(0, |used| used.bytes))
}

/// Forgets what was used before a day; how many entries.
pub async fn forget_before(tx: &mut Tx, day: i64) -> Result<u64, StoreError> {
    run!(tx, execute, FORGET_USE, day)
}
