//! T53: what answers let out when something is wrong.

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher_accounts::id::PersonId;

use super::client::{Sent, tokens};
use crate::support::{Answer, PASSWORD, TestServer};

const EMAIL: &str = "owner@example.org";

fn assert_says_nothing(body: &Value) {
    let all = body.to_string().to_lowercase();
    for word in [
        "sqlite", "sql", "database", "pool", "panic", "rust", ".rs", "tokio", "argon2", "hash", "/tmp",
        "usher-",
    ] {
        assert!(!all.contains(word), "{word}: {all}");
    }
    assert_eq!(body["errors"], json!([]));
    assert_eq!(body["request_id"].as_str().unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn t53_without_its_database_the_server_is_busy_and_says_nothing_more() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (access, refresh, _) = tokens(&server, EMAIL).await;
    server.usher.db.close().await;
    server.advance(std::time::Duration::from_secs(1));
    let requests = [
        server.get("/auth/me").bearer_auth(&access),
        server.get("/sessions").bearer_auth(&access),
        server.post("/auth/login", &json!({"email": EMAIL, "password": PASSWORD})),
        server.post("/auth/refresh", &json!({"refresh_token": refresh})),
        server.post(
            "/auth/register",
            &json!({"email": "new@example.org", "password": PASSWORD}),
        ),
        server.post("/auth/verify", &json!({"email": EMAIL, "code": "0000"})),
        server.post("/auth/resend", &json!({"email": EMAIL})),
    ];
    for request in requests {
        let answer = request.answer().await;
        assert!(answer.headers().contains_key("retry-after"), "{}", answer.url());
        let body = answer.expect(StatusCode::SERVICE_UNAVAILABLE).await;
        assert_eq!(body["code"], "busy", "trouble is never a sign-out");
        assert_says_nothing(&body);
    }
    let ready = server.get("/health/ready").answer().await;
    assert_eq!(
        ready.expect(StatusCode::SERVICE_UNAVAILABLE).await["database"],
        "down"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t53_an_error_of_the_server_shows_its_request_id_and_nothing_else() {
    let server = TestServer::start().await;
    let id = server.account(EMAIL).await;
    let mut tx = server.usher.db.begin().await.unwrap();
    let id: PersonId = id.parse().unwrap();
    usher_store::accounts::set_password(&mut tx, id, "$argon2id$damaged", server.usher.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let login = server
        .post("/auth/login", &json!({"email": EMAIL, "password": PASSWORD}))
        .answer()
        .await;
    let shown = login.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = login.expect(StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(
        (&body["code"], &body["request_id"]),
        (&json!("internal"), &json!(shown))
    );
    assert_says_nothing(&body);
}

#[tokio::test(flavor = "multi_thread")]
async fn t53_figures_and_files_are_not_on_the_public_listener() {
    let server = TestServer::start().await;
    for path in [
        "/metrics",
        "/metrics/",
        "/Metrics",
        "/debug",
        "/.env",
        "/usher.db",
        "/secret.key",
        "/.git/config",
    ] {
        assert_eq!(server.get(path).refusal(404).await, "not_found", "{path}");
    }
}
