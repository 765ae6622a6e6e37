//! Mail: queued in the transaction of what caused it, worded and sent by a worker afterwards.

mod compose;
mod queue;
mod retry;
mod worker;

pub use queue::MailKind;
pub use worker::{Announce, Worker};
