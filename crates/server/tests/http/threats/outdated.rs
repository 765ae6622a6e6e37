//! T03: sessions and tokens from before a proof or a new password.

use reqwest::StatusCode;
use serde_json::json;

use super::client::{
    ATTACKER, ATTACKERS_PASSWORD, PROXIED, Sent, VICTIM, handle, login_from, opens, register_from,
};
use crate::support::{Answer, PASSWORD, TestServer, text};

const EMAIL: &str = "victim@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t03_sessions_from_before_the_proof_end_with_it() {
    let server = TestServer::with(&[PROXIED]).await;
    register_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD).await;
    // Else the two mails may arrive the other way round.
    server.settle().await;
    let theirs = login_from(&server, ATTACKER, EMAIL, ATTACKERS_PASSWORD)
        .await
        .expect(StatusCode::OK)
        .await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let before = login_from(&server, VICTIM, EMAIL, PASSWORD)
        .await
        .expect(StatusCode::OK)
        .await;
    for early in [&theirs, &before] {
        assert_eq!(server.me(&text(&early["access_token"])).await, StatusCode::OK);
    }
    let body = json!({"email": EMAIL, "code": server.code(EMAIL).await, "handle": handle(&own)});
    server
        .post("/auth/verify", &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
    for early in [&theirs, &before] {
        is_out(&server, early).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_a_new_password_ends_what_the_old_one_opened() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in(EMAIL).await;
    let other = server.login(EMAIL).await;
    let body = json!({"email": "thief@example.net", "current_password": PASSWORD});
    let id = text(&other["user"]["id"]);
    let changing = server
        .request(reqwest::Method::PUT, &format!("/profile/{id}"))
        .json(&body);
    let changing = changing.bearer_auth(text(&other["access_token"])).answer().await;
    changing.expect(StatusCode::OK).await;
    let code = server.mails_to("thief@example.net").await.pop().unwrap().subject;
    let body = json!({"current_password": PASSWORD, "password": "Fresh-password-1"});
    let changed = server
        .post("/auth/password/change", &body)
        .bearer_auth(&token)
        .answer()
        .await;
    changed.expect(StatusCode::OK).await;
    is_out(&server, &other).await;
    assert_eq!(
        server.me(&token).await,
        StatusCode::OK,
        "the one it was changed in stays"
    );
    let code = code.rsplit(' ').next().unwrap().to_owned();
    let body = json!({"email": "thief@example.net", "code": code});
    let late = server
        .post("/auth/verify", &body)
        .bearer_auth(&token)
        .answer()
        .await;
    assert_eq!(
        late.refused(400).await,
        "code_invalid",
        "a change of address under way is off"
    );
    assert!(!opens(&server, EMAIL, PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_a_password_set_by_an_administrator_ends_everything() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("root@example.org").await;
    let id = server.account(EMAIL).await;
    let open = server.login(EMAIL).await;
    let set = server
        .request(reqwest::Method::PATCH, &format!("/users/{id}"))
        .bearer_auth(&admin);
    let set = set.json(&json!({"password": "Fresh-password-1"})).answer().await;
    set.expect(StatusCode::OK).await;
    is_out(&server, &open).await;
}

/// Neither token of a session is worth anything.
async fn is_out(server: &TestServer, signed: &serde_json::Value) {
    let me = server
        .get("/auth/me")
        .bearer_auth(text(&signed["access_token"]))
        .answer()
        .await;
    assert_eq!(me.refused(401).await, "session_ended");
    let body = json!({"refresh_token": signed["refresh_token"]});
    let refreshed = server.post("/auth/refresh", &body).answer().await;
    assert_eq!(refreshed.refused(401).await, "session_ended");
}
