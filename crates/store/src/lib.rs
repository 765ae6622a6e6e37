//! Storage: the only crate that knows SQL. One text serves SQLite and PostgreSQL; every uniqueness
//! and every limit stands in the statement itself, never in a read before it.

mod column;
mod postgres;
mod sql;
mod tx;
mod writer;

pub mod accounts;
pub mod codes;
pub mod copy;
pub mod counters;
pub mod email_changes;
pub mod events;
pub mod link;
pub mod migrate;
pub mod notices;
pub mod outbox;
pub mod registrations;
pub mod sessions;
pub mod signing_keys;
#[cfg(feature = "testing")]
pub mod testing;
pub mod vitals;

pub use postgres::Postgres;
pub use sql::{Statement, all_statements};
pub use tx::{Db, StoreError, Tx};
