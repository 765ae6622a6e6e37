//! What happens to mail while the broker, or its queue, is not there.

use std::time::Duration;

use super::broker::with_broker;
use super::place::{OtherWorker, announcing, anybody, count};
use crate::support::{TestServer, until};

/// Nobody listens there.
const NO_BROKER: [(&str, &str); 4] = [
    ("USHER_QUEUE__BROKER", "amqp"),
    ("USHER_QUEUE__URL", "amqp://127.0.0.1:1"),
    ("USHER_MAIL__TRANSPORT", "file"),
    ("USHER_LIMITS__ENABLED", "false"),
];

#[tokio::test(flavor = "multi_thread")]
async fn t44_without_a_broker_the_server_sends_mail_itself() {
    let server = TestServer::with(&NO_BROKER).await;
    for _ in 0..3 {
        server.account(&anybody()).await;
    }
    assert_eq!(count(&server.usher, "published"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t44_without_a_broker_workers_find_mail_in_the_outbox() {
    let mut settings = NO_BROKER.to_vec();
    settings.push(("USHER_QUEUE__EMBEDDED", "false"));
    let server = TestServer::with(&settings).await;
    let email = anybody();
    server.register(&email).await;
    let worker = OtherWorker::start(&server, &settings).await;
    assert_eq!(server.mails_to(&email).await.len(), 1);
    server.account(&anybody()).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_without_broker_and_embedded_worker_mail_waits_for_a_worker() {
    let settings = [
        ("USHER_QUEUE__EMBEDDED", "false"),
        ("USHER_MAIL__TRANSPORT", "file"),
    ];
    let server = TestServer::with(&settings).await;
    let email = anybody();
    server.register(&email).await;
    let depth = usher_store::outbox::depth(&server.usher.db).await.unwrap();
    assert_eq!((depth.waiting, depth.leased), (1, 0));
    let worker = OtherWorker::start(&server, &settings).await;
    assert_eq!(server.mails_to(&email).await.len(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t44_a_deleted_queue_is_made_again_and_nothing_is_lost() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let worker = OtherWorker::start(&server, &settings).await.receiving().await;
        own.delete(&own.queue).await;
        let email = anybody();
        server.register(&email).await;
        // By then the broker has had its time to tell.
        server.advance(Duration::from_secs(1));
        assert_eq!(server.mails_to(&email).await.len(), 1);
        until("the queue is there again, with its worker", async || {
            own.depth(&own.queue).await == Some((0, 1)) && server.usher.broker.relay_is_up()
        })
        .await;
        let before = worker.count("consumed");
        server.account(&anybody()).await;
        until("mail is announced again", async || {
            worker.count("consumed") > before
        })
        .await;
        worker.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t44_a_message_without_a_queue_counts_as_not_announced() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        own.delete(&own.queue).await;
        server.register(&anybody()).await;
        until("it came back", async || count(&server.usher, "returned") == 1).await;
        until("the queue is there again", async || {
            own.depth(&own.queue).await.is_some()
        })
        .await;
    })
    .await;
}
