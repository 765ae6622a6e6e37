//! How many sessions a person has, how long they live, and that they go by themselves.

use std::time::Duration;

use serde_json::{Value, json};
use usher_accounts::id::SessionId;
use usher_store::sessions;

use super::talk::Talk;
use crate::support::{TestServer, text, until};

/// Whether the database still knows the session, live or not.
async fn is_stored(server: &TestServer, login: &Value) -> bool {
    let id: SessionId = text(&login["session_id"]).parse().expect("an id");
    sessions::refresh(&server.usher.db, id)
        .await
        .expect("the database")
        .is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_session_too_many_ends_the_oldest() {
    let server = TestServer::with(&[("USHER_SESSION__MAX_PER_ACCOUNT", "2")]).await;
    server.account("user@example.com").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(text(&server.login("user@example.com").await["access_token"]));
        server.advance(Duration::from_secs(1));
    }
    assert_eq!(
        server.get("/auth/me").bearer_auth(&tokens[0]).refuses(401).await,
        "session_ended"
    );
    assert_eq!(
        (
            server.me(&tokens[1]).await.as_u16(),
            server.me(&tokens[2]).await.as_u16()
        ),
        (200, 200)
    );
    assert_eq!(
        server.get("/sessions").bearer_auth(&tokens[2]).gives(200).await["total"],
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_session_lives_its_week_and_no_refresh_makes_it_longer() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let first = server.login("user@example.com").await;
    let refresh =
        |login: &Value| server.post("/auth/refresh", &json!({"refresh_token": login["refresh_token"]}));
    server.advance(Duration::from_hours(168) - Duration::from_secs(1));
    let second = refresh(&first).gives(200).await;
    let token = text(&second["access_token"]);
    assert_eq!(server.me(&token).await, 200);
    server.advance(Duration::from_secs(1));
    assert_eq!(
        server.get("/auth/me").bearer_auth(&token).refuses(401).await,
        "session_ended"
    );
    assert_eq!(refresh(&second).refuses(401).await, "session_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_life_of_a_session_is_a_setting() {
    let server = TestServer::with(&[
        ("SESSION_EXPIRE_HOURS", "1"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "120"),
    ])
    .await;
    let (token, _) = server.signed_in("user@example.com").await;
    server.advance(Duration::from_secs(3_599));
    assert_eq!(server.me(&token).await, 200);
    server.advance(Duration::from_secs(1));
    assert_eq!(
        server.get("/auth/me").bearer_auth(&token).refuses(401).await,
        "session_ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_only_sessions_that_are_over_are_swept() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let over = server.login("user@example.com").await;
    server.advance(Duration::from_hours(100));
    let live = server.login("user@example.com").await;
    server.advance(Duration::from_hours(68));
    assert_eq!(server.usher.sweep_sessions().await.unwrap(), 1);
    assert!(!is_stored(&server, &over).await);
    assert!(is_stored(&server, &live).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_sessions_that_are_over_go_by_themselves() {
    let server = TestServer::with(&[("USHER_SESSION__CLEANUP_EVERY", "1s")]).await;
    server.account("user@example.com").await;
    let login = server.login("user@example.com").await;
    server.advance(Duration::from_hours(168));
    until("the session is swept", async || !is_stored(&server, &login).await).await;
}
