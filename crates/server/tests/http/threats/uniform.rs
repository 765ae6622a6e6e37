//! What answers tell about who has an account: T20 by time, T21 by bytes, T22 and T23 where that must
//! not even be told to who registers.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use usher_mail::{SendError, Stage};

use super::client::{ATTACKER, PROXIED, Sent, register_from};
use crate::support::{PASSWORD, TestServer};

const KNOWN: &str = "known@example.org";
const PENDING: &str = "pending@example.org";
const UNKNOWN: &str = "unknown@example.org";
const SILENT: (&str, &str) = ("USHER_REGISTRATION__EXISTING", "silent");
/// So that measuring does not run into limits; what they guard is still done.
const WIDE: [(&str, &str); 7] = [
    PROXIED,
    ("USHER_LIMITS__LOGIN_FAILURES_PER_ACCOUNT", "1000"),
    ("USHER_LIMITS__LOGIN_FAILURES_PER_SOURCE", "1000"),
    ("USHER_LIMITS__MAILS_PER_ADDRESS_HOUR", "1000"),
    ("USHER_LIMITS__MAILS_PER_ADDRESS_DAY", "1000"),
    ("USHER_LIMITS__REGISTRATIONS_PER_SOURCE", "1000"),
    ("USHER_VERIFICATION__RESEND_AFTER", "0ms"),
];
const ROUNDS: usize = 15;
/// What else the machine does may make answers differ for a while; what differs by itself always does.
const WHILES: usize = 8;
/// Beyond noise, below one hash or one write to disk more.
const ALIKE: f64 = 1.7;

/// A server with an account and with as many registrations for another address, each from elsewhere.
async fn with_people(settings: &[(&str, &str)], registrations: usize) -> TestServer {
    let server = TestServer::with(settings).await;
    server.account(KNOWN).await;
    for number in 0..registrations {
        register_from(&server, &format!("203.0.{number}.1"), PENDING, PASSWORD).await;
    }
    server.settle().await;
    server
}

/// Everything a client can tell answers apart by, less what is different each time.
async fn bytes(answer: Response) -> String {
    let status = answer.status();
    let mut headers = answer.headers().clone();
    for changing in ["x-request-id", "date"] {
        headers.remove(changing);
    }
    let mut body: Value = answer.json().await.unwrap();
    body["request_id"].take();
    format!("{status} {headers:?} {body}")
}

async fn assert_same_bytes(what: &str, requests: impl IntoIterator<Item = RequestBuilder>) {
    let mut seen = Vec::new();
    for request in requests {
        seen.push(bytes(request.answer().await).await);
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{what}: {seen:#?}");
}

/// Asks about each address in turn, many times: each costs so many hashes, and no other time than the
/// others.
async fn assert_same_time(
    server: &TestServer,
    addresses: &[&str],
    hashes: u64,
    ask: impl Fn(&str) -> RequestBuilder,
) {
    let done = || server.usher.hashing.figures().done;
    for address in addresses {
        let before = done();
        drop(ask(address).answer().await.bytes().await.unwrap());
        assert_eq!(done() - before, hashes, "hashes for {address}");
    }
    let mut seen = Vec::new();
    for _ in 0..WHILES {
        let took = times(server, addresses, &ask).await;
        let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
        if most.as_secs_f64() < least.as_secs_f64() * ALIKE {
            return;
        }
        seen.push(took);
    }
    panic!("{addresses:?} took {seen:?}");
}

/// How long an answer about each address takes. What mostly disturbs makes answers late, so it is the
/// lower quartile; no mail of an earlier question is under way meanwhile.
async fn times(
    server: &TestServer,
    addresses: &[&str],
    ask: &impl Fn(&str) -> RequestBuilder,
) -> Vec<Duration> {
    let mut took = vec![Vec::new(); addresses.len()];
    for _ in 0..ROUNDS {
        for (index, address) in addresses.iter().enumerate() {
            server.settle().await;
            let begun = Instant::now();
            drop(ask(address).answer().await.bytes().await.unwrap());
            took[index].push(begun.elapsed());
        }
    }
    let quartile = |times: &mut Vec<Duration>| {
        times.sort();
        times[ROUNDS / 4]
    };
    took.iter_mut().map(quartile).collect()
}

fn login(server: &TestServer, email: &str) -> RequestBuilder {
    let body = json!({"email": email, "password": "Wrong-password-1"});
    server.post("/auth/login", &body).seen_at(ATTACKER)
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_a_wrong_password_takes_as_long_for_anybody() {
    let server = with_people(&WIDE, 1).await;
    assert_same_time(&server, &[UNKNOWN, KNOWN, PENDING], 1, |email| {
        login(&server, email)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_a_wrong_password_takes_no_longer_where_several_registrations_wait() {
    let server = with_people(&WIDE, 3).await;
    assert_same_time(&server, &[UNKNOWN, PENDING], 1, |email| login(&server, email)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_asking_for_another_mail_takes_as_long_for_anybody() {
    let server = with_people(&WIDE, 1).await;
    assert_same_time(&server, &[UNKNOWN, KNOWN, PENDING], 0, |email| {
        server.advance(Duration::from_secs(1));
        server
            .post("/auth/resend", &json!({"email": email}))
            .seen_at(ATTACKER)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_login_activation_resend_and_verification_say_the_same_about_anybody() {
    let server = with_people(&[PROXIED], 2).await;
    let everybody = [UNKNOWN, KNOWN, PENDING, "nobody@elsewhere.example"];
    let each = |ask: &dyn Fn(&str) -> RequestBuilder| everybody.map(ask);
    assert_same_bytes("login", each(&|email| login(&server, email))).await;
    let activate = |email: &str| {
        let request = server
            .post("/auth/activate", &json!({"code": "0000"}))
            .seen_at(ATTACKER);
        request.basic_auth(email, Some("Wrong-password-1"))
    };
    assert_same_bytes("activate", each(&activate)).await;
    for body in [
        json!({"code": "12"}),
        json!({"code": ""}),
        json!({"code": "123456789"}),
    ] {
        let verify = |email: &str| {
            let mut body = body.clone();
            body["email"] = json!(email);
            server.post("/auth/verify", &body).seen_at(ATTACKER)
        };
        assert_same_bytes("verify", each(&verify)).await;
    }
    let resend = |email: &str| {
        server
            .post("/auth/resend", &json!({"email": email}))
            .seen_at(ATTACKER)
    };
    assert_same_bytes("resend", each(&resend)).await;
    let resend = |email: &str| {
        server
            .post("/auth/resend", &json!({}))
            .seen_at(ATTACKER)
            .basic_auth(email, Some("Wrong-password-1"))
    };
    assert_same_bytes("resend with a password", each(&resend)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_code_that_has_expired_is_told_only_to_the_registrant() {
    let server = with_people(&[PROXIED], 1).await;
    server.advance(Duration::from_mins(2));
    let verify = |email: &str| server.post("/auth/verify", &json!({"email": email, "code": "0000"}));
    assert_same_bytes(
        "verify",
        [UNKNOWN, KNOWN, PENDING].map(|email| verify(email).seen_at(ATTACKER)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_the_answers_are_the_same_past_the_limits_too() {
    let server = with_people(&[PROXIED], 1).await;
    for _ in 0..10 {
        for email in [UNKNOWN, KNOWN, PENDING] {
            login(&server, email).answer().await;
            server
                .post("/auth/verify", &json!({"email": email, "code": "1"}))
                .answer()
                .await;
        }
    }
    let each = [UNKNOWN, KNOWN, PENDING];
    assert_same_bytes("login", each.map(|email| login(&server, email))).await;
    let verify = |email: &str| server.post("/auth/verify", &json!({"email": email, "code": "0000"}));
    assert_same_bytes("verify", each.map(verify)).await;
    let right = [KNOWN, UNKNOWN].map(|email| {
        server
            .post("/auth/login", &json!({"email": email, "password": PASSWORD}))
            .seen_at(ATTACKER)
    });
    assert_same_bytes("login with the right password", right).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_mail_that_cannot_leave_changes_no_answer() {
    let server = with_people(&[PROXIED], 1).await;
    server
        .mailbox
        .set_outage(Some(SendError::transient(Stage::Tcp, "refused")));
    server.advance(Duration::from_mins(1));
    let resend = |email: &str| server.post("/auth/resend", &json!({"email": email}));
    assert_same_bytes("resend", [UNKNOWN, KNOWN, PENDING].map(resend)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t22_in_silent_mode_a_wrong_password_takes_as_long_for_anybody() {
    let server = with_people(&[WIDE.as_slice(), &[SILENT]].concat(), 1).await;
    assert_same_time(&server, &[UNKNOWN, KNOWN, PENDING], 2, |email| {
        login(&server, email)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t23_in_silent_mode_registering_says_nothing_about_accounts_at_any_step() {
    let server = with_people(&[PROXIED, SILENT], 0).await;
    let mut stories = Vec::new();
    for email in [UNKNOWN, KNOWN] {
        let own = register_from(&server, ATTACKER, email, "Another-password-1").await;
        server.settle().await;
        let status = server
            .get("/auth/registration")
            .header("registration-handle", super::client::handle(&own));
        let status = bytes(status.answer().await).await;
        let body = json!({"email": email, "password": "Another-password-1"});
        let login = server.post("/auth/login", &body).seen_at(ATTACKER).answer().await;
        let login = (
            login.status(),
            login.json::<Value>().await.unwrap()["user"]["is_verified"].clone(),
        );
        let body = json!({"email": email, "code": "12", "handle": super::client::handle(&own)});
        let wrong = bytes(
            server
                .post("/auth/verify", &body)
                .seen_at(ATTACKER)
                .answer()
                .await,
        )
        .await;
        let keys: Vec<String> = own.as_object().unwrap().keys().cloned().collect();
        stories.push((status, login, wrong, keys));
    }
    assert_eq!(stories[0], stories[1]);
    let told = server.mails_to(KNOWN).await;
    assert!(
        !told.last().unwrap().text.contains("/auth/verify/"),
        "the owner is told, and no code leaves"
    );
}
