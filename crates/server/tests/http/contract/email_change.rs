//! A new address: pending until its own code is entered.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::talk::{Talk, sample, send, verify};
use crate::support::{PASSWORD, TestServer, text};

fn ask(server: &TestServer, token: &str, id: &str, email: &str) -> RequestBuilder {
    let body = json!({"email": email, "current_password": PASSWORD});
    send(server, &Method::PUT, &format!("/profile/{id}"), token, &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_new_address_waits_for_its_own_code() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    let pending = ask(&server, &token, &id, "new@example.com").gives(200).await;
    assert_eq!(
        (&pending["email"], &pending["pending_email"]),
        (&json!("old@example.com"), &json!("new@example.com"))
    );
    let me = server.get("/auth/me").bearer_auth(&token).gives(200).await;
    assert_eq!(me["pending_email"], "new@example.com");
    assert_eq!(
        server
            .post("/auth/login", &sample("new@example.com"))
            .refuses(401)
            .await,
        "invalid_credentials"
    );
    let code = server.code("new@example.com").await;
    verify(&server, "new@example.com", &code)
        .bearer_auth(&token)
        .gives(200)
        .await;
    let me = server.get("/auth/me").bearer_auth(&token).gives(200).await;
    assert_eq!(
        (&me["id"], &me["email"], me.get("pending_email")),
        (&json!(id), &json!("new@example.com"), None)
    );
    server.login("new@example.com").await;
    assert_eq!(
        server
            .post("/auth/login", &sample("old@example.com"))
            .refuses(401)
            .await,
        "invalid_credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_old_address_is_told_but_not_the_whole_new_one() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    ask(&server, &token, &id, "new@example.com").gives(200).await;
    let code = server.code("new@example.com").await;
    verify(&server, "new@example.com", &code)
        .bearer_auth(&token)
        .gives(200)
        .await;
    let mails = server.mails_to("old@example.com").await;
    let notice = mails
        .iter()
        .find(|mail| mail.subject == "Your e-mail address was changed")
        .unwrap();
    assert!(notice.text.contains("n***@example.com"), "{}", notice.text);
    assert!(!notice.text.contains("new@example.com"), "{}", notice.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_code_is_worth_nothing_to_anybody_else() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    let (stranger, _) = server.signed_in("stranger@example.com").await;
    ask(&server, &token, &id, "new@example.com").gives(200).await;
    let code = server.code("new@example.com").await;
    assert_eq!(
        verify(&server, "new@example.com", &code).refuses(400).await,
        "code_invalid"
    );
    let by_stranger = verify(&server, "new@example.com", &code).bearer_auth(&stranger);
    assert_eq!(by_stranger.refuses(400).await, "code_invalid");
    verify(&server, "new@example.com", &code)
        .bearer_auth(&token)
        .gives(200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_m13_its_code_lives_a_minute_and_can_be_had_again() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    ask(&server, &token, &id, "new@example.com").gives(200).await;
    let code = server.code("new@example.com").await;
    server.advance(Duration::from_mins(1));
    let late = verify(&server, "new@example.com", &code).bearer_auth(&token);
    assert_eq!(late.refuses(400).await, "code_expired");
    let resend = server.request(Method::POST, "/auth/resend").bearer_auth(&token);
    resend.gives(202).await;
    let code = server.code("new@example.com").await;
    verify(&server, "new@example.com", &code)
        .bearer_auth(&token)
        .gives(200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_taken_address_is_refused_when_asked_for_and_when_proven() {
    let server = TestServer::start().await;
    server.account("taken@example.com").await;
    let (token, id) = server.signed_in("old@example.com").await;
    assert_eq!(
        ask(&server, &token, &id, "Taken@example.com").refuses(400).await,
        "email_taken"
    );
    ask(&server, &token, &id, "new@example.com").gives(200).await;
    let code = server.code("new@example.com").await;
    let (admin, _) = server.admin("admin@example.com").await;
    send(
        &server,
        &Method::POST,
        "/users",
        &admin,
        &sample("new@example.com"),
    )
    .gives(201)
    .await;
    let late = verify(&server, "new@example.com", &code).bearer_auth(&token);
    assert_eq!(late.refuses(400).await, "email_taken");
    server.login("old@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_only_the_last_address_asked_for_counts() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    ask(&server, &token, &id, "first@example.com").gives(200).await;
    let first = server.code("first@example.com").await;
    let pending = ask(&server, &token, &id, "second@example.com").gives(200).await;
    assert_eq!(text(&pending["pending_email"]), "second@example.com");
    let old = verify(&server, "first@example.com", &first).bearer_auth(&token);
    assert_eq!(old.refuses(400).await, "code_invalid");
    let second = server.code("second@example.com").await;
    verify(&server, "second@example.com", &second)
        .bearer_auth(&token)
        .gives(200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_link_to_a_new_address_needs_its_owner() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("old@example.com").await;
    ask(&server, &token, &id, "new@example.com").gives(200).await;
    let body = json!({"code": server.code("new@example.com").await});
    let link = server.link("new@example.com").await;
    assert_eq!(
        server.post(&link, &body).refuses(400).await,
        "registration_ambiguous"
    );
    server.post(&link, &body).bearer_auth(&token).gives(200).await;
    server.login("new@example.com").await;
}
