//! The gateway: it keeps the kernel's queues as the server wants them, and measures what they share.
//!
//! `kernel` is the only place that speaks netlink. What should be there is decided by pure functions.

mod agent;
pub mod cli;
mod config;
mod controller;
mod follow;
mod kernel;
mod lab;
mod rules;
mod shape;
mod system;

#[cfg(test)]
mod testing;
