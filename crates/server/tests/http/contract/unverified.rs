//! What somebody may do before the proof: see what is theirs, and nothing else.

use reqwest::Method;
use serde_json::{Value, json};

use super::talk::{Talk, handle, sample, send, verify};
use crate::support::{PASSWORD, TestServer, text};

/// Registers, signs in without a proof; returns the token and the id.
async fn unproven(server: &TestServer, email: &str) -> (String, String) {
    let id = text(&server.register(email).await["id"]);
    server.settle().await;
    (text(&server.login(email).await["access_token"]), id)
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_an_unverified_person_sees_what_is_theirs() {
    let server = TestServer::start().await;
    let (token, id) = unproven(&server, "user@example.com").await;
    let get = |path: &str| server.get(path).bearer_auth(&token);
    let me = get("/auth/me").gives(200).await;
    assert_eq!((&me["id"], &me["is_verified"]), (&json!(id), &json!(false)));
    assert_eq!(get(&format!("/profile/{id}")).gives(200).await, me);
    assert_eq!(get("/sessions").gives(200).await["total"], 1);
    assert_eq!(get("/auth/registration").gives(200).await["mail"], "sent");
    let resend = server.request(Method::POST, "/auth/resend").bearer_auth(&token);
    resend.gives(202).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_an_unverified_person_ends_sessions_and_signs_out() {
    let server = TestServer::start().await;
    let (token, _) = unproven(&server, "user@example.com").await;
    let other = server.login("user@example.com").await;
    let body = json!({"session_id": other["session_id"]});
    send(&server, &Method::POST, "/sessions/terminate", &token, &body)
        .gives(200)
        .await;
    assert_eq!(server.me(&text(&other["access_token"])).await, 401);
    for path in ["/sessions/terminate-others", "/auth/logout"] {
        server
            .request(Method::POST, path)
            .bearer_auth(&token)
            .gives(200)
            .await;
    }
    assert_eq!(server.me(&token).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_everything_else_says_not_verified() {
    let server = TestServer::start().await;
    let other = server.account("other@example.com").await;
    let (token, id) = unproven(&server, "user@example.com").await;
    let (own, theirs) = (format!("/users/{id}"), format!("/users/{other}"));
    let password = json!({"current_password": PASSWORD, "password": "Password124"});
    let requests = [
        (Method::PUT, format!("/profile/{id}"), json!({"user": "user124"})),
        (Method::POST, "/auth/password/change".to_owned(), password),
        (Method::PATCH, own.clone(), json!({"username": "user124"})),
        (Method::PUT, own.clone(), json!({"username": "user124"})),
        (Method::DELETE, own.clone(), json!({})),
        (Method::GET, format!("{own}/export"), json!({})),
        (Method::GET, "/users".to_owned(), json!({})),
        (Method::POST, "/users".to_owned(), sample("third@example.com")),
        (Method::GET, format!("/profile/{other}"), json!({})),
        (
            Method::PUT,
            format!("/profile/{other}"),
            json!({"user": "user124"}),
        ),
        (Method::GET, theirs.clone(), json!({})),
        (Method::PATCH, theirs.clone(), json!({"username": "user124"})),
        (Method::DELETE, theirs.clone(), json!({})),
        (Method::GET, format!("{theirs}/export"), json!({})),
    ];
    let mut otherwise = Vec::new();
    for (method, path, body) in requests {
        let code = send(&server, &method, &path, &token, &body).refuses(403).await;
        if code != "not_verified" {
            otherwise.push(format!("{method} {path} says {code}"));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_being_signed_in_is_a_proof_of_who_registered() {
    let server = TestServer::with(&[("USHER_VERIFICATION__PLAIN", "off")]).await;
    let (token, id) = unproven(&server, "user@example.com").await;
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code)
        .bearer_auth(&token)
        .gives(200)
        .await;
    assert_eq!(server.login("user@example.com").await["user"]["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_the_session_from_before_ends_with_the_proof() {
    let server = TestServer::start().await;
    let (token, _) = unproven(&server, "user@example.com").await;
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code).gives(200).await;
    assert_eq!(
        server.get("/auth/me").bearer_auth(&token).refuses(401).await,
        "session_ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_unverified_sign_in_can_be_switched_off() {
    let server = TestServer::with(&[("USHER_LOGIN__UNVERIFIED", "false")]).await;
    let registered: Value = server.register("user@example.com").await;
    let login = || server.post("/auth/login", &sample("user@example.com"));
    assert_eq!(login().refuses(401).await, "invalid_credentials");
    let body = json!({"email": "user@example.com", "code": server.code("user@example.com").await,
        "handle": handle(&registered)});
    server.post("/auth/verify", &body).gives(200).await;
    login().gives(200).await;
}
