//! Refusals that pass: too many attempts, and a server that cannot answer now.

use std::time::Duration;

use serde_json::json;

use super::talk::{Talk, header, other_than, sample, verify};
use crate::support::{PASSWORD, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn m25_too_many_wrong_passwords_say_when_to_try_again() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let wrong = json!({"email": "user@example.com", "password": "Password124"});
    for path in ["/login", "/auth/login"].repeat(5) {
        assert_eq!(
            server.post(path, &wrong).refuses(401).await,
            "invalid_credentials"
        );
    }
    let answer = server.post("/login", &sample("user@example.com")).answer().await;
    assert_eq!(
        header(&answer, "retry-after"),
        "900",
        "one budget over all aliases"
    );
    let refused = server
        .post("/auth/login", &sample("user@example.com"))
        .refuses(429)
        .await;
    assert_eq!(refused, "too_many_requests");
    server.advance(Duration::from_mins(15));
    server.login("user@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_an_unknown_address_is_slowed_down_like_a_known_one() {
    let server = TestServer::start().await;
    for _ in 0..10 {
        server
            .post("/login", &sample("nobody@example.com"))
            .refuses(401)
            .await;
    }
    let answer = server
        .post("/login", &sample("nobody@example.com"))
        .answer()
        .await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "retry-after").as_str()),
        (429, "900")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_registrations_of_one_source_run_out() {
    let server = TestServer::with(&[("USHER_LIMITS__REGISTRATIONS_PER_SOURCE", "2")]).await;
    for (path, email) in [
        ("/register", "one@example.com"),
        ("/auth/register", "two@example.com"),
    ] {
        server.post(path, &sample(email)).gives(201).await;
    }
    let answer = server
        .post("/register", &sample("three@example.com"))
        .answer()
        .await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "retry-after").as_str()),
        (429, "600")
    );
    server.advance(Duration::from_mins(10));
    server.register("three@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_too_many_wrong_codes_close_codes_but_not_the_link() {
    let server = TestServer::with(&[
        ("USHER_VERIFICATION__ATTEMPTS", "10"),
        ("USHER_LIMITS__CODE_FAILURES_PER_ADDRESS", "4"),
    ])
    .await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    for _ in 0..4 {
        verify(&server, "user@example.com", &other_than(&code))
            .refuses(400)
            .await;
    }
    let answer = verify(&server, "user@example.com", &code).answer().await;
    assert_eq!(answer.status(), 429);
    let seconds: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    let link = server.link("user@example.com").await;
    server
        .post(&link, &json!({"password": PASSWORD}))
        .gives(200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_the_wait_for_closed_codes_is_the_rest_of_their_window() {
    let server = TestServer::with(&[("USHER_LIMITS__CODE_FAILURES_PER_ADDRESS", "1")]).await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &other_than(&code))
        .refuses(400)
        .await;
    server.advance(Duration::from_hours(23));
    let answer = verify(&server, "user@example.com", &code).answer().await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "retry-after").as_str()),
        (429, "3600")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m25_limits_can_be_switched_off() {
    let server = TestServer::with(&[("USHER_LIMITS__ENABLED", "false")]).await;
    for _ in 0..12 {
        server
            .post("/login", &sample("nobody@example.com"))
            .refuses(401)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_a_database_that_does_not_answer_is_busy_never_a_wrong_password() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    server.advance(Duration::from_secs(1));
    server.usher.db.close().await;
    let requests = [
        server.post("/auth/login", &sample("user@example.com")),
        server.post("/auth/register", &sample("new@example.com")),
        verify(&server, "user@example.com", "1234"),
        server.get("/auth/me").bearer_auth(&token),
    ];
    for request in requests {
        let copy = request.try_clone().unwrap();
        let answer = request.answer().await;
        let seconds: u64 = header(&answer, "retry-after").parse().unwrap();
        assert!(seconds >= 1);
        assert_eq!(copy.refuses(503).await, "busy");
    }
}
