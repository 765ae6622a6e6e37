//! Proving an address by code and by link, and who registered.

use std::time::Duration;

use serde_json::{Value, json};

use super::talk::{PROXIED, Talk, handle, other_than, verify};
use crate::support::{PASSWORD, TestServer, text};

const DONE: &str = "Email verified successfully. Registration completed.";

#[tokio::test(flavor = "multi_thread")]
async fn m03_the_mail_holds_the_code_a_link_and_the_word_of_the_registration() {
    let server = TestServer::start().await;
    let registered = server.register("user@example.com").await;
    let mails = server.mails_to("user@example.com").await;
    let [mail] = mails.as_slice() else {
        panic!("one mail")
    };
    let code = server.code("user@example.com").await;
    assert!(
        code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    let tag = text(&registered["registration"]["tag"]);
    for form in [&mail.text, &mail.html] {
        assert!(form.contains(&code) && form.contains(&tag), "{form}");
        assert!(form.contains(&format!("{}/auth/verify/", server.base)), "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_codes_have_as_many_digits_as_the_operator_says() {
    for digits in [4, 5, 8] {
        let server = TestServer::with(&[("USHER_VERIFICATION__CODE_DIGITS", &digits.to_string())]).await;
        server.register("user@example.com").await;
        let code = server.code("user@example.com").await;
        assert_eq!(code.len(), digits);
        verify(&server, "user@example.com", &code).gives(200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_the_code_is_read_from_both_its_names() {
    let server = TestServer::start().await;
    for (path, name) in [("/verify", "code"), ("/auth/verify", "verification_code")] {
        let email = format!("{name}@example.com");
        server.register(&email).await;
        let body = json!({"email": email, name: server.code(&email).await});
        assert_eq!(server.post(path, &body).gives(200).await["message"], DONE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_a_wrong_code_is_refused_and_three_of_them_close_the_code() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    for _ in 0..3 {
        let refused = verify(&server, "user@example.com", &other_than(&code))
            .refuses(400)
            .await;
        assert_eq!(refused, "code_invalid");
    }
    assert_eq!(
        verify(&server, "user@example.com", &code).refuses(400).await,
        "code_invalid"
    );
    server.advance(Duration::from_secs(30));
    server
        .post("/auth/resend", &json!({"email": "user@example.com"}))
        .gives(202)
        .await;
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_a_code_works_once() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code).gives(200).await;
    assert_eq!(
        verify(&server, "user@example.com", &code).refuses(400).await,
        "code_invalid"
    );
    assert_eq!(
        verify(&server, "nobody@example.com", &code).refuses(400).await,
        "code_invalid"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_two_registrations_need_a_second_proof() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let second = server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let bare = verify(&server, "user@example.com", &code).refuses(400).await;
    assert_eq!(bare, "registration_ambiguous");
    let body = json!({"email": "user@example.com", "verification_code": code});
    let by_header = server
        .post("/auth/verify", &body)
        .header("registration-handle", handle(&second));
    by_header.gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_a_code_alone_counts_only_from_where_the_registration_came() {
    let server = TestServer::with(&[PROXIED]).await;
    let registered: Value = server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let far = |body: &Value| {
        server
            .post("/auth/verify", body)
            .header("x-forwarded-for", "198.51.100.7")
    };
    let body = json!({"email": "user@example.com", "verification_code": code});
    assert_eq!(far(&body).refuses(400).await, "registration_ambiguous");
    let body = json!({"email": "user@example.com", "verification_code": code, "handle": handle(&registered)});
    far(&body).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_plain_verification_can_be_switched_off() {
    let server = TestServer::with(&[("USHER_VERIFICATION__PLAIN", "off")]).await;
    let registered = server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    assert_eq!(
        verify(&server, "user@example.com", &code).refuses(400).await,
        "registration_ambiguous"
    );
    let body = json!({"email": "user@example.com", "code": code, "handle": handle(&registered)});
    server.post("/auth/verify", &body).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m06_opening_the_link_changes_nothing_and_its_code_completes_it() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let link = server.link("user@example.com").await;
    for _ in 0..5 {
        server.get(&link).answer().await;
        server.request(reqwest::Method::HEAD, &link).answer().await;
    }
    assert_eq!(
        server
            .post(&link, &json!({"code": other_than(&code)}))
            .refuses(400)
            .await,
        "code_invalid"
    );
    assert_eq!(
        server.post(&link, &json!({"code": code})).gives(200).await["message"],
        DONE
    );
    assert_eq!(
        server.post(&link, &json!({"code": code})).refuses(404).await,
        "not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m06_from_elsewhere_the_link_asks_who_registered() {
    let server = TestServer::with(&[PROXIED]).await;
    server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let link = server.link("user@example.com").await;
    let far = |body: &Value| server.post(&link, body).header("x-forwarded-for", "198.51.100.7");
    assert_eq!(
        far(&json!({"code": code})).refuses(400).await,
        "registration_ambiguous"
    );
    let wrong = json!({"code": code, "password": "Password124"});
    assert_eq!(far(&wrong).refuses(401).await, "invalid_credentials");
    far(&json!({"code": code, "password": PASSWORD})).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m06_a_link_nobody_sent_leads_nowhere() {
    let server = TestServer::start().await;
    for token in ["nothing", &"A".repeat(64)] {
        let answer = server.post(&format!("/auth/verify/{token}"), &json!({"code": "1234"}));
        assert_eq!(answer.refuses(404).await, "not_found");
    }
}
