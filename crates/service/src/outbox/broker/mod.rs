//! The broker: a faster bell than looking at the outbox again and again. A message is the id of a mail
//! and nothing else; the row decides what becomes of it, so a message that is lost, comes twice or is
//! somebody else's by now does no harm.

mod address;
mod consumer;
mod figures;
mod link;
mod pause;
mod relay;
mod tls;

use std::sync::Arc;

pub use address::{AddressError, BrokerAddress};
pub(super) use consumer::{Consumer, Delivery};
pub use figures::BrokerFigures;
use link::Link;
pub use relay::Relay;

/// How the broker keeps the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// On the disk of one node.
    Durable,
    /// On several nodes, by majority.
    Quorum,
}

/// A broker, and the queue on it.
#[derive(Clone, Debug)]
pub struct Broker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: BrokerAddress,
    queue: String,
    kind: QueueKind,
    prefetch: u16,
}

/// Why the broker cannot be used. Mail leaves all the same, a little later.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It does not answer, or not as a broker does.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
    /// It hung up while we said who we are, which is how it says no.
    #[error("the broker closed the connection ({0}); check user, password and virtual host of queue.url")]
    Refused(String),
    /// The queue is there, but not as we need it.
    #[error(
        "the queue {queue} exists with other properties ({reason}); delete it, or set queue.name or queue.kind"
    )]
    Mismatch {
        /// Which queue.
        queue: String,
        /// What the broker says.
        reason: String,
    },
    /// It was there and is gone.
    #[error("the connection to the broker was lost ({0})")]
    Lost(String),
}

impl Broker {
    /// A queue on a broker, of which a worker is handed at most `prefetch` messages at a time.
    pub fn new(address: BrokerAddress, queue: &str, kind: QueueKind, prefetch: u16) -> Self {
        Self(Arc::new(Inner {
            address,
            queue: queue.to_owned(),
            kind,
            prefetch,
        }))
    }

    /// Makes the queues if they are not there; for `usher doctor`.
    pub async fn check(&self) -> Result<(), BrokerError> {
        let (link, _events) = Link::open(self, "usher doctor").await?;
        link.close().await;
        Ok(())
    }

    /// Where messages go that no worker understands.
    fn dead_queue(&self) -> String {
        format!("{}.dead", self.0.queue)
    }
}
