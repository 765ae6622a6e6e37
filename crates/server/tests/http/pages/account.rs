//! One's own account: changing it, and the devices signed in.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::support::{PASSWORD, TestServer};

const ANN: &str = "ann@example.org";
const NEW: &str = "ann@new.example.org";

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_username_is_changed_in_place() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let page = browser
        .submit_and_follow("/account/profile", &[("username", "Ann O'Neill")])
        .await;
    assert_eq!(page.notice(), Some("Your username is saved."));
    assert_eq!(page.value("username"), "Ann O&#x27;Neill");

    let mut other = Browser::new(&server);
    other.join("bob@example.org").await;
    let page = other
        .submit("/account/profile", &[("username", "ANN O'NEILL")])
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.error("username"), Some("This username is taken."));
    let page = other.submit("/account/profile", &[("username", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_new_address_counts_once_its_code_is_entered() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let fields = [("email", NEW), ("current_password", "wrong one")];
    let page = browser.submit("/account/email", &fields).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.error("email-password").is_some());
    assert_eq!(page.value("new-email"), NEW);

    let fields = [("email", NEW), ("current_password", PASSWORD)];
    let page = browser.submit_and_follow("/account/email", &fields).await;
    assert!(page.asks("pending-code") && page.says("stays your address"));
    let code = server.code(NEW).await;
    let wrong = if code == "0000" { "1111" } else { "0000" };
    let page = browser.submit("/account/email/verify", &[("code", wrong)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.error("pending-code"), Some("This code is not right."));
    let page = browser
        .submit_and_follow("/account/email/verify", &[("code", &code)])
        .await;
    assert_eq!(
        page.notice(),
        Some("Your new e-mail address is verified and in use.")
    );
    assert!(page.says(NEW) && !page.asks("pending-code"));
    let page = browser.submit("/account/email/verify", &[("code", &code)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "nothing waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_code_for_the_new_address_is_sent_on_request() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let fields = [("email", NEW), ("current_password", PASSWORD)];
    browser.submit_and_follow("/account/email", &fields).await;
    server.settle().await;
    server.advance(std::time::Duration::from_mins(2));
    let answer = browser.submit("/auth/resend", &[]).await;
    assert_eq!(answer.location(), "/account?told=resent");
    assert_eq!(server.mails_to(NEW).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_new_password_takes_the_old_one_and_ends_the_other_devices() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let mut other = Browser::new(&server);
    other.sign_in(ANN).await;
    let mut submit = async |current, password, again| {
        let fields = [
            ("current_password", current),
            ("password", password),
            ("verify_password", again),
        ];
        browser.submit("/account/password", &fields).await
    };
    let page = submit("wrong one", "seven quiet otters", "seven quiet otters").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.error("old-password").is_some());
    assert!(!page.says("seven quiet otters"));
    let page = submit(PASSWORD, "seven quiet otters", "eight").await;
    assert!(page.error("repeat-password").is_some());
    let page = submit(PASSWORD, "short", "short").await;
    assert!(page.error("new-password").is_some());
    let page = submit(PASSWORD, "seven quiet otters", "seven quiet otters").await;
    assert_eq!(page.location(), "/account?told=password-changed");
    assert_eq!(other.open("/account").await.location(), "/login?told=ended");
    browser.see("/account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_devices_are_listed_and_ended_one_by_one_or_all_at_once() {
    let server = TestServer::start().await;
    let mut first = Browser::new(&server);
    first.join(ANN).await;
    let mut second = Browser::new(&server);
    let page = second.sign_in(ANN).await;
    assert_eq!(page.body.matches("This device").count(), 1);
    let other = page.body.split("name=\"session_id\" value=\"").nth(1).unwrap();
    let other = other.split('"').next().unwrap().to_owned();

    let end = [("session_id", other.as_str())];
    let page = second.submit_and_follow("/account/sessions/end", &end).await;
    assert_eq!(page.notice(), Some("The session has ended."));
    assert_eq!(first.open("/account").await.location(), "/login?told=ended");
    let page = second.submit("/account/sessions/end", &end).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.notice(), Some("You have no such session."));

    first.sign_in(ANN).await;
    second
        .submit_and_follow("/account/sessions/end-others", &[])
        .await;
    assert_eq!(first.open("/account").await.location(), "/login?told=ended");
    first.sign_in(ANN).await;
    let home = second.submit_and_follow("/account/sessions/end-all", &[]).await;
    assert!(home.says("Find your seat"));
    assert_eq!(first.open("/account").await.location(), "/login?told=ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_nobody_ends_the_session_of_somebody_else() {
    let server = TestServer::start().await;
    let mut ann = Browser::new(&server);
    ann.join(ANN).await;
    let mut bob = Browser::new(&server);
    bob.join("bob@example.org").await;
    let session = server.login(ANN).await["session_id"].as_str().unwrap().to_owned();
    let page = bob
        .submit("/account/sessions/end", &[("session_id", &session)])
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(ann.see("/account").await.says(&session));
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_somebody_unverified_changes_nothing() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    browser.sign_in(ANN).await;
    let page = browser.submit("/account/profile", &[("username", "ann")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.notice(), Some("Please verify your e-mail address first."));
}
