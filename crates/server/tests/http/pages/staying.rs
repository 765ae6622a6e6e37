//! Staying signed in for days, and being told when it is over.

use std::time::Duration;

use serde_json::json;

use super::browser::Browser;
use crate::support::{Answer, PASSWORD, TestServer};

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_revives_an_access_token_and_leaves_the_refresh_token_alone() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let refresh = browser.cookies["usher_refresh"].clone();
    for is_cookie_kept in [true, false] {
        server.advance(Duration::from_hours(24));
        if !is_cookie_kept {
            browser.cookies.remove("usher_session");
        }
        let page = browser.see("/account").await;
        assert!(page.says(ANN));
        assert_eq!(page.headers.get_all("set-cookie").iter().count(), 1);
        let access = &browser.cookies["usher_session"];
        assert_eq!(server.me(access).await, 200, "the cookie is a good token");
        let again = browser.see("/account").await;
        assert!(!again.headers.contains_key("set-cookie"), "once is enough");
    }
    let body = json!({"refresh_token": refresh});
    let refreshed = server.post("/auth/refresh", &body).send().await.unwrap();
    refreshed.expect(reqwest::StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_somebody_signed_in_for_days_still_counts() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    server.advance(Duration::from_hours(24));
    let answer = browser.submit("/account/profile", &[("username", "ann")]).await;
    assert_eq!(answer.location(), "/account?told=username-saved");
    assert!(answer.header("set-cookie").starts_with("usher_session="));
    server.advance(Duration::from_hours(24));
    assert!(browser.see("/").await.says("You are signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_says_so_once_and_its_cookies_go() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    server.advance(Duration::from_hours(24 * 8));
    let login = browser.open("/account").await.location();
    assert_eq!(login, "/login?told=ended");
    assert!(!browser.cookies.contains_key("usher_session"));
    assert!(!browser.cookies.contains_key("usher_refresh"));
    let page = browser.see(&login).await;
    assert_eq!(
        page.notice(),
        Some("This session has ended. Please sign in again.")
    );
    assert_eq!(browser.open("/account").await.location(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn t29_a_refresh_token_left_over_from_a_sign_out_revives_nothing() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let stolen = browser.cookies.clone();
    browser.submit_and_follow("/auth/logout", &[]).await;
    assert!(!browser.cookies.contains_key("usher_refresh"));
    let mut thief = Browser::new(&server);
    thief.cookies = stolen;
    assert_eq!(thief.open("/account").await.location(), "/login?told=ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn t28_a_refresh_token_that_was_exchanged_revives_nothing() {
    let server = TestServer::start().await;
    server.account(ANN).await;
    let old = server.login(ANN).await["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let exchanged = server.post("/auth/refresh", &json!({"refresh_token": old}));
    exchanged
        .send()
        .await
        .unwrap()
        .expect(reqwest::StatusCode::OK)
        .await;
    let mut thief = Browser::new(&server);
    thief.cookies.insert("usher_refresh".to_owned(), old);
    assert_eq!(thief.open("/account").await.location(), "/login?told=ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_needs_no_session() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let answer = browser.submit("/auth/logout", &[]).await;
    assert_eq!(answer.location(), "/?told=signed-out");
    let fields = [("email", ANN), ("password", PASSWORD)];
    assert_eq!(browser.submit("/login", &fields).await.status, 401);
}
