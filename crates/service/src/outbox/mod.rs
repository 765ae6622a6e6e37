//! Mail: queued in the transaction of what caused it, worded and sent by a worker afterwards.

mod broker;
mod compose;
mod deliveries;
mod queue;
mod retry;
mod slow;
mod status;
mod worker;

pub use broker::{AddressError, Broker, BrokerAddress, BrokerError, BrokerFigures, QueueKind, Relay};
pub use queue::MailKind;
pub use status::{Again, OutboxStatus, TroubledMail};
pub use worker::{Announce, Outcome, Report, Worker};
