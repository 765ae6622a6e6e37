//! What is wrong stands where it is wrong; what was typed stays, passwords excepted.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::support::{PASSWORD, TestServer};

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn m23_a_refused_registration_says_so_at_its_field_and_keeps_what_was_typed() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let mut submit = async |email, username, password, again| {
        let fields = [
            ("email", email),
            ("username", username),
            ("password", password),
            ("verify_password", again),
        ];
        browser.submit("/register", &fields).await
    };

    let page = submit(ANN, "ann", PASSWORD, "something else").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        page.error("verify_password"),
        Some("The passwords are not the same.")
    );
    assert_eq!((page.value("email"), page.value("username")), (ANN, "ann"));
    assert!(!page.says(PASSWORD) && page.notice().is_none());

    let page = submit("nobody", "a@b", PASSWORD, PASSWORD).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.error("email").is_some() && page.error("username").is_some());
    assert_eq!(page.value("email"), "nobody");

    let page = submit(ANN, "", "password", "password").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.error("password").unwrap().contains("common"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_an_account_is_told_at_the_address() {
    let server = TestServer::start().await;
    server.account(ANN).await;
    let fields = [
        ("email", ANN),
        ("password", PASSWORD),
        ("verify_password", PASSWORD),
    ];
    let page = Browser::new(&server).submit("/register", &fields).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.error("email").unwrap().contains("already belongs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_late_codes_are_told_at_the_code() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    let code = server.code(ANN).await;
    let wrong = if code == "0000" { "1111" } else { "0000" };
    let page = browser
        .submit("/verify", &[("email", ANN), ("verification_code", wrong)])
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.error("verification_code"), Some("This code is not right."));
    assert!(
        page.says("Your code goes to"),
        "the page still knows this browser"
    );

    server.advance(std::time::Duration::from_mins(2));
    let page = browser
        .submit("/verify", &[("email", ANN), ("verification_code", &code)])
        .await;
    assert_eq!(
        page.error("verification_code"),
        Some("This code has expired. Ask for a new one.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_without_second_proof_asks_for_the_password_and_stays_good() {
    let server = TestServer::with(&[("USHER_VERIFICATION__PLAIN", "off")]).await;
    Browser::new(&server).register(ANN).await;
    let code = server.code(ANN).await;
    let mut elsewhere = Browser::new(&server);
    let bare = [("email", ANN), ("verification_code", code.as_str())];
    let page = elsewhere.submit("/verify", &bare).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.error("password").unwrap().starts_with("The code is right."));
    assert_eq!(page.value("email"), ANN);

    let wrong = [
        ("email", ANN),
        ("verification_code", &code),
        ("password", "not the one"),
    ];
    let page = elsewhere.submit("/verify", &wrong).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.error("password").is_some());
    let right = [
        ("email", ANN),
        ("verification_code", &code),
        ("password", PASSWORD),
    ];
    assert!(
        elsewhere
            .submit("/verify", &right)
            .await
            .says("Your address is verified")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_a_wrong_sign_in_says_the_same_about_known_and_unknown_people() {
    let server = TestServer::start().await;
    server.account(ANN).await;
    let mut browser = Browser::new(&server);
    for email in [ANN, "nobody@example.org", "no address"] {
        let page = browser
            .submit("/login", &[("email", email), ("password", "wrong one")])
            .await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{email}");
        assert_eq!(
            page.notice(),
            Some("The e-mail address or the password is wrong.")
        );
        assert_eq!(page.value("email"), email);
    }
    let page = browser
        .submit("/login", &[("email", ANN), ("password", "")])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.error("password").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_attempts_say_when_to_come_back() {
    let server = TestServer::with(&[("USHER_LIMITS__REGISTRATIONS_PER_SOURCE", "1")]).await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    let fields = [
        ("email", "bob@example.org"),
        ("password", PASSWORD),
        ("verify_password", PASSWORD),
    ];
    let page = browser.submit("/register", &fields).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(page.notice().unwrap().starts_with("Too many attempts."));
    assert_eq!(page.value("email"), "bob@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_storage_trouble_is_no_refusal_of_the_person() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.join(ANN).await;
    server.usher.db.close().await;
    let fields = [("email", ANN), ("password", PASSWORD)];
    browser.cookies.clear();
    let page = browser.submit("/login", &fields).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "1");
    assert_eq!(page.value("email"), ANN);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_is_refused_with_a_page() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let twice = [("email", ANN), ("email", "b@example.org")];
    let page = browser.submit("/login", &twice).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.says("This field is there twice."));
    let large = "x".repeat(40_000);
    let page = browser.submit("/login", &[("email", &large)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    for path in ["/account/profile", "/mailbox/message/1", "/favicon.ico", "/docs"] {
        let answer = server
            .request(reqwest::Method::PATCH, path)
            .header("sec-fetch-site", "same-origin");
        let status = answer.send().await.unwrap().status();
        assert!(matches!(status.as_u16(), 404 | 405), "{path}: {status}");
    }
}
