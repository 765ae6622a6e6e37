//! What the storage promises, each promise written once and checked on both databases.

mod accounts;
mod codes;
mod copying;
mod counters;
mod email_changes;
mod events;
mod files;
mod groups;
mod link;
mod migrations;
mod notices;
mod outbox;
mod people;
mod races;
mod registrations;
mod sessions;
mod statements;
mod support;
mod transactions;
