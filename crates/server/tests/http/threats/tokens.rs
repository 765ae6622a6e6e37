//! T12: a token of one kind used as another.

use reqwest::StatusCode;
use serde_json::json;

use super::client::{Sent, handle, tokens};
use crate::support::{Answer, PASSWORD, TestServer};

const EMAIL: &str = "owner@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn t12_a_token_of_one_kind_is_worth_nothing_as_another() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (access, refresh, session) = tokens(&server, EMAIL).await;
    let pending = server.register("pending@example.org").await;
    let code = server.code("pending@example.org").await;
    let link = server.link("pending@example.org").await;
    let secret = link.rsplit('/').next().unwrap().to_owned();
    let handle = handle(&pending);
    let half = handle.split('.').nth(1).unwrap().to_owned();
    let device = server.usher.device_mark(EMAIL);
    for wrong in [&refresh, &secret, &handle, &half, &code, &session, &device] {
        assert_eq!(
            server.me(wrong).await,
            StatusCode::UNAUTHORIZED,
            "{wrong} as an access token"
        );
    }
    for wrong in [&access, &secret, &handle, &half, &session, &device] {
        let refreshed = server
            .post("/auth/refresh", &json!({"refresh_token": wrong}))
            .answer()
            .await;
        assert_eq!(
            refreshed.refused(401).await,
            "not_authenticated",
            "{wrong} as a refresh token"
        );
    }
    for wrong in [&access, &refresh, &half, &handle] {
        let body = json!({"code": code, "password": PASSWORD});
        let opened = server
            .post(&format!("/auth/verify/{wrong}"), &body)
            .answer()
            .await;
        assert_eq!(opened.refused(404).await, "not_found", "{wrong} as a link");
    }
    for wrong in [&access, &refresh, &secret, &session, &half] {
        let status = server
            .get("/auth/registration")
            .header("registration-handle", wrong)
            .answer()
            .await;
        assert_eq!(
            status.refused(401).await,
            "not_authenticated",
            "{wrong} as a handle"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_the_link_of_a_change_opens_no_registration_and_the_reverse() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in(EMAIL).await;
    let body = json!({"email": "new@example.org", "current_password": PASSWORD});
    let change = server
        .request(reqwest::Method::PUT, &format!("/profile/{id}"))
        .bearer_auth(&token)
        .json(&body);
    change.gives(StatusCode::OK).await;
    let pending = server.register("new@example.org").await;
    let mails = server.mails_to("new@example.org").await;
    let codes: Vec<&str> = mails
        .iter()
        .filter_map(|mail| mail.subject.rsplit(' ').next())
        .collect();
    let [change, registration] = codes.as_slice() else {
        panic!("{codes:?}")
    };
    let body = json!({"email": "new@example.org", "code": change, "handle": handle(&pending)});
    let mixed = server.post("/auth/verify", &body).answer().await;
    assert_eq!(mixed.refused(400).await, "code_invalid");
    let body = json!({"email": "new@example.org", "code": registration});
    let mixed = server
        .post("/auth/verify", &body)
        .bearer_auth(&token)
        .answer()
        .await;
    assert_eq!(mixed.refused(400).await, "code_invalid");
    let me = server
        .get("/auth/me")
        .bearer_auth(&token)
        .gives(StatusCode::OK)
        .await;
    assert_eq!(me["email"], EMAIL);
}
