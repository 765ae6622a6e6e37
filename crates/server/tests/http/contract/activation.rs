//! Activating by address, password and code.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::talk::{Talk, header, other_than};
use crate::support::{PASSWORD, TestServer};

fn activate(server: &TestServer, password: &str, code: &str) -> RequestBuilder {
    let request = server.post("/auth/activate", &json!({"code": code}));
    request.basic_auth("user@example.com", Some(password))
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_basic_and_a_code_activate_by_post_and_by_patch() {
    let server = TestServer::start().await;
    for (method, email) in [
        (Method::POST, "post@example.com"),
        (Method::PATCH, "patch@example.com"),
    ] {
        server.register(email).await;
        let body = json!({"code": server.code(email).await});
        let request = server.request(method, "/auth/activate").json(&body);
        let done = request.basic_auth(email, Some(PASSWORD)).gives(200).await;
        assert_eq!(
            done["message"],
            "Email verified successfully. Registration completed."
        );
        assert_eq!(server.login(email).await["user"]["is_verified"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_without_basic_nobody_is_activated() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let answer = server
        .post("/auth/activate", &json!({"code": code}))
        .answer()
        .await;
    assert!(!header(&answer, "www-authenticate").is_empty());
    let refused = server
        .post("/auth/activate", &json!({"code": code}))
        .refuses(401)
        .await;
    assert_eq!(refused, "not_authenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_a_wrong_password_and_a_wrong_code_are_told_apart_only_by_the_right_password() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let wrong = other_than(&code);
    assert_eq!(
        activate(&server, "Password124", &code).refuses(401).await,
        "invalid_credentials"
    );
    assert_eq!(
        activate(&server, "Password124", &wrong).refuses(401).await,
        "invalid_credentials"
    );
    assert_eq!(
        activate(&server, PASSWORD, &wrong).refuses(400).await,
        "code_invalid"
    );
    activate(&server, PASSWORD, &code).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_the_password_says_which_of_two_registrations_is_meant() {
    let server = TestServer::start().await;
    let first = server.register("user@example.com").await["id"].clone();
    let code = server.code("user@example.com").await;
    let body = json!({"email": "user@example.com", "password": "Password124"});
    server.post("/auth/register", &body).gives(201).await;
    server.settle().await;
    activate(&server, PASSWORD, &code).gives(200).await;
    assert_eq!(server.login("user@example.com").await["user"]["id"], first);
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_whoever_is_verified_hears_so() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    assert_eq!(
        activate(&server, PASSWORD, "1234").refuses(409).await,
        "already_verified"
    );
    assert_eq!(
        activate(&server, "Password124", "1234").refuses(401).await,
        "invalid_credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_a_code_that_is_missing_is_named() {
    let server = TestServer::start().await;
    let request = server.post("/auth/activate", &json!({}));
    let problem = request
        .basic_auth("user@example.com", Some(PASSWORD))
        .problem(422)
        .await;
    assert_eq!(problem["errors"][0]["field"], "code");
}
