//! Codes, as MACs. Whoever looks at one to compare it has paid an attempt before.

use usher_accounts::code::{Minted, StoredCodes};
use usher_accounts::time::Timestamp;

use crate::column::row;
use crate::sql::{run, statements};
use crate::tx::{AsExec, StoreError, Tx};

row! {
    /// The codes of a registration or an e-mail change: the last one and the one before it.
    pub struct CodeRow {
        /// MAC of the last code.
        pub mac: Vec<u8>,
        /// When it stops being right.
        pub expires_at: Timestamp,
        /// MAC of the code before.
        pub previous_mac: Option<Vec<u8>>,
        /// When that one stops being right.
        pub previous_expires_at: Option<Timestamp>,
        /// Shared by both.
        pub attempts_left: i64,
    }
}

impl CodeRow {
    /// Whether guesses are left and nothing to guess: every code there was is past its time.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let ends = [Some(self.expires_at), self.previous_expires_at];
        self.attempts_left > 0 && ends.into_iter().flatten().all(|end| end <= now)
    }

    /// In the form the rules judge.
    pub fn codes(self) -> StoredCodes {
        StoredCodes {
            current: Some(Minted {
                mac: self.mac,
                expires_at: self.expires_at,
            }),
            previous: self
                .previous_mac
                .zip(self.previous_expires_at)
                .map(|(mac, expires_at)| Minted { mac, expires_at }),
        }
    }
}

statements! {
    MINT = "INSERT INTO codes (owner, mac, expires_at, attempts_left, minted_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (owner) DO UPDATE SET previous_mac = codes.mac, previous_expires_at = codes.expires_at,
        mac = excluded.mac, expires_at = excluded.expires_at, attempts_left = excluded.attempts_left,
        minted_at = excluded.minted_at";
    START_CLOCK = "UPDATE codes SET expires_at = $3 WHERE owner = $1 AND mac = $2";
    SPEND = "UPDATE codes SET attempts_left = attempts_left - 1
        WHERE owner = $1 AND attempts_left > 0 AND (expires_at > $2 OR previous_expires_at > $2)
        RETURNING mac, expires_at, previous_mac, previous_expires_at, attempts_left";
    PEEK = "SELECT mac, expires_at, previous_mac, previous_expires_at, attempts_left FROM codes WHERE owner = $1";
    DELETE = "DELETE FROM codes WHERE owner = $1";
}

/// Stores a new code; the one before it keeps its own end and shares the new attempts.
pub async fn mint(
    tx: &mut Tx,
    owner: &[u8; 16],
    code: &Minted,
    attempts: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    run!(
        tx,
        execute,
        MINT,
        *owner,
        code.mac,
        code.expires_at,
        attempts,
        now
    )
    .map(drop)
}

/// Sets the end of a code, counted from the moment the mail server took it.
pub async fn start_clock(
    tx: &mut Tx,
    owner: &[u8; 16],
    mac: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    run!(tx, execute, START_CLOCK, *owner, mac, expires_at).map(drop)
}

/// Pays for one comparison; `None` when no attempt is left or no code is running.
pub async fn spend(tx: &mut Tx, owner: &[u8; 16], now: Timestamp) -> Result<Option<CodeRow>, StoreError> {
    run!(tx, fetch_optional CodeRow, SPEND, *owner, now)
}

/// Looks without paying: for telling an end from a wrong code, never for comparing.
pub async fn peek<'a>(on: impl AsExec<'a>, owner: &[u8; 16]) -> Result<Option<CodeRow>, StoreError> {
    run!(on, fetch_optional CodeRow, PEEK, *owner)
}

/// Voids the codes of an owner.
pub async fn delete(tx: &mut Tx, owner: &[u8; 16]) -> Result<(), StoreError> {
    run!(tx, execute, DELETE, *owner).map(drop)
}
