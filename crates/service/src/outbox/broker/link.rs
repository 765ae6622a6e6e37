//! One connection to the broker with one channel on it, and the queues declared. It does not mend
//! itself: whoever holds it opens another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use amqprs::callbacks::{ChannelCallback, ConnectionCallback};
use amqprs::channel::{
    BasicAckArguments, BasicCancelArguments, BasicConsumeArguments, BasicNackArguments,
    BasicPublishArguments, BasicQosArguments, BasicRejectArguments, Channel, ConfirmSelectArguments,
    ConsumerMessage, QueueDeclareArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::error::Error;
use amqprs::{
    Ack, BasicProperties, Cancel, Close, CloseChannel, DELIVERY_MODE_PERSISTENT, FieldTable, FieldValue,
    Nack, Return,
};
use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use usher_accounts::id::OutboxId;

use super::{Broker, BrokerError, QueueKind, tls};

/// For everything up to the broker's "come in"; afterwards heartbeats tell who is gone.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// Seconds. A peer that misses two is gone.
const HEARTBEAT: u16 = 10;
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// The broker's number for "it exists, and is not like that".
const PRECONDITION_FAILED: u16 = 406;
/// What nobody reads must not fill the broker's disk.
const MOST_DEAD: i64 = 10_000;

/// What the broker says about what was published.
#[derive(Debug)]
pub(super) enum Event {
    /// It has it; with `multiple`, everything up to it too.
    Confirmed { tag: u64, multiple: bool },
    /// It could not keep it.
    Refused { tag: u64, multiple: bool },
    /// There is no queue to put it into.
    Returned,
}

/// An open connection.
pub(super) struct Link {
    connection: Connection,
    channel: Channel,
}

impl Link {
    /// Connects and declares the queues. The work is a task of its own, because the library cannot bear
    /// a request that is given up half-way.
    pub(super) async fn open(
        broker: &Broker,
        name: &'static str,
    ) -> Result<(Self, UnboundedReceiver<Event>), BrokerError> {
        let opening = tokio::spawn(establish(broker.clone(), name));
        opening
            .await
            .unwrap_or_else(|error| Err(BrokerError::Unreachable(error.to_string())))
    }

    /// Messages from now on, at most `prefetch` unsettled at a time. It ends when the queue is deleted or
    /// the connection is lost.
    pub(super) async fn consume(
        &self,
        broker: &Broker,
        tag: &str,
    ) -> Result<UnboundedReceiver<ConsumerMessage>, BrokerError> {
        let qos = BasicQosArguments::new(0, broker.0.prefetch, false);
        self.channel.basic_qos(qos).await.map_err(lost)?;
        let arguments = BasicConsumeArguments::new(&broker.0.queue, tag);
        let (_, messages) = self.channel.basic_consume_rx(arguments).await.map_err(lost)?;
        Ok(messages)
    }

    /// No more messages; those under way stay ours to settle.
    pub(super) async fn cancel(&self, tag: &str) {
        // A link that is already lost has nothing to cancel.
        drop(self.channel.basic_cancel(BasicCancelArguments::new(tag)).await);
    }

    /// Publishes an id, to be kept on disk and to be sent back if there is no queue for it.
    pub(super) async fn publish(&self, broker: &Broker, id: OutboxId) -> Result<(), BrokerError> {
        let properties = BasicProperties::default()
            .with_delivery_mode(DELIVERY_MODE_PERSISTENT)
            .with_content_type("text/plain")
            .finish();
        let arguments = BasicPublishArguments::new("", &broker.0.queue)
            .mandatory(true)
            .finish();
        let payload = id.to_string().into_bytes();
        self.channel
            .basic_publish(properties, payload, arguments)
            .await
            .map_err(lost)
    }

    /// Done with it.
    pub(super) async fn ack(&self, tag: u64) {
        // Lost with the link, it comes again and is found to be done.
        drop(self.channel.basic_ack(BasicAckArguments::new(tag, false)).await);
    }

    /// Somebody else may try.
    pub(super) async fn put_back(&self, tag: u64) {
        drop(
            self.channel
                .basic_nack(BasicNackArguments::new(tag, false, true))
                .await,
        );
    }

    /// Nobody can use it.
    pub(super) async fn reject(&self, tag: u64) {
        drop(
            self.channel
                .basic_reject(BasicRejectArguments::new(tag, false))
                .await,
        );
    }

    /// Says good-bye; what was said before has then arrived.
    pub(super) async fn close(self) {
        let closing = tokio::spawn(async move {
            drop(self.channel.close().await);
            drop(self.connection.close().await);
        });
        drop(timeout(CLOSE_LIMIT, closing).await);
    }
}

async fn establish(
    broker: Broker,
    name: &'static str,
) -> Result<(Link, UnboundedReceiver<Event>), BrokerError> {
    let address = &broker.0.address;
    let mut arguments =
        OpenConnectionArguments::new(&address.host, address.port, &address.user, &address.password);
    arguments
        .virtual_host(&address.vhost)
        .heartbeat(HEARTBEAT)
        .connection_name(name);
    if address.tls {
        arguments.tls_adaptor(tls::adaptor(&address.host)?);
    }
    let connection = match timeout(OPEN_LIMIT, Connection::open(&arguments)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(turned_away(&error)),
        Err(_) => return Err(BrokerError::Unreachable("it does not answer".to_owned())),
    };
    let reason = Reason::default();
    let (events, received) = unbounded_channel();
    let ear = Ear {
        events,
        reason: reason.clone(),
    };
    connection.register_callback(ear.clone()).await.map_err(lost)?;
    let channel = connection.open_channel(None).await.map_err(lost)?;
    channel.register_callback(ear).await.map_err(lost)?;
    declare(&channel, &broker, &reason).await?;
    channel
        .confirm_select(ConfirmSelectArguments::new(false))
        .await
        .map_err(lost)?;
    Ok((Link { connection, channel }, received))
}

/// A broker that does not know us hangs up in the middle of the greeting.
fn turned_away(error: &Error) -> BrokerError {
    let text = error.to_string();
    let hung_up = ["peer shutdown", "reset by peer"]
        .iter()
        .any(|sign| text.contains(sign));
    if hung_up || matches!(error, Error::ConnectionOpenError(_)) {
        BrokerError::Refused(reply_in(&text).unwrap_or(&text).to_owned())
    } else {
        BrokerError::Unreachable(text)
    }
}

/// The broker's own words in the library's: `… reply_text: ShortStr(34, "NOT_ALLOWED - …") …`.
fn reply_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("reply_text: ")?;
    let (_, rest) = rest.split_once('"')?;
    Some(rest.split_once("\")")?.0)
}

/// Says how the queues must be. Those that are so already are left alone.
async fn declare(channel: &Channel, broker: &Broker, reason: &Reason) -> Result<(), BrokerError> {
    let (queue, dead) = (broker.0.queue.clone(), broker.dead_queue());
    let mut dead_arguments = arguments(broker.0.kind);
    insert(&mut dead_arguments, "x-max-length", FieldValue::l(MOST_DEAD));
    let mut queue_arguments = arguments(broker.0.kind);
    insert(
        &mut queue_arguments,
        "x-dead-letter-exchange",
        String::new().into(),
    );
    insert(
        &mut queue_arguments,
        "x-dead-letter-routing-key",
        dead.clone().into(),
    );
    for (name, arguments) in [(dead, dead_arguments), (queue, queue_arguments)] {
        let declaration = QueueDeclareArguments::new(&name)
            .durable(true)
            .arguments(arguments)
            .finish();
        if let Err(error) = channel.queue_declare(declaration).await {
            return Err(match reason.get() {
                Some((PRECONDITION_FAILED, reason)) => BrokerError::Mismatch { queue: name, reason },
                Some((_, reason)) => BrokerError::Lost(reason),
                None => lost(error),
            });
        }
    }
    Ok(())
}

fn arguments(kind: QueueKind) -> FieldTable {
    let mut table = FieldTable::new();
    if kind == QueueKind::Quorum {
        insert(&mut table, "x-queue-type", "quorum".to_owned().into());
    }
    table
}

fn insert(table: &mut FieldTable, name: &str, value: FieldValue) {
    // Only names of more than 255 bytes are refused.
    if let Ok(name) = name.try_into() {
        table.insert(name, value);
    }
}

fn lost(error: impl std::fmt::Display) -> BrokerError {
    BrokerError::Lost(error.to_string())
}

/// Why the broker closed something, once it has said so.
#[derive(Clone, Debug, Default)]
struct Reason(Arc<Mutex<Option<(u16, String)>>>);

impl Reason {
    fn set(&self, code: u16, text: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, text.to_owned()));
    }

    fn get(&self) -> Option<(u16, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Hears what the broker says of its own accord.
#[derive(Clone)]
struct Ear {
    events: UnboundedSender<Event>,
    reason: Reason,
}

impl Ear {
    fn pass_on(&self, event: Event) {
        // A link without a relay has nobody to tell.
        drop(self.events.send(event));
    }
}

type Heard<T> = Result<T, Error>;

#[async_trait]
impl ConnectionCallback for Ear {
    async fn close(&mut self, _: &Connection, close: Close) -> Heard<()> {
        self.reason.set(close.reply_code(), close.reply_text());
        Ok(())
    }
    async fn blocked(&mut self, _: &Connection, _: String) {}
    async fn unblocked(&mut self, _: &Connection) {}
    async fn secret_updated(&mut self, _: &Connection) {}
}

#[async_trait]
impl ChannelCallback for Ear {
    async fn close(&mut self, _: &Channel, close: CloseChannel) -> Heard<()> {
        self.reason.set(close.reply_code(), close.reply_text());
        Ok(())
    }
    async fn cancel(&mut self, _: &Channel, _: Cancel) -> Heard<()> {
        Ok(())
    }
    async fn flow(&mut self, _: &Channel, active: bool) -> Heard<bool> {
        Ok(active)
    }
    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        self.pass_on(Event::Confirmed {
            tag: ack.delivery_tag(),
            multiple: ack.mutiple(),
        });
    }
    async fn publish_nack(&mut self, _: &Channel, nack: Nack) {
        self.pass_on(Event::Refused {
            tag: nack.delivery_tag(),
            multiple: nack.multiple(),
        });
    }
    async fn publish_return(&mut self, _: &Channel, _: Return, _: BasicProperties, _: Vec<u8>) {
        self.pass_on(Event::Returned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brokers_own_words_are_found_in_an_error() {
        let text = "reason: Close(Method { class_id: 10 }, Close { reply_code: 530, reply_text: \
                    ShortStr(34, \"NOT_ALLOWED - vhost nope not found\"), class_id: 10 })";
        assert_eq!(reply_in(text), Some("NOT_ALLOWED - vhost nope not found"));
        assert_eq!(reply_in("peer shutdown"), None);
    }
}
