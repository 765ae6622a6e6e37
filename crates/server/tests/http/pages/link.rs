//! The page behind the link in a mail.

use reqwest::{Method, StatusCode};

use super::browser::Browser;
use crate::support::{PASSWORD, TestServer};

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn m06_the_link_asks_the_registrant_for_the_code_and_signs_in() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    let (link, code) = (server.link(ANN).await, server.code(ANN).await);
    let page = browser.see(&link).await;
    assert!(page.says("Only enter it if you registered yourself."));
    assert!(page.asks("code") && !page.asks("password"));
    let wrong = if code == "0000" { "1111" } else { "0000" };
    let page = browser.submit(&link, &[("code", wrong)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.error("code"), Some("This code is not right."));
    let account = browser.submit_and_follow(&link, &[("code", &code)]).await;
    assert!(account.says("Verified"));

    let page = browser.open(&link).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.says("This link no longer works"));
    assert_eq!(
        browser.submit(&link, &[("code", &code)]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m06_another_browser_is_asked_for_the_password_as_well() {
    let server = TestServer::start().await;
    Browser::new(&server).register(ANN).await;
    let (link, code) = (server.link(ANN).await, server.code(ANN).await);
    let mut elsewhere = Browser::new(&server);
    assert!(elsewhere.see(&link).await.asks("password"));
    let page = elsewhere
        .submit(&link, &[("code", &code), ("password", "not the one")])
        .await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.error("password").is_some());
    let page = elsewhere
        .submit(&link, &[("code", &code), ("password", PASSWORD)])
        .await;
    assert!(page.says("Your address is verified"));
    assert!(!elsewhere.cookies.contains_key("usher_session"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_for_a_new_address_says_what_it_is_about() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    let new = "ann@new.example.org";
    let fields = [("email", new), ("current_password", PASSWORD)];
    browser.submit_and_follow("/account/email", &fields).await;
    let (link, code) = (server.link(new).await, server.code(new).await);
    assert!(Browser::new(&server).see(&link).await.asks("password"));
    let page = browser.see(&link).await;
    assert!(page.says("as the new address of an account") && !page.asks("password"));
    let account = browser.submit_and_follow(&link, &[("code", &code)]).await;
    assert_eq!(
        account.notice(),
        Some("Your new e-mail address is verified and in use.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t32_looking_at_a_link_never_uses_anything_up() {
    let server = TestServer::start().await;
    let mut registrant = Browser::new(&server);
    registrant.register(ANN).await;
    let (link, code) = (server.link(ANN).await, server.code(ANN).await);
    let mut scanner = Browser::new(&server);
    for path in [
        link.clone(),
        format!("{link}?code={code}&verification_code={code}"),
    ] {
        for _ in 0..10 {
            scanner.see(&path).await;
            registrant.see(&path).await;
            let head = server.request(Method::HEAD, &path).send().await.unwrap();
            assert_eq!(head.status(), StatusCode::OK);
            assert!(head.text().await.unwrap().is_empty());
        }
    }
    assert_eq!(server.mails_to(ANN).await.len(), 1);
    let account = registrant.submit_and_follow(&link, &[("code", &code)]).await;
    assert!(
        account.says("Verified"),
        "the code and all its attempts are still there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_nothing_on_the_page_gives_the_link_away() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    let link = server.link(ANN).await;
    let token = link.rsplit('/').next().unwrap();
    let dead = format!("{}x", &link[..link.len() - 1]);
    for page in [
        browser.open(&link).await,
        browser.submit(&link, &[("code", "abcd")]).await,
        browser.open(&dead).await,
        Browser::new(&server).open(&link).await,
    ] {
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.says(token), "{}", page.body);
        for attribute in ["src=\"", "href=\"", "action=\""] {
            let outside = page
                .body
                .split(attribute)
                .skip(1)
                .find(|rest| !rest.starts_with(['/', '#']) && !rest.starts_with("&#x2f;"));
            assert!(outside.is_none(), "{attribute}{}", outside.unwrap());
        }
    }
}
