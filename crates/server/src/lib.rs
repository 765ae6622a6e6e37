//! The `usher` program as a library, so that tests can run it inside themselves.

pub mod aliases;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod link;
pub mod metrics;
pub mod net;
pub mod pages;
pub mod secrets;
pub mod spans;
pub mod telemetry;
pub mod web;
pub mod wiring;
