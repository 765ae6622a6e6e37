//! The worker's side: receives ids, hands them on one by one, and tells the broker what became of them.

use std::sync::Arc;

use amqprs::channel::ConsumerMessage;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use usher_accounts::id::OutboxId;

use super::link::Link;
use super::pause::Pause;
use super::{Broker, BrokerError, BrokerFigures};

/// An id as it is written; longer is something else.
const ID_LENGTH: usize = 36;

/// A mail that the broker says wants to leave. The broker keeps the message until it is told what
/// became of it, and gives it to somebody else when this program is gone.
pub(in crate::outbox) struct Delivery {
    pub(in crate::outbox) id: OutboxId,
    tag: u64,
    link: Arc<Link>,
    _held: mpsc::Sender<()>,
}

impl Delivery {
    /// The outcome is written down.
    pub(in crate::outbox) async fn settled(self) {
        self.link.ack(self.tag).await;
    }

    /// It is not; somebody may try again.
    pub(in crate::outbox) async fn put_back(self) {
        self.link.put_back(self.tag).await;
    }
}

/// Receives for one worker.
pub(in crate::outbox) struct Consumer {
    pub(in crate::outbox) broker: Broker,
    pub(in crate::outbox) figures: Arc<BrokerFigures>,
    /// The worker, by the name in its leases.
    pub(in crate::outbox) name: String,
    pub(in crate::outbox) deliveries: mpsc::Sender<Delivery>,
}

impl Consumer {
    /// Receives until `stop` turns true, then waits until everything handed on is settled.
    pub(in crate::outbox) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut pause = Pause::new();
        while !*stop.borrow() {
            let opened = tokio::select! {
                opened = self.open() => opened,
                _ = stop.changed() => return,
            };
            let trouble = match opened {
                Err(error) => error,
                Ok((link, messages)) => {
                    pause = Pause::new();
                    tracing::info!(worker = %self.name, "receiving from the broker");
                    self.figures.set_consumer(true);
                    self.receive(link, messages, &mut stop).await;
                    self.figures.set_consumer(false);
                    BrokerError::Lost("the queue was deleted, or the broker hung up".to_owned())
                }
            };
            if *stop.borrow() {
                return;
            }
            if pause.is_first() {
                tracing::warn!(error = %trouble, "not receiving from the broker; the outbox is polled");
            }
            tokio::select! {
                () = sleep(pause.next()) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn open(&self) -> Result<(Link, mpsc::UnboundedReceiver<ConsumerMessage>), BrokerError> {
        let (link, _events) = Link::open(&self.broker, "usher worker").await?;
        let messages = link.consume(&self.broker, &self.name).await?;
        Ok((link, messages))
    }

    /// Until the link is lost or it is time to stop.
    async fn receive(
        &self,
        link: Link,
        mut messages: mpsc::UnboundedReceiver<ConsumerMessage>,
        stop: &mut watch::Receiver<bool>,
    ) {
        let link = Arc::new(link);
        let (held, mut settled) = mpsc::channel(1);
        loop {
            let message = tokio::select! {
                message = messages.recv() => message,
                _ = stop.changed() => break,
            };
            let Some(message) = message else { break };
            let Some((tag, id)) = self.read(&message) else {
                continue;
            };
            let Some(id) = id else {
                self.figures.dead_lettered.add(1);
                tracing::warn!("a message that is no id of a mail was put aside");
                link.reject(tag).await;
                continue;
            };
            let delivery = Delivery {
                id,
                tag,
                link: Arc::clone(&link),
                _held: held.clone(),
            };
            tokio::select! {
                // A worker that is gone settles nothing; the messages go to another when the link closes.
                _ = self.deliveries.send(delivery) => {}
                _ = stop.changed() => break,
            }
        }
        if !*stop.borrow() {
            // The link is lost: what was handed on is sent all the same, and the broker's copy comes again.
            return;
        }
        link.cancel(&self.name).await;
        drop(held);
        // Nothing is ever sent here: it ends when the last delivery has been settled or forgotten.
        let _ = settled.recv().await;
        if let Some(link) = Arc::into_inner(link) {
            // Messages that were received and not handed on go back to the queue with this.
            link.close().await;
        }
    }

    /// The message's number, and the id it carries if it does.
    fn read(&self, message: &ConsumerMessage) -> Option<(u64, Option<OutboxId>)> {
        let deliver = message.deliver.as_ref()?;
        self.figures.consumed.add(1);
        self.figures.redelivered.add(usize::from(deliver.redelivered()));
        let content = message.content.as_deref().unwrap_or_default();
        Some((deliver.delivery_tag(), id_in(content)))
    }
}

fn id_in(content: &[u8]) -> Option<OutboxId> {
    let text = str::from_utf8(content).ok()?;
    (text.len() == ID_LENGTH).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t42_only_the_id_of_a_mail_is_read() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(id_in(id.as_bytes()).unwrap().to_string(), id);
        for poison in [
            "",
            "x",
            "{}",
            &format!("{{{id}}}"),
            &id.replace('-', ""),
            &"x".repeat(36),
        ] {
            assert!(id_in(poison.as_bytes()).is_none(), "{poison}");
        }
        assert!(id_in(&[0xff; 36]).is_none());
    }
}
