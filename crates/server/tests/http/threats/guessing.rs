//! Guessing codes and passwords: T04 in parallel, T05 over resends, registrations, restarts and sources,
//! T07 one code used twice at once, T51 activation as a password oracle.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::json;

use super::client::{
    ATTACKER, PROXIED, Sent, VICTIM, Wire, all_at_once, another, guess, handle, login_from, register_from,
    status, written,
};
use crate::support::{Answer, PASSWORD, TestServer};

const EMAIL: &str = "victim@example.org";
/// Leaves the attempts of the code as the only bound.
const NO_OTHER_BOUND: [(&str, &str); 3] = [
    PROXIED,
    ("USHER_LIMITS__CODE_FAILURES_PER_ADDRESS", "1000"),
    ("USHER_LIMITS__CODE_FAILURES_PER_SOURCE", "1000"),
];

/// Whether a right code without a second proof was compared at all: only then it is called ambiguous.
async fn was_compared(answer: Response) -> bool {
    match answer.status().as_u16() {
        429 => answer.refused(429).await == "somewhere else",
        _ => answer.refused(400).await == "registration_ambiguous",
    }
}

async fn compared(answers: Vec<Response>) -> usize {
    let mut count = 0;
    for answer in answers {
        count += usize::from(was_compared(answer).await);
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_fifty_parallel_guesses_cost_three_attempts() {
    let server = TestServer::with(&NO_OTHER_BOUND).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let code = server.code(EMAIL).await;
    let guesses = (0..50).map(|number| guess(&server, &format!("198.51.100.{number}"), EMAIL, &code));
    assert_eq!(compared(all_at_once(guesses.collect()).await).await, 3);
    let body = json!({"email": EMAIL, "code": code, "handle": handle(&own)});
    let spent = server.post("/auth/verify", &body).seen_at(VICTIM).answer().await;
    assert_eq!(
        spent.refused(400).await,
        "code_invalid",
        "there is no fourth attempt, not even a proven one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_the_third_attempt_counts_and_a_fourth_does_not() {
    let server = TestServer::start().await;
    for (number, wrong) in [(1, 2), (2, 3)] {
        let email = format!("person{number}@example.org");
        server.register(&email).await;
        let code = server.code(&email).await;
        for _ in 0..wrong {
            let tried = guess(&server, VICTIM, &email, &another(&code)).answer().await;
            assert_eq!(tried.refused(400).await, "code_invalid");
        }
        let last = guess(&server, VICTIM, &email, &code).answer().await;
        assert_eq!(last.status().is_success(), wrong < 3, "after {wrong} wrong ones");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t05_resends_registrations_restarts_and_sources_buy_no_more_than_ten_guesses_a_day() {
    let mut server = TestServer::with(&[
        PROXIED,
        ("USHER_VERIFICATION__RESEND_AFTER", "0ms"),
        ("USHER_LIMITS__MAILS_PER_ADDRESS_HOUR", "100"),
        ("USHER_LIMITS__MAILS_PER_ADDRESS_DAY", "100"),
    ])
    .await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let mut total = 0;
    for round in 0..8 {
        let codes = [server.code(EMAIL).await, server.code(EMAIL).await];
        let guesses = codes
            .iter()
            .enumerate()
            .map(|(number, code)| guess(&server, &format!("198.51.{round}.{number}"), EMAIL, code));
        total += compared(all_at_once(guesses.collect()).await).await;
        server.advance(Duration::from_secs(1));
        if round % 2 == 0 {
            server = server.restart(&[]).await;
            register_from(&server, &format!("192.0.{round}.1"), EMAIL, PASSWORD).await;
        }
        let body = json!({"handle": handle(&own)});
        let again = server.post("/auth/resend", &body).seen_at(VICTIM).answer().await;
        assert_eq!(again.status(), StatusCode::ACCEPTED);
    }
    assert_eq!(total, 10);
    let closed = guess(&server, ATTACKER, EMAIL, "0000").answer().await;
    assert!(closed.headers().contains_key("retry-after"));
    assert_eq!(closed.refused(429).await, "too_many_requests");
    let link = server.link(EMAIL).await;
    let opened = server
        .post(&link, &json!({"handle": handle(&own)}))
        .seen_at(VICTIM)
        .answer()
        .await;
    opened.expect(StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t05_activation_and_link_share_the_budget_of_the_plain_code() {
    let server = TestServer::with(&[PROXIED, ("USHER_VERIFICATION__ATTEMPTS", "10")]).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    let wrong = json!({"code": another(&code), "email": EMAIL, "handle": handle(&own)});
    let spend = |path: &str| {
        let request = server.post(path, &wrong).seen_at(VICTIM);
        request.basic_auth(EMAIL, Some(PASSWORD))
    };
    for path in ["/auth/verify", "/verify", "/auth/activate", &link, "/auth/verify"]
        .iter()
        .cycle()
        .take(10)
    {
        assert_eq!(spend(path).refusal(400).await, "code_invalid", "{path}");
    }
    for path in ["/auth/verify", "/verify", "/auth/activate"] {
        assert_eq!(spend(path).refusal(429).await, "too_many_requests", "{path}");
    }
    server.advance(Duration::from_hours(24));
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let body = json!({"email": EMAIL, "code": server.code(EMAIL).await, "handle": handle(&own)});
    server
        .post("/auth/verify", &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_one_code_sent_fifty_times_in_the_same_instant_makes_one_account() {
    let settings = [
        NO_OTHER_BOUND.as_slice(),
        &[("USHER_VERIFICATION__ATTEMPTS", "10")],
    ]
    .concat();
    let server = TestServer::with(&settings).await;
    let (admin, _) = server.admin("root@example.org").await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let body = json!({"email": EMAIL, "code": server.code(EMAIL).await, "handle": handle(&own)}).to_string();
    let request = written("POST", "/auth/verify", "", &body);
    let (most, last) = request.split_at(request.len() - 1);
    let mut wires = Vec::new();
    for _ in 0..50 {
        let mut wire = Wire::to(&server).await;
        wire.send(most).await;
        wires.push(wire);
    }
    for wire in &mut wires {
        wire.send(last).await;
    }
    let mut codes = Vec::new();
    for wire in &mut wires {
        codes.push(status(&wire.rest().await));
    }
    assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [200, 400].contains(code)), "{codes:?}");
    let found = server
        .get("/users?search=victim")
        .bearer_auth(&admin)
        .answer()
        .await;
    let found = found.expect(StatusCode::OK).await;
    assert_eq!(found["users"].as_array().unwrap().len(), 1);
    assert_eq!(found["users"][0]["id"], own["id"]);
    let confirmations = server.mails_to(EMAIL).await.len() - 1;
    assert_eq!(confirmations, 1, "one code mail and one confirmation");
}

#[tokio::test(flavor = "multi_thread")]
async fn t51_wrong_passwords_at_activation_spend_the_sign_in_budget_and_no_code() {
    let server = TestServer::with(&[PROXIED]).await;
    register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let code = server.code(EMAIL).await;
    let activate = |password: &str, ip: &str| {
        let request = server.post("/auth/activate", &json!({"code": code})).seen_at(ip);
        request.basic_auth(EMAIL, Some(password))
    };
    for number in 0..10 {
        let tried = activate(&format!("Guess-number-{number}"), ATTACKER)
            .answer()
            .await;
        assert_eq!(tried.refused(401).await, "invalid_credentials");
    }
    let tried = activate(PASSWORD, ATTACKER).answer().await;
    assert!(tried.headers().contains_key("retry-after"));
    assert_eq!(tried.refused(429).await, "too_many_requests");
    let login = login_from(&server, ATTACKER, EMAIL, PASSWORD).await;
    assert_eq!(
        login.refused(429).await,
        "too_many_requests",
        "the budget is one, whatever the path"
    );
    activate(PASSWORD, VICTIM).gives(StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t51_the_password_of_a_link_spends_the_same_budget() {
    let server = TestServer::with(&[PROXIED]).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    for number in 0..10 {
        let body = json!({"code": code, "password": format!("Guess-number-{number}")});
        let tried = server.post(&link, &body).seen_at(ATTACKER).answer().await;
        assert_eq!(tried.refused(401).await, "invalid_credentials");
    }
    let login = login_from(&server, ATTACKER, EMAIL, PASSWORD).await;
    assert_eq!(login.refused(429).await, "too_many_requests");
    let body = json!({"code": code, "handle": handle(&own)});
    server
        .post(&link, &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
}
