//! Refreshing: a new pair of tokens for the same session.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::talk::{Talk, cookie, sample};
use crate::support::{TestServer, text};

fn refresh(server: &TestServer, token: &Value) -> RequestBuilder {
    server.post("/auth/refresh", &json!({"refresh_token": token}))
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_refresh_rotates_both_tokens_of_one_session() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let first = server.login("user@example.com").await;
    server.advance(Duration::from_mins(31));
    assert_eq!(server.me(&text(&first["access_token"])).await, 401);
    let second = refresh(&server, &first["refresh_token"]).gives(200).await;
    assert_eq!(second["session_id"], first["session_id"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(
        (&second["token_type"], &second["expires_in"]),
        (&json!("bearer"), &json!(1800))
    );
    assert_eq!(second["user"], first["user"]);
    assert_eq!(server.me(&text(&second["access_token"])).await, 200);
    refresh(&server, &second["refresh_token"]).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_for_ten_seconds_the_same_token_brings_the_same_successor() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let first = server.login("user@example.com").await;
    let second = refresh(&server, &first["refresh_token"]).gives(200).await;
    server.advance(Duration::from_secs(10));
    let again = refresh(&server, &first["refresh_token"]).gives(200).await;
    assert_eq!(again["refresh_token"], second["refresh_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_token_used_again_later_ends_its_session() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let first = server.login("user@example.com").await;
    let second = refresh(&server, &first["refresh_token"]).gives(200).await;
    server.advance(Duration::from_millis(10_001));
    assert_eq!(
        refresh(&server, &first["refresh_token"]).refuses(401).await,
        "session_ended"
    );
    assert_eq!(
        refresh(&server, &second["refresh_token"]).refuses(401).await,
        "session_ended"
    );
    assert_eq!(server.me(&text(&second["access_token"])).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_browser_refreshes_by_cookie() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let answer = server
        .post("/auth/login", &sample("user@example.com"))
        .answer()
        .await;
    let jar = cookie(&answer, "usher_refresh");
    let ask = || {
        server
            .request(Method::POST, "/auth/refresh")
            .header("cookie", &jar)
    };
    assert_eq!(
        ask().refuses(403).await,
        "cross_site",
        "a cookie needs to say where it comes from"
    );
    let answer = ask().header("sec-fetch-site", "same-origin").answer().await;
    assert_eq!(answer.status(), 200);
    assert_ne!(cookie(&answer, "usher_refresh"), jar);
    let access = cookie(&answer, "usher_session");
    server.get("/auth/me").header("cookie", access).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_is_no_refresh_token_is_refused() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let login = server.login("user@example.com").await;
    for token in [&json!("garbage"), &login["access_token"], &json!("")] {
        assert_eq!(
            refresh(&server, token).refuses(401).await,
            "not_authenticated",
            "{token}"
        );
    }
    assert_eq!(
        server.post("/auth/refresh", &json!({})).refuses(401).await,
        "not_authenticated"
    );
}
