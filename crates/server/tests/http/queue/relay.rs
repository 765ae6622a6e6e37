//! What the server tells the broker.

use reqwest::StatusCode;
use serde_json::json;
use usher_service::outbox::BrokerError;

use super::broker::with_broker;
use super::place::{OtherWorker, announcing, anybody, count};
use crate::support::{Answer, PASSWORD, TestServer, until};

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_message_is_the_id_of_a_mail_and_nothing_else() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let body = json!({"email": "canary@example.org", "username": "canary", "password": PASSWORD});
        let answer = server.post("/auth/register", &body).send().await.unwrap();
        answer.expect(StatusCode::CREATED).await;
        until("the broker has confirmed", async || {
            count(&server.usher, "confirmed") == 1
        })
        .await;
        let message = own.look().await.expect("a message");
        let worker = OtherWorker::start(&server, &settings).await;
        let sent = server.mails_to("canary@example.org").await;
        assert_eq!(sent.len(), 1);
        // A mail's Message-ID begins with its id in the outbox.
        let id = sent[0].headers["message-id"].clone();
        assert!(id.contains(&message.payload), "{id}: {}", message.payload);
        assert_eq!(message.payload.len(), 36);
        let properties = message.properties;
        assert_eq!(
            properties.delivery_mode(),
            Some(2),
            "it survives a restart of the broker"
        );
        assert!(properties.headers().is_none() && properties.message_id().is_none());
        worker.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_every_kind_of_mail_is_announced() {
    with_broker(|own| async move {
        let settings = own.settings(&[]);
        let server = announcing(&settings).await;
        let worker = OtherWorker::start(&server, &settings).await.receiving().await;
        let (token, id) = server.signed_in("user@example.org").await;
        let change = json!({"email": "new@example.org", "current_password": PASSWORD});
        let request = server.request(reqwest::Method::PATCH, &format!("/users/{id}"));
        let answer = request.bearer_auth(&token).json(&change).send().await.unwrap();
        answer.expect(StatusCode::OK).await;
        let code = server.code("new@example.org").await;
        let body = json!({"email": "new@example.org", "verification_code": code});
        server.post("/auth/verify", &body).send().await.unwrap();
        server.settle().await;
        let sent = server.mailbox.list().len() as u64;
        assert!(sent >= 3, "{sent}");
        until("all were announced", async || {
            count(&server.usher, "confirmed") == sent
        })
        .await;
        assert_eq!(worker.count("consumed"), sent);
        worker.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t44_a_queue_with_other_properties_is_named_and_mail_leaves_all_the_same() {
    with_broker(|own| async move {
        own.spoil().await;
        let error = own.broker().check().await.unwrap_err();
        assert!(
            matches!(&error, BrokerError::Mismatch { queue, .. } if *queue == own.queue),
            "{error}"
        );
        let settings = own.settings(&[("USHER_QUEUE__EMBEDDED", "true")]);
        let server = TestServer::with(&settings).await;
        server.account(&anybody()).await;
        assert!(!server.usher.broker.relay_is_up() && !server.usher.broker.consumer_is_up());
    })
    .await;
}
