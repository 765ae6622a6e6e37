//! Registering, entering the code, signing in and out.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::support::{PASSWORD, TestServer};

const ANN: &str = "ann@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn m23_a_person_registers_verifies_signs_out_and_in_with_forms_alone() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    assert!(browser.see("/").await.says("Find your seat"));
    assert!(browser.see("/register").await.asks("verify_password"));

    let entry = browser.register(ANN).await;
    assert!(entry.says("Your code goes to <strong>ann@example.org</strong>"));
    assert!(!entry.asks("password"), "this browser registered");
    server.settle().await;
    let entry = browser.see("/verify").await;
    assert!(entry.says("data-delivery=\"sent\""));
    let tag = entry.body.split("<strong class=\"tag\">").nth(1).unwrap();
    let tag = tag.split('<').next().unwrap();
    assert!(server.mails_to(ANN).await[0].text.contains(tag));

    let code = server.code(ANN).await;
    let fields = [("email", ANN), ("verification_code", code.as_str())];
    let account = browser.submit_and_follow("/verify", &fields).await;
    assert!(
        account.notice().unwrap().starts_with("Welcome."),
        "{}",
        account.body
    );
    assert!(account.says(ANN) && account.says("Verified") && account.says("Firefox on Linux"));
    assert!(!browser.cookies.contains_key("usher_registration"));

    assert!(browser.see("/").await.says("You are signed in"));
    let home = browser.submit_and_follow("/auth/logout", &[]).await;
    assert_eq!(home.notice(), Some("You are signed out."));
    assert_eq!(browser.open("/account").await.location(), "/login");
    let account = browser.sign_in(ANN).await;
    assert!(account.says("This device"));
    assert_eq!(browser.open("/login").await.location(), "/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_somebody_unverified_sees_the_account_and_the_code_entry_and_becomes_verified() {
    let server = TestServer::start().await;
    Browser::new(&server).register(ANN).await;
    let code = server.code(ANN).await;
    let mut elsewhere = Browser::new(&server);
    let account = elsewhere.sign_in(ANN).await;
    assert!(account.says("Not verified") && account.asks("verification_code"));
    assert!(!account.asks("new-email"), "nothing can be changed yet");
    assert!(elsewhere.see("/verify").await.says("Your code goes to"));
    let before = elsewhere.cookies["usher_session"].clone();

    let fields = [("email", ANN), ("verification_code", code.as_str())];
    let account = elsewhere.submit_and_follow("/verify", &fields).await;
    assert!(account.says("Verified") && account.asks("new-email"));
    assert_ne!(
        elsewhere.cookies["usher_session"], before,
        "a fresh session follows"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_proves_the_registration_by_its_password_and_signs_in_itself() {
    let server = TestServer::start().await;
    Browser::new(&server).register(ANN).await;
    let code = server.code(ANN).await;
    let mut elsewhere = Browser::new(&server);
    let form = elsewhere.see("/verify").await;
    assert!(form.asks("email") && form.asks("password"));
    assert!(
        !form.says("data-delivery"),
        "a stranger learns nothing about the mail"
    );
    let fields = [
        ("email", ANN),
        ("verification_code", &code),
        ("password", PASSWORD),
    ];
    let done = elsewhere.submit("/verify", &fields).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.says("Your address is verified") && done.says("href=\"/login\""));
    assert!(!elsewhere.cookies.contains_key("usher_session"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_a_code_entered_in_another_browser_signs_nobody_in() {
    let server = TestServer::start().await;
    Browser::new(&server).register(ANN).await;
    let code = server.code(ANN).await;
    let mut owner = Browser::new(&server);
    owner.register("owner@example.org").await;
    // From the same place the code alone is enough to verify; it is no proof of being the registrant.
    let fields = [("email", ANN), ("verification_code", code.as_str())];
    let done = owner.submit("/verify", &fields).await;
    assert!(done.says("Your address is verified"), "{}", done.body);
    assert!(!owner.cookies.contains_key("usher_session"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m07_another_mail_is_sent_on_request_and_the_page_says_so() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.register(ANN).await;
    assert_eq!(server.mails_to(ANN).await.len(), 1);
    server.advance(std::time::Duration::from_mins(2));
    let page = browser.submit_and_follow("/auth/resend", &[("email", ANN)]).await;
    assert!(page.notice().unwrap().contains("another mail is on its way"));
    assert_eq!(server.mails_to(ANN).await.len(), 2);

    let mut stranger = Browser::new(&server);
    let known = stranger.submit("/auth/resend", &[("email", ANN)]).await;
    let unknown = stranger
        .submit("/auth/resend", &[("email", "nobody@example.org")])
        .await;
    assert_eq!(
        known.location(),
        unknown.location(),
        "the answer is the same for everybody"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_proof_is_asked_for_registering_signs_in() {
    let server = TestServer::with(&[("USHER_REGISTRATION__VERIFICATION", "off")]).await;
    let mut browser = Browser::new(&server);
    let account = browser.register(ANN).await;
    assert!(account.says("Not verified") && !account.asks("verification_code"));
    assert!(account.asks("username"), "it can be changed all the same");
}
