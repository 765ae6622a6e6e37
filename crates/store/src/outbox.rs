//! Mail waiting to leave. A row is written in the transaction of what caused it, is leased to one
//! worker at a time, and is sent at least once: due -> leased -> sent | dead.

use std::time::Duration;

use usher_accounts::id::OutboxId;
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A mail that a worker has taken.
    pub struct Leased {
        /// Its id.
        pub id: OutboxId,
        /// What it says.
        pub kind: String,
        /// Whom or what it is about.
        pub owner: Vec<u8>,
        /// Where it goes, as typed.
        pub recipient: String,
        /// More that its text needs.
        pub detail: Option<String>,
        /// Which try this is, from one.
        pub tries: i64,
    }
}

row! {
    /// How far the last mail to somebody has come.
    pub struct Progress {
        /// `due`, `leased`, `sent` or `dead`.
        pub state: String,
        /// How often it was tried.
        pub tries: i64,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When the mail server took it.
        pub sent_at: Option<Timestamp>,
    }
}

row! {
    /// How much waits.
    pub struct Depth {
        /// Mails due or leased.
        pub waiting: i64,
        /// Mails leased.
        pub leased: i64,
        /// Mails given up.
        pub dead: i64,
        /// When the oldest waiting one was asked for.
        pub oldest: Option<Timestamp>,
    }
}

row! {
    /// How many mails are in one state.
    pub struct Counted {
        /// `due`, `leased`, `sent` or `dead`.
        pub state: String,
        /// How many.
        pub mails: i64,
    }
}

row! {
    /// A mail that was tried in vain.
    pub struct Troubled {
        /// Its id.
        pub id: OutboxId,
        /// What it says.
        pub kind: String,
        /// Where it goes, as typed.
        pub recipient: String,
        /// `due`, `leased` or `dead`.
        pub state: String,
        /// How often it was tried.
        pub tries: i64,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When it is due, if it is.
        pub due_at: Timestamp,
        /// What went wrong the last time.
        pub last_error: Option<String>,
    }
}

row! {
    struct Due {
        pub due_at: Option<Timestamp>,
    }
}

statements! {
    INSERT = "INSERT INTO outbox (id, kind, owner, recipient, detail, state, due_at, tries, created_at)
        VALUES ($1, $2, $3, $4, $5, 'due', $6, 0, $6)";
    CLAIM = "WITH lapsed AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'leased' AND lease_until <= $1
        LIMIT $2 " pg "FOR UPDATE SKIP LOCKED" "),
        due AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'due' AND due_at <= $1
        ORDER BY due_at LIMIT $2 " pg "FOR UPDATE SKIP LOCKED" ")
        UPDATE outbox SET state = 'leased', worker = $3, lease_until = $4, tries = tries + 1
        FROM (SELECT id FROM lapsed UNION ALL SELECT id FROM due LIMIT $2) AS taken
        WHERE outbox.id = taken.id
          AND ((outbox.state = 'due' AND outbox.due_at <= $1) OR (outbox.state = 'leased' AND outbox.lease_until <= $1))
        RETURNING outbox.id, outbox.kind, outbox.owner, outbox.recipient, outbox.detail, outbox.tries";
    CLAIM_ONE = "UPDATE outbox SET state = 'leased', worker = $3, lease_until = $4, tries = tries + 1 WHERE id = $1
          AND ((state = 'due' AND due_at <= $2) OR (state = 'leased' AND lease_until <= $2))
        RETURNING id, kind, owner, recipient, detail, tries";
    HOLD = "UPDATE outbox SET lease_until = $3 WHERE id = $1 AND worker = $2 AND state = 'leased'";
    SENT = "UPDATE outbox SET state = 'sent', sent_at = $3, lease_until = NULL, last_error = NULL
        WHERE id = $1 AND worker = $2 AND state = 'leased'";
    DEFER = "UPDATE outbox SET state = 'due', due_at = $3, lease_until = NULL, last_error = $4
        WHERE id = $1 AND worker = $2 AND state = 'leased'";
    PUT_BACK = "UPDATE outbox SET state = 'due', due_at = $3, lease_until = NULL, tries = tries - 1
        WHERE id = $1 AND worker = $2 AND state = 'leased'";
    GIVE_UP = "UPDATE outbox SET state = 'dead', lease_until = NULL, last_error = $3
        WHERE id = $1 AND worker = $2 AND state = 'leased'";
    TAKE_UP = "UPDATE outbox SET state = 'due', lease_until = NULL WHERE state = 'leased'";
    REVIVE = "UPDATE outbox SET state = 'due', due_at = $2 WHERE id = $1 AND state IN ('due', 'dead')";
    REVIVE_DEAD = "UPDATE outbox SET state = 'due', due_at = $1 WHERE state = 'dead'";
    REVIVE_ALL = "UPDATE outbox SET state = 'due', due_at = $1
        WHERE state = 'dead' OR (state = 'due' AND due_at > $1)";
    COUNTED = "SELECT state, CAST(count(*) AS BIGINT) AS mails FROM outbox GROUP BY state ORDER BY state";
    TROUBLED = "SELECT id, kind, recipient, state, tries, created_at, due_at, last_error FROM outbox
        WHERE state IN ('dead', 'due', 'leased') AND last_error IS NOT NULL ORDER BY state, due_at, id LIMIT $1";
    DROP = "DELETE FROM outbox WHERE id = $1";
    DROP_WAITING = "DELETE FROM outbox WHERE owner = $1 AND state <> 'sent'";
    PROGRESS = "SELECT state, tries, created_at, sent_at FROM outbox WHERE owner = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
    NEXT_DUE = "SELECT min(due_at) AS due_at FROM (SELECT min(due_at) AS due_at FROM outbox WHERE state = 'due'
        UNION ALL SELECT min(lease_until) FROM outbox WHERE state = 'leased') AS next";
    DEPTH = "SELECT CAST(coalesce(sum(CASE WHEN state IN ('due', 'leased') THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting,
        CAST(coalesce(sum(CASE WHEN state = 'leased' THEN 1 ELSE 0 END), 0) AS BIGINT) AS leased,
        CAST(coalesce(sum(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0) AS BIGINT) AS dead,
        min(CASE WHEN state IN ('due', 'leased') THEN created_at END) AS oldest
        FROM outbox WHERE state IN ('due', 'leased', 'dead')";
    SWEEP = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
        WHERE state = 'sent' AND due_at <= $1 AND sent_at <= $1 LIMIT 1000)";
}

/// What a new mail is made of. Its text is written when it leaves, so no code or link stands here.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// Its id.
    pub id: OutboxId,
    /// What it says.
    pub kind: &'a str,
    /// Whom or what it is about.
    pub owner: [u8; 16],
    /// Where it goes, as typed.
    pub recipient: &'a str,
    /// More that its text needs.
    pub detail: Option<&'a str>,
}

/// Puts a mail into the outbox.
pub async fn insert(tx: &mut Tx, new: &NewMail<'_>, now: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        execute,
        INSERT,
        new.id,
        new.kind,
        new.owner,
        new.recipient,
        new.detail,
        now
    )
    .map(drop)
}

/// Leases up to `most` mails that are due, or whose lease ran out, to `worker`: the latter first, then those
/// that have waited longest.
pub async fn claim(
    tx: &mut Tx,
    worker: &str,
    most: i64,
    lease: Duration,
    now: Timestamp,
) -> Result<Vec<Leased>, StoreError> {
    run!(tx, fetch_all Leased, CLAIM, now, most, worker, now + lease)
}

/// Leases this one mail to `worker`, if it is due or its lease ran out.
pub async fn claim_one(
    tx: &mut Tx,
    id: OutboxId,
    worker: &str,
    lease: Duration,
    now: Timestamp,
) -> Result<Option<Leased>, StoreError> {
    run!(tx, fetch_optional Leased, CLAIM_ONE, id, now, worker, now + lease)
}

/// Makes a lease longer; false when it is somebody else's by now.
pub async fn hold(tx: &mut Tx, id: OutboxId, worker: &str, until: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, HOLD, id, worker, until).map(|changed| changed == 1)
}

/// The mail server has taken it; false when the lease was lost meanwhile.
pub async fn sent(tx: &mut Tx, id: OutboxId, worker: &str, at: Timestamp) -> Result<bool, StoreError> {
    run!(tx, execute, SENT, id, worker, at).map(|changed| changed == 1)
}

/// Not now: due again at `due_at`.
pub async fn defer(
    tx: &mut Tx,
    id: OutboxId,
    worker: &str,
    due_at: Timestamp,
    error: &str,
) -> Result<(), StoreError> {
    run!(tx, execute, DEFER, id, worker, due_at, error).map(drop)
}

/// Not tried at all: due again at `due_at`, with as many tries as before.
pub async fn put_back(tx: &mut Tx, id: OutboxId, worker: &str, due_at: Timestamp) -> Result<(), StoreError> {
    run!(tx, execute, PUT_BACK, id, worker, due_at).map(drop)
}

/// Never: kept for the administrator to see.
pub async fn give_up(tx: &mut Tx, id: OutboxId, worker: &str, error: &str) -> Result<(), StoreError> {
    run!(tx, execute, GIVE_UP, id, worker, error).map(drop)
}

/// Ends every lease: for a program that knows that no other one sends. Returns how many there were.
pub async fn take_up(tx: &mut Tx) -> Result<u64, StoreError> {
    run!(tx, execute, TAKE_UP)
}

/// Makes a mail due that waits or was given up. How many there were: one or none.
pub async fn revive(tx: &mut Tx, id: OutboxId, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, REVIVE, id, now)
}

/// Makes every mail due that was given up; how many. Tries are counted on, since with them every try
/// has a name of its own.
pub async fn revive_dead(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, REVIVE_DEAD, now)
}

/// Makes every mail due that was given up or waits for its next try; how many.
pub async fn revive_all(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, REVIVE_ALL, now)
}

/// What it was about is gone.
pub async fn discard(tx: &mut Tx, id: OutboxId) -> Result<(), StoreError> {
    run!(tx, execute, DROP, id).map(drop)
}

/// Removes what has not yet been sent about an owner that is gone.
pub async fn discard_waiting(tx: &mut Tx, owner: &[u8; 16]) -> Result<(), StoreError> {
    run!(tx, execute, DROP_WAITING, *owner).map(drop)
}

/// How far the last mail about an owner has come.
pub async fn progress<'a>(on: impl AsExec<'a>, owner: &[u8; 16]) -> Result<Option<Progress>, StoreError> {
    run!(on, fetch_optional Progress, PROGRESS, *owner)
}

/// When the next mail wants attention.
pub async fn next_due<'a>(on: impl AsExec<'a>) -> Result<Option<Timestamp>, StoreError> {
    run!(on, fetch_one Due, NEXT_DUE).map(|row| row.due_at)
}

/// How much waits.
pub async fn depth<'a>(on: impl AsExec<'a>) -> Result<Depth, StoreError> {
    run!(on, fetch_one Depth, DEPTH)
}

/// How many mails are in each state that any are in.
pub async fn counted<'a>(on: impl AsExec<'a>) -> Result<Vec<Counted>, StoreError> {
    run!(on, fetch_all Counted, COUNTED)
}

/// Mails that were tried in vain, those given up first, then the next to be tried.
pub async fn troubled<'a>(on: impl AsExec<'a>, most: i64) -> Result<Vec<Troubled>, StoreError> {
    run!(on, fetch_all Troubled, TROUBLED, most)
}

/// Removes some mails that were sent before `before`.
pub async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run!(tx, execute, SWEEP, before)
}
