//! What the storage promises, each promise written once and checked on both databases.

mod accounts;
mod codes;
mod counters;
mod email_changes;
mod events;
mod files;
mod groups;
mod migrations;
mod outbox;
mod people;
mod postgres;
mod races;
mod registrations;
mod sessions;
mod statements;
mod support;
mod transactions;
