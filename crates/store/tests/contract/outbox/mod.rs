//! Promises about mail that waits to leave.

mod claims;
mod outcomes;

use std::time::Duration;

use usher_accounts::id::OutboxId;
use usher_store::Db;
use usher_store::outbox::{self, Leased, NewMail, claim, progress};

use crate::people::mail;
use crate::support::{Checked, after, commit};

const LEASE: Duration = Duration::from_mins(1);

fn owner(number: u32) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// A mail about owner `number`, written so many seconds after the story begins.
async fn add(db: &Db, number: u32, at: u64) -> Checked<OutboxId> {
    let new = NewMail {
        id: mail(number),
        kind: "verification",
        owner: owner(number),
        recipient: "One@example.org",
        detail: None,
    };
    commit!(db, tx => outbox::insert(&mut tx, &new, after(at)));
    Ok(new.id)
}

async fn claimed(db: &Db, worker: &str, most: i64, at: u64) -> Checked<Vec<Leased>> {
    Ok(commit!(db, tx => claim(&mut tx, worker, most, LEASE, after(at))))
}

async fn claimed_ids(db: &Db, worker: &str, at: u64) -> Checked<Vec<OutboxId>> {
    let mut ids: Vec<_> = claimed(db, worker, 100, at)
        .await?
        .iter()
        .map(|one| one.id)
        .collect();
    ids.sort();
    Ok(ids)
}

async fn state(db: &Db, number: u32) -> Checked<Option<String>> {
    Ok(progress(db, &owner(number)).await?.map(|row| row.state))
}
