//! How a body is read: by its type, up to its size, and by nothing else.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::talk::{Talk, sample};
use crate::support::TestServer;

/// Every path that takes JSON, aliases too, less those where a form is the page's own.
const JSON_PATHS: [&str; 7] = [
    "/auth/register",
    "/auth/verify",
    "/auth/login",
    "/auth/refresh",
    "/auth/activate",
    "/sessions/terminate",
    "/users",
];

fn post(
    server: &TestServer,
    path: &str,
    kind: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> RequestBuilder {
    let request = server.request(Method::POST, path).body(body);
    match kind {
        Some(kind) => request.header("content-type", kind),
        None => request,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_say_what_it_is_is_json() {
    let server = TestServer::start().await;
    for (index, path) in ["/register", "/auth/register"].into_iter().enumerate() {
        let body = sample(&format!("user{index}@example.com")).to_string();
        post(&server, path, None, body).gives(201).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_json_is_json() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
    ] {
        post(
            &server,
            "/login",
            Some(kind),
            sample("user@example.com").to_string(),
        )
        .gives(200)
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_multipart_and_forms_are_not_taken_for_json() {
    let server = TestServer::start().await;
    let body = sample("user@example.com").to_string();
    let form = "application/x-www-form-urlencoded";
    for path in JSON_PATHS {
        for kind in [
            "text/plain",
            "multipart/form-data; boundary=x",
            form,
            "text/json",
            "nonsense",
        ] {
            let refused = post(&server, path, Some(kind), body.clone()).refuses(415).await;
            assert_eq!(refused, "unsupported_media_type", "{path} {kind}");
        }
    }
    for path in ["/register", "/login", "/verify"] {
        for kind in ["text/plain", "multipart/form-data; boundary=x"] {
            let refused = post(&server, path, Some(kind), body.clone()).refuses(415).await;
            assert_eq!(refused, "unsupported_media_type", "{path} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_larger_than_any_honest_one_is_refused() {
    let server = TestServer::start().await;
    let body = json!({"email": "user@example.com", "password": "x".repeat(40_000)}).to_string();
    for path in ["/register", "/auth/login"] {
        let refused = post(&server, path, Some("application/json"), body.clone())
            .refuses(413)
            .await;
        assert_eq!(refused, "body_too_large", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_invalid_input() {
    let server = TestServer::start().await;
    for body in [
        "{",
        "[]",
        "\"text\"",
        "null",
        "{} {}",
        "{\"email\": 5, \"password\": \"Password123\"}",
    ] {
        let refused = post(&server, "/auth/login", None, body).refuses(422).await;
        assert_eq!(refused, "invalid_input", "{body}");
    }
    let twice = r#"{"email":"a@example.com","email":"b@example.com","password":"Password123"}"#;
    let problem = post(&server, "/auth/register", None, twice).problem(422).await;
    assert_eq!(problem["errors"][0]["field"], "email");
    let both = r#"{"email":"a@example.com","user":"a","name":"b","password":"Password123"}"#;
    post(&server, "/auth/register", None, both).problem(422).await;
}
