//! The whole server over HTTP, as its users meet it: the published contract, the threats it must
//! withstand, and its pages.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod contract;
mod pages;
mod queue;
mod sharing;
mod support;
mod threats;
