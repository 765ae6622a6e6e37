//! T19: bodies, heads and passwords that are too large.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::client::{Sent, Wire, written};
use crate::support::{Answer, TestServer};

const EMAIL: &str = "owner@example.org";

/// The status of an answer to a body of some size.
async fn sized(server: &TestServer, path: &str, body: String) -> Response {
    server.request(Method::POST, path).body(body).answer().await
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_what_is_too_large_is_refused_before_it_is_read_or_hashed() {
    let server = TestServer::start().await;
    let huge = "x".repeat(1 << 20);
    for path in [
        "/auth/register",
        "/auth/login",
        "/auth/verify",
        "/auth/refresh",
        "/auth/resend",
    ] {
        let body = json!({"email": EMAIL, "password": huge, "code": "1234"}).to_string();
        assert_eq!(
            sized(&server, path, body).await.refused(413).await,
            "body_too_large",
            "{path}"
        );
    }
    let long = json!({"email": EMAIL, "password": "x".repeat(1_025)}).to_string();
    for path in ["/auth/register", "/auth/login"] {
        assert_eq!(
            sized(&server, path, long.clone()).await.refused(422).await,
            "invalid_input",
            "{path}"
        );
    }
    let most = json!({"email": EMAIL, "password": "\u{6F22}".repeat(1_024)}).to_string();
    assert_eq!(
        sized(&server, "/auth/register", most).await.status(),
        StatusCode::CREATED
    );
    let token = server
        .get("/auth/me")
        .bearer_auth("x".repeat(20_000))
        .answer()
        .await;
    assert_eq!(token.refused(401).await, "not_authenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_a_body_without_an_end_is_cut_off() {
    let server = TestServer::start().await;
    let mut wire = Wire::to(&server).await;
    wire.send("POST /auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let mut taken = 0;
    while taken < 4_000 && wire.try_send(&chunk).await {
        taken += 1;
    }
    assert!(taken < 4_000, "16 MiB were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_a_head_that_is_too_large_refusal() {
    let server = TestServer::start().await;
    let mut wire = Wire::to(&server).await;
    let lines = format!("x: {}\r\n", "y".repeat(64 * 1024));
    wire.try_send(written("GET", "/health", &lines, "")).await;
    let answer = wire.rest_of_a_moment().await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    assert_eq!(server.get("/health").answer().await.status(), StatusCode::OK);
}
