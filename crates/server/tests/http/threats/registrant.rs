//! T01: somebody else registers an address and waits for its owner to prove it.

use reqwest::StatusCode;
use serde_json::json;

use super::client::{
    ATTACKER, ATTACKERS_PASSWORD, PROXIED, Sent, VICTIM, guess, handle, has_account, login_from, opens,
    register_from,
};
use crate::support::{Answer, PASSWORD, TestServer, text};

const EMAIL: &str = "victim@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t01_a_code_typed_by_the_owner_does_not_open_the_attackers_account() {
    let server = TestServer::with(&[PROXIED]).await;
    register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    let code = server.code(EMAIL).await;
    let bare = guess(&server, VICTIM, EMAIL, &code).answer().await;
    assert_eq!(bare.refused(400).await, "registration_ambiguous");
    assert!(!has_account(&server, EMAIL).await);
    let signed = login_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD)
        .await
        .expect(StatusCode::OK)
        .await;
    assert_eq!(signed["user"]["is_verified"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_a_link_opened_by_the_owner_does_not_open_the_attackers_account() {
    let server = TestServer::with(&[PROXIED]).await;
    let theirs = register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    server.get(&link).seen_at(VICTIM).answer().await;
    let posted = server
        .post(&link, &json!({"code": code}))
        .seen_at(VICTIM)
        .answer()
        .await;
    assert_eq!(posted.refused(400).await, "registration_ambiguous");
    let with_own_password = json!({"code": code, "password": PASSWORD});
    let posted = server
        .post(&link, &with_own_password)
        .seen_at(VICTIM)
        .answer()
        .await;
    assert_eq!(posted.refused(401).await, "invalid_credentials");
    let forged = json!({"code": code, "handle": format!("{}.{}", text(&theirs["id"]), "0".repeat(32))});
    let posted = server.post(&link, &forged).seen_at(VICTIM).answer().await;
    assert_eq!(posted.refused(400).await, "registration_ambiguous");
    assert!(!has_account(&server, EMAIL).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_with_two_registrations_even_the_right_source_needs_its_handle() {
    let server = TestServer::with(&[PROXIED]).await;
    register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    let attackers_code = server.code(EMAIL).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let bare = guess(&server, VICTIM, EMAIL, &attackers_code).answer().await;
    assert_eq!(bare.refused(400).await, "registration_ambiguous");
    let body = json!({"email": EMAIL, "code": attackers_code, "handle": handle(&own)});
    let mixed = server.post("/auth/verify", &body).seen_at(VICTIM).answer().await;
    assert_eq!(
        mixed.refused(400).await,
        "code_invalid",
        "the code of one is not the code of the other"
    );
    assert!(!has_account(&server, EMAIL).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_the_owners_own_registration_wins_by_handle_and_ends_the_attackers() {
    let server = TestServer::with(&[PROXIED]).await;
    let theirs = register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    let attackers_code = server.code(EMAIL).await;
    let attackers_link = server.link(EMAIL).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let body = json!({"email": EMAIL, "code": server.code(EMAIL).await, "handle": handle(&own)});
    server
        .post("/auth/verify", &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
    let body = json!({"email": EMAIL, "code": attackers_code, "handle": handle(&theirs)});
    let late = server
        .post("/auth/verify", &body)
        .seen_at(ATTACKER)
        .answer()
        .await;
    assert_eq!(late.refused(400).await, "code_invalid");
    let body = json!({"code": attackers_code, "handle": handle(&theirs)});
    let late = server
        .post(&attackers_link, &body)
        .seen_at(ATTACKER)
        .answer()
        .await;
    assert_eq!(late.refused(404).await, "not_found");
    assert!(!opens(&server, EMAIL, ATTACKERS_PASSWORD).await);
    let signed = server.login(EMAIL).await;
    assert_eq!(signed["user"]["id"], own["id"]);
    assert_eq!(signed["user"]["is_verified"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_the_owners_own_registration_wins_by_password() {
    let server = TestServer::with(&[PROXIED]).await;
    register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    let attackers_code = server.code(EMAIL).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let activate = |code: &str| {
        let request = server
            .post("/auth/activate", &json!({"code": code}))
            .seen_at(VICTIM);
        request.basic_auth(EMAIL, Some(PASSWORD))
    };
    assert_eq!(activate(&attackers_code).refusal(400).await, "code_invalid");
    activate(&server.code(EMAIL).await).gives(StatusCode::OK).await;
    assert_eq!(server.login(EMAIL).await["user"]["id"], own["id"]);
    assert!(!opens(&server, EMAIL, ATTACKERS_PASSWORD).await);
}
