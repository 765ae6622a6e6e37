//! T02: registrations that are to keep others out.

use reqwest::StatusCode;
use serde_json::json;

use super::client::{ATTACKER, ATTACKERS_PASSWORD, PROXIED, Sent, VICTIM, handle, register_from};
use crate::support::{Answer, PASSWORD, TestServer};

const EMAIL: &str = "victim@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t02_a_registration_keeps_nobody_from_the_address_or_the_name() {
    let server = TestServer::with(&[PROXIED]).await;
    let squat = json!({"email": EMAIL, "username": "victim", "password": ATTACKERS_PASSWORD});
    for ip in [ATTACKER, "198.51.100.67"] {
        let squatted = server.post("/auth/register", &squat).seen_at(ip).answer().await;
        squatted.expect(StatusCode::CREATED).await;
    }
    // Else the mails may arrive in any order.
    server.settle().await;
    let claim = json!({"email": EMAIL, "username": "victim", "password": PASSWORD});
    let claimed = server
        .post("/auth/register", &claim)
        .seen_at(VICTIM)
        .answer()
        .await;
    let own = claimed.expect(StatusCode::CREATED).await;
    let body = json!({"email": EMAIL, "code": server.code(EMAIL).await, "handle": handle(&own)});
    server
        .post("/auth/verify", &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
    let signed = server.login(EMAIL).await;
    assert_eq!(
        (&signed["user"]["id"], &signed["user"]["username"]),
        (&own["id"], &json!("victim"))
    );
}

/// The attacker's registrations are younger than the owner's, as many as there is room for.
async fn the_owners_password_counts(settings: &[(&str, &str)]) {
    let server = TestServer::with(settings).await;
    register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let code = server.code(EMAIL).await;
    for number in 0..4 {
        server.advance(std::time::Duration::from_millis(10));
        register_from(
            &server,
            &format!("198.51.10{number}.1"),
            EMAIL,
            ATTACKERS_PASSWORD,
        )
        .await;
    }
    let activated = server
        .post("/auth/activate", &json!({"code": code}))
        .seen_at(VICTIM);
    let activated = activated.basic_auth(EMAIL, Some(PASSWORD)).answer().await;
    activated.expect(StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_younger_registrations_do_not_shut_the_owners_password_out() {
    the_owners_password_counts(&[PROXIED]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_younger_registrations_do_not_shut_the_owners_password_out_in_silent_mode() {
    the_owners_password_counts(&[PROXIED, ("USHER_REGISTRATION__EXISTING", "silent")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_t24_asking_for_mail_that_nobody_waits_for_keeps_no_mail_from_the_owner() {
    let server = TestServer::with(&[PROXIED]).await;
    for number in 0..20 {
        let asked = server.post("/auth/resend", &json!({"email": EMAIL}));
        asked
            .seen_at(&format!("198.51.{number}.1"))
            .gives(StatusCode::ACCEPTED)
            .await;
        server.advance(std::time::Duration::from_secs(31));
    }
    register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    assert_eq!(server.mails_to(EMAIL).await.len(), 1);
}
