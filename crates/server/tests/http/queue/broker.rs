//! A queue of a test's own on a real broker, seen from outside; it is gone afterwards.

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use amqprs::BasicProperties;
use amqprs::callbacks::{DefaultChannelCallback, DefaultConnectionCallback};
use amqprs::channel::{
    BasicAckArguments, BasicGetArguments, BasicNackArguments, BasicPublishArguments, Channel,
    QueueDeclareArguments, QueueDeleteArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use tokio::task::{LocalSet, spawn_local};
use usher_service::outbox::{Broker, BrokerAddress, QueueKind};

const VARIABLE: &str = "USHER_TEST_AMQP";
/// Where a broker usually is when nobody says.
const USUAL: &str = "amqp://guest:guest@127.0.0.1:5672";

/// A queue nobody else uses.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) url: String,
    pub(super) queue: String,
}

/// A message as it lies in the queue.
pub(super) struct Message {
    pub(super) payload: String,
    pub(super) properties: BasicProperties,
}

/// Checks a promise with a queue of its own; says so in one line where there is no broker.
pub(super) async fn with_broker<F>(promise: impl FnOnce(Own) -> F)
where
    F: Future<Output = ()> + 'static,
{
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let named = std::env::var(VARIABLE).ok();
    let own = Own {
        url: named.clone().unwrap_or_else(|| USUAL.to_owned()),
        queue: format!(
            "usher.test.{}.{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        ),
    };
    if let Err(reason) = own.broker().check().await {
        assert!(named.is_none(), "the broker named by {VARIABLE}: {reason}");
        say_not_tested(&reason.to_string());
        return;
    }
    // A task of its own, so that the queue goes whatever comes of the promise.
    let room = LocalSet::new();
    let checked = room
        .run_until(async { spawn_local(promise(own.clone())).await })
        .await;
    own.delete(&own.queue).await;
    own.delete(&own.dead()).await;
    if let Err(broken) = checked {
        std::panic::resume_unwind(broken.into_panic());
    }
}

/// Past the capture of the test harness: a promise that was not checked is never passed over in silence.
fn say_not_tested(reason: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = format!("not tested with RabbitMQ: {reason} (set {VARIABLE} to a broker)\n");
        drop(std::io::stderr().write_all(line.as_bytes()));
    });
}

impl Own {
    /// The settings of a program that uses it, mail sent by whoever a test starts.
    pub(super) fn settings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut settings = vec![
            ("USHER_QUEUE__BROKER", "amqp"),
            ("USHER_QUEUE__URL", self.url.as_str()),
            ("USHER_QUEUE__NAME", self.queue.as_str()),
            ("USHER_QUEUE__EMBEDDED", "false"),
            ("USHER_MAIL__TRANSPORT", "file"),
            ("USHER_LIMITS__ENABLED", "false"),
        ];
        settings.extend_from_slice(more);
        settings
    }

    pub(super) fn broker(&self) -> Broker {
        let address: BrokerAddress = self.url.parse().unwrap();
        Broker::new(address, &self.queue, QueueKind::Durable, 1)
    }

    pub(super) fn dead(&self) -> String {
        format!("{}.dead", self.queue)
    }

    /// Messages that nobody holds, and consumers. `None` when there is no such queue.
    pub(super) async fn depth(&self, queue: &str) -> Option<(u32, u32)> {
        let declared = self
            .ask(async |channel| {
                channel
                    .queue_declare(QueueDeclareArguments::new(queue).passive(true).finish())
                    .await
                    .ok()
            })
            .await;
        declared
            .flatten()
            .map(|(_, messages, consumers)| (messages, consumers))
    }

    /// The first message, which stays in the queue.
    pub(super) async fn look(&self) -> Option<Message> {
        self.ask(async |channel| {
            let got = channel
                .basic_get(BasicGetArguments::new(&self.queue))
                .await
                .unwrap();
            let (head, properties, payload) = got?;
            let back = BasicNackArguments::new(head.delivery_tag(), false, true);
            channel.basic_nack(back).await.unwrap();
            Some(Message {
                payload: String::from_utf8(payload).unwrap(),
                properties,
            })
        })
        .await
    }

    /// Takes the first message away.
    pub(super) async fn take(&self, queue: &str) -> Option<String> {
        self.ask(async |channel| {
            let got = channel.basic_get(BasicGetArguments::new(queue)).await.unwrap();
            let (head, _, payload) = got?;
            let done = BasicAckArguments::new(head.delivery_tag(), false);
            channel.basic_ack(done).await.unwrap();
            Some(String::from_utf8(payload).unwrap())
        })
        .await
    }

    pub(super) async fn publish(&self, payload: &str) {
        self.ask(async |channel| {
            let to = BasicPublishArguments::new("", &self.queue);
            let content = payload.as_bytes().to_vec();
            channel
                .basic_publish(BasicProperties::default(), content, to)
                .await
                .unwrap();
        })
        .await;
    }

    /// A queue of this name that is not as it should be.
    pub(super) async fn spoil(&self) {
        self.delete(&self.queue).await;
        self.ask(async |channel| {
            let other = QueueDeclareArguments::new(&self.queue).durable(false).finish();
            channel.queue_declare(other).await.unwrap();
        })
        .await;
    }

    pub(super) async fn delete(&self, queue: &str) {
        self.ask(async |channel| {
            channel
                .queue_delete(QueueDeleteArguments::new(queue))
                .await
                .unwrap();
        })
        .await;
    }

    async fn ask<T>(&self, question: impl AsyncFnOnce(&Channel) -> T) -> T {
        let url = url_of(&self.url);
        let connection = Connection::open(&url).await.unwrap();
        connection
            .register_callback(DefaultConnectionCallback)
            .await
            .unwrap();
        let channel = connection.open_channel(None).await.unwrap();
        channel.register_callback(DefaultChannelCallback).await.unwrap();
        let answer = question(&channel).await;
        drop(channel.close().await);
        drop(connection.close().await);
        answer
    }
}

fn url_of(text: &str) -> OpenConnectionArguments {
    let url: reqwest::Url = text.parse().unwrap();
    let mut arguments = OpenConnectionArguments::new(
        url.host_str().unwrap(),
        url.port().unwrap_or(5672),
        url.username(),
        url.password().unwrap_or_default(),
    );
    let vhost = url.path().trim_start_matches('/').replace("%2F", "/");
    if !vhost.is_empty() {
        arguments.virtual_host(&vhost);
    }
    arguments
}
