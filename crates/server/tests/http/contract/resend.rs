//! Another mail: always the same answer, whoever asks and whatever comes of it.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::json;

use super::talk::{Talk, cookie, handle, sample};
use crate::support::{PASSWORD, TestServer, text};

fn ask(server: &TestServer, email: &str) -> RequestBuilder {
    server.post("/auth/resend", &json!({"email": email}))
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_the_answer_is_the_same_for_everybody() {
    let server = TestServer::start().await;
    server.account("owner@example.com").await;
    server.register("pending@example.com").await;
    let mut answers = Vec::new();
    for email in [
        "nobody@example.com",
        "owner@example.com",
        "pending@example.com",
        "pending@example.com",
    ] {
        let answer = ask(&server, email).answer().await;
        assert_eq!(answer.status(), 202);
        answers.push(answer.text().await.unwrap());
    }
    let basic = server.request(reqwest::Method::POST, "/auth/resend");
    let answer = basic
        .basic_auth("pending@example.com", Some("Password124"))
        .answer()
        .await;
    assert_eq!(answer.status(), 202);
    answers.push(answer.text().await.unwrap());
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_each_way_of_asking_brings_a_mail() {
    let server = TestServer::with(&[("USHER_LIMITS__ENABLED", "false")]).await;
    let registered = server
        .post("/auth/register", &sample("user@example.com"))
        .answer()
        .await;
    let jar = cookie(&registered, "usher_registration");
    let body: serde_json::Value = registered.json().await.unwrap();
    let token = text(&server.login("user@example.com").await["access_token"]);
    let bare = || server.request(reqwest::Method::POST, "/auth/resend");
    let ways = [
        ask(&server, "user@example.com"),
        bare().basic_auth("user@example.com", Some(PASSWORD)),
        server.post("/auth/resend", &json!({"handle": handle(&body)})),
        bare().header("registration-handle", handle(&body)),
        bare()
            .header("cookie", jar)
            .header("sec-fetch-site", "same-origin"),
        bare().bearer_auth(token),
    ];
    // The half minute counts from the mail that registering brings.
    server.settle().await;
    for (index, way) in ways.into_iter().enumerate() {
        server.advance(Duration::from_secs(30));
        way.gives(202).await;
        assert_eq!(
            server.mails_to("user@example.com").await.len(),
            index + 2,
            "way {index}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_too_soon_brings_no_second_mail() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    server.settle().await;
    server.advance(Duration::from_millis(29_999));
    ask(&server, "user@example.com").gives(202).await;
    assert_eq!(server.mails_to("user@example.com").await.len(), 1);
    server.advance(Duration::from_millis(1));
    ask(&server, "user@example.com").gives(202).await;
    assert_eq!(server.mails_to("user@example.com").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_an_address_gets_five_mails_an_hour() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    for _ in 0..8 {
        server.settle().await;
        server.advance(Duration::from_secs(30));
        ask(&server, "user@example.com").gives(202).await;
    }
    assert_eq!(server.mails_to("user@example.com").await.len(), 5);
    server.advance(Duration::from_hours(1));
    ask(&server, "user@example.com").gives(202).await;
    assert_eq!(server.mails_to("user@example.com").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_nothing_to_go_by_is_refused() {
    let server = TestServer::start().await;
    let problem = server.post("/auth/resend", &json!({})).problem(422).await;
    assert_eq!(problem["errors"][0]["field"], "email");
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_what_is_no_address_is_refused_whoever_sends_it() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    let request = ask(&server, "no address");
    let problem = request.bearer_auth(&token).problem(422).await;
    assert_eq!(problem["errors"][0]["field"], "email");
}
