//! T34: everything ends at its moment, not a microsecond later, by default and by setting.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, handle, tokens};
use crate::support::{Answer, PASSWORD, TestServer, text};

const EMAIL: &str = "owner@example.org";
const TICK: Duration = Duration::from_micros(1);

/// A microsecond earlier.
fn just_before(end: Duration) -> Duration {
    end.saturating_sub(TICK)
}

/// Registers, waits, and tries the code on one of the three ways.
async fn try_code(settings: &[(&str, &str)], wait: Duration, way: &str) -> (u16, Value) {
    let server = TestServer::with(settings).await;
    let own = server.register(EMAIL).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    server.advance(wait);
    let body = json!({"email": EMAIL, "code": code, "handle": handle(&own)});
    let path = if way == "link" { &link } else { way };
    let answer = server
        .post(path, &body)
        .basic_auth(EMAIL, Some(PASSWORD))
        .answer()
        .await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_a_code_ends_with_its_time_on_every_way() {
    for (settings, life) in [
        ([].as_slice(), Duration::from_mins(1)),
        (&[("USHER_VERIFICATION__CODE_TTL", "2s")], Duration::from_secs(2)),
        (
            &[("USHER_VERIFICATION__CODE_TTL", "10m")],
            Duration::from_mins(10),
        ),
    ] {
        for way in ["/auth/verify", "/auth/activate", "link"] {
            assert_eq!(
                try_code(settings, just_before(life), way).await.0,
                200,
                "{way} within {life:?}"
            );
            let (status, problem) = try_code(settings, life, way).await;
            assert_eq!(
                (status, &problem["code"]),
                (400, &json!("code_expired")),
                "{way} after {life:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_a_registration_ends_with_all_that_hangs_on_it() {
    let settings = [
        ("USHER_REGISTRATION__PENDING_TTL", "90s"),
        ("USHER_VERIFICATION__CODE_TTL", "10m"),
    ];
    let in_time = try_code(&settings, just_before(Duration::from_secs(90)), "/auth/verify").await;
    assert_eq!(in_time.0, 200);
    let late = try_code(&settings, Duration::from_secs(90), "/auth/verify").await;
    assert_eq!((late.0, &late.1["code"]), (400, &json!("code_invalid")));
    let server = TestServer::with(&settings).await;
    let own = server.register(EMAIL).await;
    let link = server.link(EMAIL).await;
    let signed = server.login(EMAIL).await;
    server.advance(Duration::from_secs(90));
    assert_eq!(
        server.me(&text(&signed["access_token"])).await,
        StatusCode::UNAUTHORIZED
    );
    let again = server.post(
        "/auth/refresh",
        &json!({"refresh_token": signed["refresh_token"]}),
    );
    assert_eq!(again.refusal(401).await, "session_ended");
    let status = server
        .get("/auth/registration")
        .header("registration-handle", handle(&own));
    status.refusal(404).await;
    server.get(&link).answer().await.error_for_status().unwrap_err();
    let login = server.post("/auth/login", &json!({"email": EMAIL, "password": PASSWORD}));
    assert_eq!(login.refusal(401).await, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_an_access_token_ends_with_its_time() {
    for (settings, life) in [
        ([].as_slice(), 1_800),
        (&[("USHER_LOGIN__ACCESS_TTL", "2s")], 2),
        (&[("ACCESS_TOKEN_EXPIRE_MINUTES", "1")], 60),
    ] {
        let server = TestServer::with(settings).await;
        server.account(EMAIL).await;
        let signed = server.login(EMAIL).await;
        assert_eq!(signed["expires_in"], life);
        let token = text(&signed["access_token"]);
        server.advance(just_before(Duration::from_secs(life)));
        assert_eq!(server.me(&token).await, StatusCode::OK);
        server.advance(TICK);
        let me = server.get("/auth/me").bearer_auth(&token).answer().await;
        assert_eq!(me.refused(401).await, "not_authenticated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_a_session_ends_with_its_time_however_busy_and_takes_its_tokens_along() {
    for (settings, hours) in [([].as_slice(), 168), (&[("SESSION_EXPIRE_HOURS", "1")], 1)] {
        let server = TestServer::with(settings).await;
        server.account(EMAIL).await;
        let (_, refresh, _) = tokens(&server, EMAIL).await;
        let again = async |token: &str| {
            server
                .post("/auth/refresh", &json!({"refresh_token": token}))
                .answer()
                .await
        };
        server.advance(just_before(Duration::from_hours(hours)));
        let last = again(&refresh).await.expect(StatusCode::OK).await;
        let access = text(&last["access_token"]);
        assert_eq!(server.me(&access).await, StatusCode::OK);
        server.advance(TICK);
        let me = server.get("/auth/me").bearer_auth(&access).answer().await;
        assert_eq!(
            me.refused(401).await,
            "session_ended",
            "a young token of an old session"
        );
        let refreshed = again(&text(&last["refresh_token"])).await;
        assert_eq!(refreshed.refused(401).await, "session_ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_a_change_of_address_ends_with_its_time() {
    let server = TestServer::with(&[
        ("USHER_REGISTRATION__PENDING_TTL", "90s"),
        ("USHER_VERIFICATION__CODE_TTL", "10m"),
    ])
    .await;
    let (token, id) = server.signed_in(EMAIL).await;
    let body = json!({"email": "new@example.org", "current_password": PASSWORD});
    let change = server
        .request(Method::PUT, &format!("/profile/{id}"))
        .bearer_auth(&token)
        .json(&body);
    assert_eq!(
        change.gives(StatusCode::OK).await["pending_email"],
        "new@example.org"
    );
    let mails = server.mails_to("new@example.org").await;
    let code = mails[0].subject.rsplit(' ').next().unwrap().to_owned();
    server.advance(Duration::from_secs(90));
    let body = json!({"email": "new@example.org", "code": code});
    let late = server
        .post("/auth/verify", &body)
        .bearer_auth(&token)
        .answer()
        .await;
    assert_eq!(late.refused(400).await, "code_invalid");
    let me = server
        .get("/auth/me")
        .bearer_auth(&token)
        .gives(StatusCode::OK)
        .await;
    assert_eq!((&me["email"], me.get("pending_email")), (&json!(EMAIL), None));
}
