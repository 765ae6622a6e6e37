//! Connections that are kept between mails, and what happens when the provider does not keep them.

use usher_mail::{Failure, Provider, Stage};

use super::http;
use super::server::{Act, Server};
use crate::mail;

const TAKEN: Act = Act::Answer(200, "", r#"{"id": "1"}"#);

#[tokio::test]
async fn several_mails_share_one_connection_and_a_check_uses_it_too() {
    let server = Server::start([]).await;
    let http = http(Provider::Resend, &server);
    http.check().await.expect("reachable");
    for number in 0..10 {
        http.send(&mail(number)).await.expect("sent");
    }
    http.check().await.expect("still reachable");
    assert_eq!((server.connections(), server.requests().len()), (1, 10));
}

#[tokio::test]
async fn t14_a_kept_connection_that_was_closed_fails_no_mail() {
    for act in [Act::Close, Act::Reset] {
        let server = Server::start([TAKEN, act]).await;
        let http = http(Provider::Resend, &server);
        http.send(&mail(1)).await.expect("the first");
        http.send(&mail(2)).await.expect("over a fresh connection");
        assert_eq!(server.connections(), 2, "{act:?}");
        let keys: Vec<_> = server
            .requests()
            .iter()
            .map(|seen| seen.header("idempotency-key").map(str::to_owned))
            .collect();
        assert_eq!(
            keys[1], keys[2],
            "one dispatch has one key, however often it is sent"
        );
    }
}

#[tokio::test]
async fn t14_a_provider_that_hangs_up_after_each_mail_fails_none() {
    let server = Server::start([Act::TakeAndClose, Act::TakeAndClose, Act::TakeAndClose]).await;
    let http = http(Provider::Mailgun, &server);
    for number in 1..=3 {
        http.send(&mail(number)).await.expect("sent");
    }
    assert_eq!(server.taken(), 3);
}

#[tokio::test]
async fn a_refusal_on_a_kept_connection_is_a_refusal() {
    let server = Server::start([TAKEN, Act::Answer(503, "", "")]).await;
    let http = http(Provider::Resend, &server);
    http.send(&mail(1)).await.expect("the first");
    let error = http.send(&mail(2)).await.expect_err("busy");
    assert_eq!((error.kind, error.stage), (Failure::Transient, Stage::Data));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let endless = Act::Babble("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{\"id\": 1");
    let server = Server::start([endless]).await;
    let error = http(Provider::Resend, &server)
        .send(&mail(1))
        .await
        .expect_err("no whole answer");
    assert_eq!((error.kind, error.stage), (Failure::Transient, Stage::Data));
    assert_eq!(error.detail, "the answer breaks off");
}
