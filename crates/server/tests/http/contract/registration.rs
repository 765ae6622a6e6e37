//! Registering: the samples of the services Usher replaces, and what a registration is.

use std::time::Duration;

use serde_json::json;

use super::talk::{Talk, cookie_line, handle, members, micros, sample, verify};
use crate::support::{TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m01_m04_the_sample_of_s0_registers_and_verifies() {
    let server = TestServer::with(&[("USHER_VERIFICATION__CODE_DIGITS", "6")]).await;
    let body = json!({"username": "user123", "email": "user@example.com",
        "password": "Password123", "verify_password": "Password123"});
    let registered = server.post("/register", &body).gives(201).await;
    assert_eq!(
        registered["message"],
        "Registration successful. Verification email sent."
    );
    assert_eq!(registered["email"], "user@example.com");
    let code = server.code("user@example.com").await;
    assert!(
        code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    let body = json!({"email": "user@example.com", "verification_code": code});
    let verified = server.post("/verify", &body).gives(200).await;
    assert_eq!(
        verified["message"],
        "Email verified successfully. Registration completed."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_sample_of_s1_registers_by_user_email_and_password() {
    let server = TestServer::start().await;
    let body = json!({"user": "user123", "email": "user@example.com", "password": "Password123"});
    server.post("/register", &body).gives(201).await;
    assert_eq!(
        server.login("user@example.com").await["user"]["username"],
        "user123"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_answer_says_what_the_registrant_needs_to_go_on() {
    let server = TestServer::start().await;
    let now = server.usher.now().micros();
    let answer = server
        .post("/auth/register", &sample("user@example.com"))
        .answer()
        .await;
    let line = cookie_line(&answer, "usher_registration");
    for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=86400"] {
        assert!(line.contains(part), "{line}");
    }
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(members(&body), ["email", "id", "message", "registration"]);
    let pending = &body["registration"];
    assert_eq!(pending["id"], body["id"]);
    assert_eq!(micros(&pending["resend_after"]) - now, 30_000_000);
    assert_eq!(micros(&pending["expires_at"]) - now, 86_400_000_000);
    assert!(line.contains(&handle(&body)), "the cookie is the handle");
    assert_eq!(text(&body["id"]).chars().nth(14), Some('7'), "ids are UUIDv7");
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_id_is_one_value_for_life() {
    let server = TestServer::start().await;
    let id = server.register("user@example.com").await["id"].clone();
    assert_eq!(
        server.login("user@example.com").await["user"]["id"],
        id,
        "while it waits"
    );
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code).gives(200).await;
    let token = text(&server.login("user@example.com").await["access_token"]);
    let me = server.get("/auth/me").bearer_auth(&token).gives(200).await;
    assert_eq!(me["id"], id, "as an account");
    let path = format!("/profile/{}", text(&id));
    assert_eq!(server.get(&path).bearer_auth(&token).gives(200).await["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn m02_a_registration_reserves_neither_address_nor_username() {
    let server = TestServer::start().await;
    let body = json!({"email": "user@example.com", "username": "user123", "password": "Password123"});
    let first = server.post("/auth/register", &body).gives(201).await;
    let second = server.post("/auth/register", &body).gives(201).await;
    assert_ne!(first["id"], second["id"]);
    let other = json!({"email": "other@example.com", "username": "user123", "password": "Password123"});
    server.post("/auth/register", &other).gives(201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m02_a_pending_address_answers_as_new_beyond_its_room_too() {
    let server = TestServer::start().await;
    let mut shapes = Vec::new();
    for _ in 0..4 {
        let answer = server.register("user@example.com").await;
        shapes.push(members(&answer["registration"]).join(" "));
    }
    shapes.dedup();
    assert_eq!(shapes, ["expires_at handle id resend_after tag"]);
    assert_eq!(
        server.mails_to("user@example.com").await.len(),
        2,
        "two rows, two mails"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m02_only_verification_creates_the_account() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let found = async || {
        let page = server
            .get("/users?search=user@")
            .bearer_auth(&admin)
            .gives(200)
            .await;
        page["users"].as_array().unwrap().len()
    };
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    assert_eq!(found().await, 0);
    verify(&server, "user@example.com", &code).gives(200).await;
    assert_eq!(found().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m02_a_registration_lapses_after_its_day() {
    let server = TestServer::with(&[("USHER_VERIFICATION__CODE_TTL", "10m")]).await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let link = server.link("user@example.com").await;
    server.advance(Duration::from_hours(24));
    assert_eq!(
        verify(&server, "user@example.com", &code).refuses(400).await,
        "code_invalid"
    );
    assert_eq!(
        server.post(&link, &json!({"code": code})).refuses(404).await,
        "not_found"
    );
    let refused = server
        .post("/auth/login", &sample("user@example.com"))
        .refuses(401)
        .await;
    assert_eq!(refused, "invalid_credentials");
    server.account("user@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m02_a_username_goes_to_whoever_proves_an_address_first() {
    let server = TestServer::start().await;
    for email in ["slow@example.com", "quick@example.com"] {
        let body = json!({"email": email, "username": "user123", "password": "Password123"});
        server.post("/auth/register", &body).gives(201).await;
    }
    for email in ["quick@example.com", "slow@example.com"] {
        let code = server.code(email).await;
        verify(&server, email, &code).gives(200).await;
    }
    assert_eq!(
        server.login("quick@example.com").await["user"]["username"],
        "user123"
    );
    let slow = server.login("slow@example.com").await;
    assert_eq!(
        slow["user"]["username"],
        json!(null),
        "the mailbox is proven all the same"
    );
    assert_eq!(slow["user"]["is_verified"], true);
    let body = json!({"email": "late@example.com", "username": "USER123", "password": "Password123"});
    assert_eq!(
        server.post("/auth/register", &body).refuses(400).await,
        "username_taken"
    );
}
