//! What a worker does with the broker's messages.

use std::collections::BTreeMap;
use std::time::Duration;

use super::broker::with_broker;
use super::place::{OtherWorker, announcing, anybody};
use super::sink::Sink;
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn t44_a_message_is_settled_only_after_the_mail_server_took_the_mail() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let sink = Sink::slow().await;
        let first = OtherWorker::sending_to(&server, &settings, &sink)
            .await
            .receiving()
            .await;
        server.register("user@example.org").await;
        until("the mail is under way", async || sink.heard() == 1).await;
        assert_eq!(
            own.depth(&own.queue).await,
            Some((0, 1)),
            "the worker holds the message"
        );
        first.kill();
        until("the broker has it again", async || {
            own.depth(&own.queue).await == Some((1, 0))
        })
        .await;
        let second = OtherWorker::start(&server, &settings).await.receiving().await;
        until("another worker is told", async || {
            second.count("redelivered") == 1
        })
        .await;
        until("the queue is empty", async || {
            own.depth(&own.queue).await == Some((0, 1))
        })
        .await;
        assert!(
            server.mailbox.list().is_empty(),
            "the lease is still the dead worker's"
        );
        server
            .clock
            .set(usher_accounts::time::Clock::now(&*server.clock) + Duration::from_secs(61));
        second.usher.bell.notify_one();
        until("the mail is sent", async || server.mailbox.list().len() == 1).await;
        assert_eq!(sink.taken(), 0);
        second.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_worker_that_stops_finishes_what_it_holds_and_leaves_the_rest() {
    with_broker(|own| async move {
        let settings = own.settings(&[("USHER_QUEUE__PREFETCH", "2")]);
        let server = announcing(&settings).await;
        let sink = Sink::slow().await;
        let worker = OtherWorker::sending_to(&server, &settings, &sink)
            .await
            .receiving()
            .await;
        for _ in 0..4 {
            server.register(&anybody()).await;
        }
        // What the broker has just been told of is left to it by whoever looks.
        worker.usher.bell.notify_one();
        until("its hands are full", async || sink.heard() >= 2).await;
        until("the rest waits", async || {
            own.depth(&own.queue).await == Some((2, 1))
        })
        .await;
        let stopping = tokio::spawn(worker.stop());
        until("it receives no more", async || {
            own.depth(&own.queue).await == Some((2, 0))
        })
        .await;
        assert!(!stopping.is_finished());
        sink.let_go();
        stopping.await.unwrap();
        assert_eq!(
            own.depth(&own.queue).await,
            Some((2, 0)),
            "what was sent is settled"
        );
        assert_eq!(sink.taken(), sink.heard());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t42_what_is_no_id_is_put_aside_and_what_is_nobodys_is_dropped() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let worker = OtherWorker::start(&server, &settings).await.receiving().await;
        let poison = ["", "{\"mail\":1}", "not the id of any mail, though as long"];
        for payload in poison.into_iter().chain(["01890a5d-ac96-774b-bcce-b302099a8057"]) {
            own.publish(payload).await;
        }
        let email = anybody();
        server.register(&email).await;
        assert_eq!(server.mails_to(&email).await.len(), 1);
        until("they lie apart", async || {
            own.depth(&own.dead()).await == Some((3, 0))
        })
        .await;
        until("nothing is left", async || {
            own.depth(&own.queue).await == Some((0, 1))
        })
        .await;
        assert_eq!(own.take(&own.dead()).await.as_deref(), Some(poison[0]));
        assert_eq!((worker.count("dead_lettered"), worker.count("consumed")), (3, 5));
        worker.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_workers_that_are_told_twice_send_once() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let mut emails = Vec::new();
        for _ in 0..12 {
            emails.push(anybody());
            server.register(emails.last().unwrap()).await;
        }
        until("all are announced", async || {
            own.depth(&own.queue).await == Some((12, 0))
        })
        .await;
        for _ in 0..12 {
            let id = own.take(&own.queue).await.unwrap();
            for _ in 0..3 {
                own.publish(&id).await;
            }
        }
        let mut workers = Vec::new();
        for _ in 0..3 {
            workers.push(OtherWorker::start(&server, &settings).await);
        }
        server.settle().await;
        until("nothing is left", async || {
            own.depth(&own.queue).await == Some((0, 3))
        })
        .await;
        for worker in workers {
            worker.stop().await;
        }
        let mut mails = BTreeMap::<String, usize>::new();
        for mail in server.mailbox.list() {
            *mails.entry(mail.to[0].address.clone()).or_default() += 1;
        }
        assert_eq!(mails.len(), 12);
        assert!(mails.values().all(|count| *count == 1), "{mails:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_queue_that_is_kept_by_majority_serves_as_well() {
    with_broker(|own| async move {
        // Made as it usually is, when the broker was looked for.
        own.delete(&own.queue).await;
        own.delete(&own.dead()).await;
        let settings = own.settings(&[("USHER_QUEUE__KIND", "quorum")]);
        let server = announcing(&settings).await;
        let first = OtherWorker::start(&server, &settings).await.receiving().await;
        own.publish("not the id of any mail").await;
        server.register(&anybody()).await;
        until("the first worker is told", async || first.count("consumed") == 2).await;
        until("what is no id lies apart", async || {
            own.depth(&own.dead()).await == Some((1, 0))
        })
        .await;
        first.stop().await;
        let email = anybody();
        server.register(&email).await;
        until("the queue keeps it", async || {
            own.depth(&own.queue).await == Some((1, 0))
        })
        .await;
        let second = OtherWorker::start(&server, &settings).await;
        assert_eq!(server.mails_to(&email).await.len(), 1);
        until("nothing is left", async || {
            own.depth(&own.queue).await == Some((0, 1))
        })
        .await;
        second.stop().await;
    })
    .await;
}
