//! A code lives exactly its time, counted from the moment the mail server took it.

use std::time::Duration;

use serde_json::json;
use usher_mail::{SendError, Stage};

use super::talk::{Talk, verify};
use crate::support::{PASSWORD, TestServer};

const ALMOST: Duration = Duration::from_millis(59_900);
const REST: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn m07_a_code_is_good_until_its_minute_is_over() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    server.advance(ALMOST);
    verify(&server, "user@example.com", &code).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_a_code_older_than_its_minute_says_expired_on_every_way() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let link = server.link("user@example.com").await;
    server.advance(ALMOST + REST);
    let problem = verify(&server, "user@example.com", &code).problem(400).await;
    assert_eq!(problem["code"], "code_expired");
    assert_eq!(problem["detail"], "This code has expired. Ask for a new one.");
    let basic = server.post("/auth/activate", &json!({"code": code}));
    let basic = basic.basic_auth("user@example.com", Some(PASSWORD));
    assert_eq!(basic.refuses(400).await, "code_expired");
    assert_eq!(
        server.post(&link, &json!({"code": code})).refuses(400).await,
        "code_expired"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_the_life_of_a_code_is_a_setting() {
    let server = TestServer::with(&[("USHER_VERIFICATION__CODE_TTL", "2s")]).await;
    for (email, wait, status) in [("in@example.com", 1_999, 200), ("out@example.com", 2_000, 400)] {
        server.register(email).await;
        let code = server.code(email).await;
        server.advance(Duration::from_millis(wait));
        assert_eq!(
            verify(&server, email, &code).answer().await.status(),
            status,
            "{email}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_a_new_code_can_be_had_after_the_old_one_has_expired() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let old = server.code("user@example.com").await;
    server.advance(Duration::from_hours(3));
    assert_eq!(
        verify(&server, "user@example.com", &old).refuses(400).await,
        "code_expired"
    );
    server
        .post("/auth/resend", &json!({"email": "user@example.com"}))
        .gives(202)
        .await;
    let new = server.code("user@example.com").await;
    server.advance(ALMOST);
    verify(&server, "user@example.com", &new).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_the_code_before_keeps_its_own_minute_after_a_resend() {
    for (wait, status) in [(29_900, 200), (30_000, 400)] {
        let server = TestServer::start().await;
        server.register("user@example.com").await;
        let first = server.code("user@example.com").await;
        server.advance(Duration::from_secs(30));
        server
            .post("/auth/resend", &json!({"email": "user@example.com"}))
            .gives(202)
            .await;
        assert_ne!(server.code("user@example.com").await, first);
        server.advance(Duration::from_millis(wait));
        let answer = verify(&server, "user@example.com", &first).answer().await;
        assert_eq!(answer.status(), status, "{wait} ms after the resend");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t35_m07_a_mail_that_had_to_wait_brings_a_whole_minute() {
    for (wait, status) in [(59_900, 200), (60_000, 400)] {
        let server = TestServer::start().await;
        server
            .mailbox
            .set_outage(Some(SendError::transient(Stage::Tcp, "down")));
        server.register("user@example.com").await;
        for _ in 0..4 {
            server.settle().await;
            server.advance(Duration::from_mins(1));
        }
        server.settle().await;
        server.mailbox.set_outage(None);
        server.advance(Duration::from_mins(2));
        let code = server.code("user@example.com").await;
        server.advance(Duration::from_millis(wait));
        let answer = verify(&server, "user@example.com", &code).answer().await;
        assert_eq!(answer.status(), status, "{wait} ms after it was taken");
    }
}
