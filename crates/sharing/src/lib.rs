//! The rules of sharing a link: who gets how many bit/s, what the kernel must be told so that they do,
//! how much the link carries at the moment, and what all of it would do to people, played through on a
//! virtual clock. Nothing here waits, reads a clock, rolls dice or touches a file: time and chance come
//! in as arguments.
//!
//! Units are in the names: [`rate::BitsPerSecond`], `…_us` for microseconds, `…_ms` for milliseconds,
//! `…_bytes`. "Down" is towards the clients.

pub mod allocate;
pub mod bench;
pub mod capacity;
pub mod decision;
pub mod demand;
pub mod dice;
pub mod experience;
pub mod fairness;
pub mod id;
pub mod layout;
pub mod link;
pub mod moment;
pub mod plan;
pub mod policy;
pub mod queue;
pub mod rate;
pub mod simulate;
pub mod steps;
pub mod wire;
