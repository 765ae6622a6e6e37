//! The relay: publishes the ids of new mails after their commit, beside the requests and never in their
//! way. What cannot be published, or is not confirmed, is left to whoever looks at the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use usher_accounts::id::OutboxId;

use super::link::{Event, Link};
use super::pause::Pause;
use super::{Broker, BrokerError};
use crate::Usher;

/// Ids that may wait to be published; more of them are left to the poll.
const MOST_WAITING: usize = 1024;
/// Ids published and not yet confirmed.
const MOST_IN_FLIGHT: usize = 256;
/// A broker that takes longer is short of memory or disk; nothing more is published until it answers.
const CONFIRM_LIMIT: Duration = Duration::from_secs(3);

/// The relay of a server.
#[derive(Debug)]
pub struct Relay {
    usher: Arc<Usher>,
    broker: Broker,
    ids: mpsc::Receiver<OutboxId>,
}

/// Why publishing ended.
enum Ended {
    Stopped,
    /// The queue is gone; a new link makes it again.
    Unroutable,
    Lost(BrokerError),
}

impl Relay {
    /// A relay for the mails that this program queues from now on.
    pub fn new(usher: Arc<Usher>, broker: Broker) -> Self {
        let (sender, ids) = mpsc::channel(MOST_WAITING);
        // A second relay would be handed nothing, and do no harm.
        drop(usher.relay.set(sender));
        Self { usher, broker, ids }
    }

    /// Publishes until `stop` turns true. While there is no broker, mails are left to the poll.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = Pause::new();
        while !*stop.borrow() {
            let opened = tokio::select! {
                opened = Link::open(&self.broker, "usher relay") => opened,
                _ = stop.changed() => return,
            };
            let trouble = match opened {
                Err(error) => error,
                Ok((link, mut events)) => {
                    pause = Pause::new();
                    tracing::info!("mails are announced by the broker");
                    self.usher.broker.set_relay(true);
                    let ended = self.publish(&link, &mut events, &mut stop).await;
                    self.leave_to_the_poll();
                    link.close().await;
                    match ended {
                        Ended::Stopped => return,
                        Ended::Unroutable => {
                            tracing::warn!("the broker has no such queue any more; making it again");
                            continue;
                        }
                        Ended::Lost(error) => error,
                    }
                }
            };
            if pause.is_first() {
                tracing::warn!(error = %trouble, "mails are not announced by the broker; they leave by the poll");
            }
            tokio::select! {
                () = sleep(pause.next()) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn publish(
        &mut self,
        link: &Link,
        events: &mut mpsc::UnboundedReceiver<Event>,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended {
        let figures = Arc::clone(&self.usher.broker);
        let mut in_flight = InFlight::default();
        let mut stalled = false;
        loop {
            let overdue = in_flight.oldest().map(|since| since + CONFIRM_LIMIT);
            tokio::select! {
                _ = stop.changed() => return Ended::Stopped,
                event = events.recv() => match event {
                    None => return Ended::Lost(BrokerError::Lost("it hung up".to_owned())),
                    Some(Event::Confirmed { tag, multiple }) => {
                        figures.confirmed.add(in_flight.settle(tag, multiple));
                    }
                    Some(Event::Refused { tag, multiple }) => {
                        figures.refused.add(in_flight.settle(tag, multiple));
                        self.usher.ring(None);
                    }
                    Some(Event::Returned) => {
                        figures.returned.add(1);
                        return Ended::Unroutable;
                    }
                },
                Some(id) = self.ids.recv(), if !stalled && in_flight.len() < MOST_IN_FLIGHT => {
                    if let Err(error) = link.publish(&self.broker, id).await {
                        return Ended::Lost(error);
                    }
                    in_flight.add();
                    figures.published.add(1);
                }
                () = sleep_until(overdue.unwrap_or_else(Instant::now)), if overdue.is_some() && !stalled => {
                    tracing::warn!("the broker does not confirm; mails leave by the poll");
                    stalled = true;
                    figures.set_relay(false);
                    self.usher.ring(None);
                }
            }
            if stalled && in_flight.len() == 0 {
                tracing::info!("the broker confirms again");
                stalled = false;
                figures.set_relay(true);
            }
        }
    }

    /// Whatever was handed over and not confirmed is found in the outbox.
    fn leave_to_the_poll(&mut self) {
        self.usher.broker.set_relay(false);
        while self.ids.try_recv().is_ok() {}
        self.usher.ring(None);
    }
}

/// What was published and is not yet confirmed, by the number the broker counts it with.
#[derive(Default)]
struct InFlight {
    last: u64,
    since: BTreeMap<u64, Instant>,
}

impl InFlight {
    fn add(&mut self) {
        self.last += 1;
        self.since.insert(self.last, Instant::now());
    }

    /// How many were settled by this.
    fn settle(&mut self, tag: u64, multiple: bool) -> usize {
        if !multiple {
            return usize::from(self.since.remove(&tag).is_some());
        }
        let later = self.since.split_off(&(tag + 1));
        std::mem::replace(&mut self.since, later).len()
    }

    fn oldest(&self) -> Option<Instant> {
        self.since.first_key_value().map(|(_, since)| *since)
    }

    fn len(&self) -> usize {
        self.since.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_settles_one_or_everything_up_to_it() {
        let mut in_flight = InFlight::default();
        for _ in 0..5 {
            in_flight.add();
        }
        assert_eq!(in_flight.settle(2, false), 1);
        assert_eq!(in_flight.settle(2, false), 0, "twice is once");
        assert_eq!(in_flight.settle(4, true), 3);
        assert_eq!(in_flight.len(), 1);
        assert_eq!(in_flight.settle(u64::MAX - 1, true), 1);
        assert!(in_flight.oldest().is_none());
    }
}
