//! Devices with a share of the link. A device belongs to whoever signed in on it last, and its row goes
//! with that session, however it ends.

use usher_accounts::id::{PersonId, SessionId};
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// A device, its owner and all that decides on their share.
    pub struct Sharing {
        /// Whose it is.
        pub account_id: PersonId,
        /// What people call them.
        pub label: String,
        /// Its hardware address, or its address where that was not known.
        pub device: String,
        /// Where it was when it signed in.
        pub ip: String,
        /// When its session ends by itself.
        pub expires_at: Timestamp,
        /// The owner's own plan, from here on; `None` where everybody's holds.
        pub weight: Option<i64>,
        /// Committed rate towards the owner, bit/s.
        pub down_floor: Option<i64>,
        /// Maximum rate towards the owner, bit/s.
        pub down_cap: Option<i64>,
        /// Committed rate from the owner, bit/s.
        pub up_floor: Option<i64>,
        /// Maximum rate from the owner, bit/s.
        pub up_cap: Option<i64>,
        /// Bytes a day before others come first.
        pub quota_bytes: Option<i64>,
        /// Bytes used on the day asked for.
        pub used_bytes: i64,
    }
}

row! {
    struct Bound {
        pub device: String,
    }
}

statements! {
    BIND = "INSERT INTO link_devices (device, account_id, session_id, ip, bound_at, used_at)
        SELECT $1, $2, id, $4, $5, $5 FROM sessions WHERE id = $3 AND account_id = $2
        ON CONFLICT (device) DO UPDATE SET account_id = excluded.account_id, session_id = excluded.session_id,
        ip = excluded.ip, bound_at = excluded.bound_at, used_at = excluded.used_at";
    RESUME = "UPDATE link_devices SET used_at = $3, ip = $4 WHERE session_id = $1 AND device = $2";
    USE = "UPDATE link_devices SET used_at = $2 WHERE account_id = $1 AND used_at < $2";
    SHARING = "SELECT d.account_id, COALESCE(a.username, a.email) AS label, d.device, d.ip, s.expires_at, p.weight,
        p.down_floor, p.down_cap, p.up_floor, p.up_cap, p.quota_bytes, COALESCE(u.bytes, 0) AS used_bytes
        FROM link_devices d JOIN sessions s ON s.id = d.session_id JOIN accounts a ON a.id = d.account_id
        LEFT JOIN link_plans p ON p.account_id = d.account_id
        LEFT JOIN link_usage u ON u.account_id = d.account_id AND u.day = $3
        WHERE s.expires_at > $1 AND d.used_at > $2 ORDER BY d.bound_at, d.device";
    OF_SESSION = "SELECT device FROM link_devices WHERE session_id = $1 AND used_at > $2";
}

/// A device and who signs in on it.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its hardware address, or its address where that is not known.
    pub device: String,
    /// Whose it becomes.
    pub account: PersonId,
    /// The session it goes with.
    pub session: SessionId,
    /// Where it is.
    pub ip: String,
}

/// Gives a device to a session, whoever had it before; false when the session is gone.
pub async fn bind(tx: &mut Tx, new: &NewDevice, now: Timestamp) -> Result<bool, StoreError> {
    run!(
        tx,
        execute,
        BIND,
        new.device,
        new.account,
        new.session,
        new.ip,
        now
    )
    .map(|changed| changed == 1)
}

/// Wakes a device that had fallen idle; false when it is not this session's.
pub async fn resume(
    tx: &mut Tx,
    session: SessionId,
    device: &str,
    ip: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    run!(tx, execute, RESUME, session, device, now, ip).map(|changed| changed == 1)
}

/// Notes that an account's devices are in use.
pub async fn note_use(tx: &mut Tx, account: PersonId, now: Timestamp) -> Result<(), StoreError> {
    run!(tx, execute, USE, account, now).map(drop)
}

/// Every device used after `idle_since` whose session lives, with what was used on `day`.
pub async fn sharing<'a>(
    on: impl AsExec<'a>,
    now: Timestamp,
    idle_since: Timestamp,
    day: i64,
) -> Result<Vec<Sharing>, StoreError> {
    run!(on, fetch_all Sharing, SHARING, now, idle_since, day)
}

/// The devices of a session that were used after `idle_since`.
pub async fn of_session<'a>(
    on: impl AsExec<'a>,
    session: SessionId,
    idle_since: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let bound = run!(on, fetch_all Bound, OF_SESSION, session, idle_since)?;
    Ok(bound.into_iter().map(|row| row.device).collect())
}
