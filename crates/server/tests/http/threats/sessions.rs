//! Sessions: T28 a refresh token used again, T29 signing out at once, T30 fixation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, all_at_once, tokens};
use crate::support::{Answer, PASSWORD, TestServer, text, until};

const EMAIL: &str = "owner@example.org";

async fn refresh(server: &TestServer, token: &str) -> reqwest::Response {
    server
        .post("/auth/refresh", &json!({"refresh_token": token}))
        .answer()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_for_ten_seconds_the_same_token_brings_the_same_successor() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (_, token, session) = tokens(&server, EMAIL).await;
    let first = refresh(&server, &token).await.expect(StatusCode::OK).await;
    assert_ne!(first["refresh_token"], token.as_str());
    server.advance(Duration::from_secs(10));
    let again = refresh(&server, &token).await.expect(StatusCode::OK).await;
    assert_eq!(again["refresh_token"], first["refresh_token"]);
    assert_eq!(again["session_id"], session.as_str());
    refresh(&server, &text(&first["refresh_token"]))
        .await
        .expect(StatusCode::OK)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_forty_refreshes_at_once_bring_one_successor() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (_, token, _) = tokens(&server, EMAIL).await;
    let body = json!({"refresh_token": token});
    let requests = (0..40).map(|_| server.post("/auth/refresh", &body));
    let mut successors = Vec::new();
    for answer in all_at_once(requests.collect()).await {
        successors.push(text(&answer.expect(StatusCode::OK).await["refresh_token"]));
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_a_token_used_again_later_ends_the_session_for_thief_and_owner() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (other, _, _) = tokens(&server, EMAIL).await;
    let (access, stolen, _) = tokens(&server, EMAIL).await;
    let first = refresh(&server, &stolen).await.expect(StatusCode::OK).await;
    server.advance(Duration::from_micros(10_000_001));
    assert_eq!(
        refresh(&server, &stolen).await.refused(401).await,
        "session_ended"
    );
    for token in [&stolen, &text(&first["refresh_token"])] {
        assert_eq!(refresh(&server, token).await.refused(401).await, "session_ended");
    }
    for token in [&access, &text(&first["access_token"])] {
        assert_eq!(server.me(token).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        server.me(&other).await,
        StatusCode::OK,
        "other sessions are not concerned"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_a_grandparent_ends_the_session_even_within_the_ten_seconds() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (_, oldest, _) = tokens(&server, EMAIL).await;
    let parent = text(&refresh(&server, &oldest).await.expect(StatusCode::OK).await["refresh_token"]);
    let child = text(&refresh(&server, &parent).await.expect(StatusCode::OK).await["refresh_token"]);
    assert_eq!(
        refresh(&server, &oldest).await.refused(401).await,
        "session_ended"
    );
    assert_eq!(refresh(&server, &child).await.refused(401).await, "session_ended");
}

/// Asks for the profile from many connections at once, until told to stop; counts what came after the end.
async fn ends_at_once(server: &TestServer, access: &str, end: reqwest::RequestBuilder) {
    let (ended, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (before, after, late) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
    );
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (ended, stop) = (Arc::clone(&ended), Arc::clone(&stop));
            let counters = [&before, &after, &late].map(Arc::clone);
            let ask = server.get("/auth/me").bearer_auth(access);
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let was_over = ended.load(Ordering::SeqCst);
                    let status = ask.try_clone().unwrap().answer().await.status();
                    let counter = match (was_over, status) {
                        (true, StatusCode::OK) => 2,
                        (true, _) => 1,
                        (false, _) => 0,
                    };
                    counters[counter].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    until("the token is in use", async || before.load(Ordering::SeqCst) > 50).await;
    end.answer().await.error_for_status().unwrap();
    ended.store(true, Ordering::SeqCst);
    until("the end is felt", async || {
        after.load(Ordering::SeqCst) + late.load(Ordering::SeqCst) > 50
    })
    .await;
    stop.store(true, Ordering::SeqCst);
    for asker in askers {
        asker.await.unwrap();
    }
    assert_eq!(
        late.load(Ordering::SeqCst),
        0,
        "of {}",
        after.load(Ordering::SeqCst)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t29_signing_out_is_felt_by_the_very_next_request_under_load() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    let (access, refresh_token, _) = tokens(&server, EMAIL).await;
    ends_at_once(
        &server,
        &access,
        server.post("/auth/logout", &json!({})).bearer_auth(&access),
    )
    .await;
    assert_eq!(
        refresh(&server, &refresh_token).await.refused(401).await,
        "session_ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t29_every_way_of_ending_a_session_is_felt_at_once_under_load() {
    let server = TestServer::start().await;
    let id = server.account(EMAIL).await;
    let (owner, _, _) = tokens(&server, EMAIL).await;
    let act = |method: Method, path: &str, body: Value| {
        server.request(method, path).bearer_auth(&owner).json(&body)
    };
    let (access, _, session) = tokens(&server, EMAIL).await;
    let end = act(
        Method::DELETE,
        "/sessions/terminate",
        json!({"session_id": session}),
    );
    ends_at_once(&server, &access, end).await;
    let (access, ..) = tokens(&server, EMAIL).await;
    ends_at_once(
        &server,
        &access,
        act(Method::POST, "/sessions/terminate-others", json!({})),
    )
    .await;
    let (access, ..) = tokens(&server, EMAIL).await;
    let change = json!({"current_password": PASSWORD, "password": PASSWORD});
    ends_at_once(
        &server,
        &access,
        act(Method::POST, "/auth/password/change", change),
    )
    .await;
    let (access, ..) = tokens(&server, EMAIL).await;
    ends_at_once(
        &server,
        &access,
        act(Method::DELETE, &format!("/users/{id}"), json!({})),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_signing_in_makes_a_new_session_whatever_was_planted() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    server.account("eve@example.net").await;
    let (eves_access, eves_refresh, eves_session) = tokens(&server, "eve@example.net").await;
    let planted = format!("usher_session={eves_access}; usher_refresh={eves_refresh}; usher_device=x");
    let body = json!({"email": EMAIL, "password": PASSWORD, "session_id": eves_session});
    let mut seen = vec![eves_session];
    for _ in 0..3 {
        let signed = server
            .post("/auth/login", &body)
            .header("cookie", &planted)
            .on_own_page();
        let answer = signed.answer().await;
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().cloned().collect();
        let signed = answer.expect(StatusCode::OK).await;
        assert!(
            cookies[0]
                .to_str()
                .unwrap()
                .starts_with(&format!("usher_session={};", text(&signed["access_token"])))
        );
        assert_eq!(signed["user"]["email"], EMAIL);
        assert!(!seen.contains(&text(&signed["session_id"])));
        seen.push(text(&signed["session_id"]));
    }
    let eve = server.get("/auth/me").bearer_auth(&eves_access).answer().await;
    assert_eq!(
        eve.expect(StatusCode::OK).await["email"],
        "eve@example.net",
        "the planted session is still hers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_a_planted_registration_is_not_taken_over() {
    let server = TestServer::start().await;
    let eves = server.register("eve@example.net").await;
    let planted = format!("usher_registration={}", super::client::handle(&eves));
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let own = server
        .post("/auth/register", &body)
        .header("cookie", &planted)
        .on_own_page();
    let own = own.gives(StatusCode::CREATED).await;
    assert_ne!(own["id"], eves["id"]);
    assert_ne!(own["registration"]["handle"], eves["registration"]["handle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_a_browser_is_signed_in_by_its_first_cookie_not_by_one_set_beside_it() {
    let server = TestServer::start().await;
    server.account(EMAIL).await;
    server.account("eve@example.net").await;
    let (own, ..) = tokens(&server, EMAIL).await;
    let (eves, ..) = tokens(&server, "eve@example.net").await;
    let both = format!("usher_session={own}; usher_session={eves}");
    let me = server.get("/auth/me").header("cookie", both).answer().await;
    assert_eq!(me.expect(StatusCode::OK).await["email"], EMAIL);
}
