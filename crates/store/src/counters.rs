//! Counters that survive a restart and are shared by all nodes: failures per account, codes per
//! address, mails per address. Buckets are named by a MAC or a hash, so no address stands here.

use std::time::Duration;

use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A counter as it stands.
    pub struct Count {
        /// So many in this window.
        pub count: i64,
        /// When the window is over.
        pub ends_at: Timestamp,
    }
}

statements! {
    ADD = "INSERT INTO counters (bucket, ends_at, count) VALUES ($1, $2, 1)
        ON CONFLICT (bucket) DO UPDATE SET
        count = CASE WHEN counters.ends_at <= $3 THEN 1 ELSE counters.count + 1 END,
        ends_at = CASE WHEN counters.ends_at <= $3 THEN excluded.ends_at ELSE counters.ends_at END
        RETURNING count, ends_at";
    READ = "SELECT count, ends_at FROM counters WHERE bucket = $1 AND ends_at > $2";
    TAKE_BACK = "UPDATE counters SET count = count - 1 WHERE bucket = $1 AND count > 0";
    CLEAR = "DELETE FROM counters WHERE bucket = $1";
    SWEEP = "DELETE FROM counters WHERE ends_at <= $1 AND bucket IN
        (SELECT bucket FROM counters WHERE ends_at <= $1 LIMIT 1000 " pg "FOR UPDATE SKIP LOCKED" ")";
}

/// Counts one more and returns the new count; a window that is over starts again at one.
pub async fn add(
    tx: &mut Tx,
    bucket: &[u8; 32],
    window: Duration,
    now: Timestamp,
) -> Result<Count, StoreError> {
    run!(tx, fetch_one Count, ADD, *bucket, now + window, now)
}

/// The count in the running window, if there is one.
pub async fn read<'a>(
    on: impl AsExec<'a>,
    bucket: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Count>, StoreError> {
    run!(on, fetch_optional Count, READ, *bucket, now)
}

/// Takes one back: what was counted beforehand turned out not to be a failure.
pub async fn take_back(tx: &mut Tx, bucket: &[u8; 32]) -> Result<(), StoreError> {
    run!(tx, execute, TAKE_BACK, *bucket).map(drop)
}

/// Forgets a counter.
pub async fn clear(tx: &mut Tx, bucket: &[u8; 32]) -> Result<(), StoreError> {
    run!(tx, execute, CLEAR, *bucket).map(drop)
}

/// Removes some counters whose window is over.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, SWEEP, now)
}
