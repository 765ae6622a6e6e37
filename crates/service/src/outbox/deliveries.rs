//! What the worker does with an id that the broker hands it: the row is leased like any other, and the
//! message is settled when the outcome is in the row.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use usher_accounts::id::OutboxId;
use usher_store::outbox::{self, Leased};

use super::broker::{Consumer, Delivery};
use super::worker::{LEASE, POLL, Worker};
use crate::Trouble;

/// For the last acknowledgements to reach the broker.
const FAREWELL: Duration = Duration::from_secs(5);

/// The broker's messages to one worker; none ever come where there is no broker.
pub(super) struct Deliveries(Option<(mpsc::Receiver<Delivery>, JoinHandle<()>)>);

impl Deliveries {
    pub(super) fn of(worker: &Worker, stop: &watch::Receiver<bool>) -> Self {
        Self(worker.broker.clone().map(|broker| {
            let (sender, receiver) = mpsc::channel(1);
            let consumer = Consumer {
                broker,
                figures: Arc::clone(&worker.usher.broker),
                name: worker.name.clone(),
                deliveries: sender,
            };
            (receiver, tokio::spawn(consumer.run(stop.clone())))
        }))
    }

    pub(super) async fn next(&mut self) -> Delivery {
        if let Some((receiver, _)) = &mut self.0
            && let Some(delivery) = receiver.recv().await
        {
            return delivery;
        }
        std::future::pending().await
    }

    /// Hands back what was not begun and says good-bye to the broker.
    pub(super) async fn end(self) {
        if let Some((receiver, consumer)) = self.0 {
            drop(receiver);
            drop(timeout(FAREWELL, consumer).await);
        }
    }
}

impl Worker {
    pub(super) async fn settle(&self, delivery: Delivery) {
        match self.send_one(delivery.id).await {
            Ok(()) => delivery.settled().await,
            Err(error) => {
                tracing::warn!(mail = %delivery.id, %error, "a mail could not be handled");
                // Not at once: the same trouble would meet it again.
                sleep(POLL).await;
                delivery.put_back().await;
            }
        }
    }

    /// Sends a mail, unless it is gone, sent, not yet due, or leased to somebody else: whoever looks at
    /// the outbox takes it up should that one die.
    async fn send_one(&self, id: OutboxId) -> Result<(), Trouble> {
        match self.lease(id).await? {
            Some(mail) => self.dispatch(mail).await,
            None => Ok(()),
        }
    }

    async fn lease(&self, id: OutboxId) -> Result<Option<Leased>, Trouble> {
        let mut tx = self.usher.db.begin().await?;
        let leased = outbox::claim_one(&mut tx, id, &self.name, LEASE, self.usher.now()).await?;
        tx.commit().await?;
        Ok(leased)
    }
}
