//! What follows from a verification.

use std::time::Duration;

use serde_json::{Value, json};

use super::talk::{Talk, handle, members, micros, verify};
use crate::support::{TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m08_the_profile_shows_when_the_mail_left_and_when_it_was_answered() {
    let server = TestServer::start().await;
    let start = server.usher.now().micros();
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let waiting = server.login("user@example.com").await["user"].clone();
    assert_eq!(
        (&waiting["is_verified"], &waiting["verified_at"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(micros(&waiting["verification_mail_sent_at"]), start);
    server.advance(Duration::from_secs(20));
    verify(&server, "user@example.com", &code).gives(200).await;
    server.advance(Duration::from_secs(20));
    let profile = server.login("user@example.com").await["user"].clone();
    assert_eq!(profile["is_verified"], true);
    assert_eq!(micros(&profile["verified_at"]) - start, 20_000_000);
    assert_eq!(micros(&profile["verification_mail_sent_at"]), start);
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_a_profile_has_these_fields() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("User@example.com").await;
    let profile = server.get("/auth/me").bearer_auth(&token).gives(200).await;
    assert_eq!(
        members(&profile),
        [
            "created_at",
            "email",
            "id",
            "is_verified",
            "role",
            "username",
            "verification_mail_sent_at",
            "verified_at"
        ]
    );
    assert_eq!(
        (&profile["id"], &profile["email"]),
        (&json!(id), &json!("User@example.com"))
    );
    assert_eq!(
        (&profile["username"], &profile["role"]),
        (&Value::Null, &json!("user"))
    );
    micros(&profile["created_at"]);
    let same = server
        .get(&format!("/profile/{id}"))
        .bearer_auth(&token)
        .gives(200)
        .await;
    assert_eq!(same, profile);
    assert_eq!(
        server
            .get(&format!("/users/{id}"))
            .bearer_auth(&token)
            .gives(200)
            .await,
        profile
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_a_confirmation_leaves_once_and_holds_no_code() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let mails = server.mails_to("user@example.com").await;
    let [_, confirmation] = mails.as_slice() else {
        panic!("{} mails", mails.len())
    };
    assert_eq!(confirmation.subject, "Your e-mail address is verified");
    assert!(
        !confirmation.text.contains("/auth/verify/"),
        "{}",
        confirmation.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_what_is_older_than_the_proof_is_out() {
    let server = TestServer::start().await;
    let mine = server.register("user@example.com").await;
    server.settle().await;
    server.advance(Duration::from_secs(1));
    let code = server.code("user@example.com").await;
    let before = text(&server.login("user@example.com").await["access_token"]);
    let sibling = server.register("user@example.com").await;
    server.settle().await;
    let body = json!({"email": "user@example.com", "code": code, "handle": handle(&mine)});
    server.post("/auth/verify", &body).gives(200).await;
    let refused = server.get("/auth/me").bearer_auth(before).refuses(401).await;
    assert_eq!(refused, "session_ended");
    let late = server.code("user@example.com").await;
    let body = json!({"email": "user@example.com", "code": late, "handle": handle(&sibling)});
    assert_eq!(
        server.post("/auth/verify", &body).refuses(400).await,
        "code_invalid"
    );
}
