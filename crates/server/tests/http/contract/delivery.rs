//! How the mail of a registration fares, which only the registrant sees.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use usher_mail::{SendError, Stage};
use usher_service::outbox::Again;
use usher_store::outbox;

use super::talk::{Talk, cookie, handle, members, micros, sample};
use crate::support::{TestServer, text};

fn status(server: &TestServer, handle: &str) -> RequestBuilder {
    server
        .get("/auth/registration")
        .header("registration-handle", handle)
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_a_mail_that_left_says_when_and_until_when_its_code_holds() {
    let server = TestServer::start().await;
    let now = server.usher.now().micros();
    let registered = server.register("user@example.com").await;
    server.settle().await;
    let seen = status(&server, &handle(&registered)).gives(200).await;
    assert_eq!(
        members(&seen),
        ["code_expires_at", "mail", "resend_after", "sent_at"]
    );
    assert_eq!(seen["mail"], "sent");
    assert_eq!(micros(&seen["sent_at"]), now);
    assert_eq!(micros(&seen["code_expires_at"]) - now, 60_000_000);
    assert_eq!(seen["resend_after"], registered["registration"]["resend_after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_the_code_expires_a_minute_after_the_mail_server_took_it_not_after_the_request() {
    let server = TestServer::start().await;
    server
        .mailbox
        .set_outage(Some(SendError::transient(Stage::Tcp, "down")));
    let registered = server.register("user@example.com").await;
    server.settle().await;
    server.mailbox.set_outage(None);
    server.advance(Duration::from_mins(5));
    server.settle().await;
    let seen = status(&server, &handle(&registered)).gives(200).await;
    let now = server.usher.now().micros();
    assert_eq!(
        (micros(&seen["sent_at"]), micros(&seen["code_expires_at"])),
        (now, now + 60_000_000)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_registration_does_not_wait_for_the_mail_server() {
    let server = TestServer::start().await;
    server
        .mailbox
        .set_outage(Some(SendError::transient(Stage::Tcp, "down")));
    let registered = server.register("user@example.com").await;
    server.settle().await;
    let seen = status(&server, &handle(&registered)).gives(200).await;
    assert_eq!(seen["mail"], "deferred");
    assert_eq!(
        (&seen["sent_at"], &seen["code_expires_at"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_a_mail_some_worker_is_busy_with_is_queued() {
    let server = TestServer::start().await;
    server
        .mailbox
        .set_outage(Some(SendError::transient(Stage::Tcp, "down")));
    let registered = server.register("user@example.com").await;
    server.settle().await;
    // A worker of another process takes it as soon as it is due again.
    let later = server.usher.now() + Duration::from_mins(1);
    let mut tx = server.usher.db.begin().await.unwrap();
    let taken = outbox::claim(&mut tx, "another", 1, Duration::from_mins(1), later)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.len(), 1);
    let seen = status(&server, &handle(&registered)).gives(200).await;
    assert_eq!(
        (&seen["mail"], &seen["sent_at"]),
        (&json!("queued"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_a_mail_refused_for_good_has_failed_and_another_may_be_asked_for() {
    let server = TestServer::start().await;
    server.mailbox.fail_next(vec![SendError::permanent(
        Stage::Recipient,
        "550 no such mailbox",
    )]);
    let registered = server.register("user@example.com").await;
    server.settle().await;
    let seen = status(&server, &handle(&registered)).gives(200).await;
    assert_eq!(
        (&seen["mail"], &seen["code_expires_at"]),
        (&json!("failed"), &Value::Null)
    );
    server.advance(Duration::from_secs(30));
    server
        .post("/auth/resend", &json!({"email": "user@example.com"}))
        .gives(202)
        .await;
    server.settle().await;
    assert_eq!(
        status(&server, &handle(&registered)).gives(200).await["mail"],
        "sent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_mail_waits_as_long_as_the_provider_asked() {
    let server = TestServer::start().await;
    let asked = SendError::transient(Stage::Data, "429").after(Some(Duration::from_secs(90)));
    server.mailbox.fail_next(vec![asked]);
    server.register("user@example.com").await;
    server.settle().await;
    let due = outbox::next_due(&server.usher.db).await.unwrap().unwrap();
    let pause = due.since(server.usher.now()).as_secs_f64();
    assert!((90.0..112.5).contains(&pause), "{pause} s");
    server.advance(Duration::from_secs(113));
    assert_eq!(server.mails_to("user@example.com").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_mail_that_was_given_up_is_shown_and_leaves_when_it_is_told_to() {
    let server = TestServer::start().await;
    let refused = SendError::permanent(Stage::Recipient, "550 no such mailbox");
    server.mailbox.fail_next(vec![refused]);
    server.register("user@example.com").await;
    server.settle().await;
    let status = server.usher.outbox_status().await.unwrap();
    let dead = &status.troubled[0];
    assert_eq!((status.count("dead"), status.troubled.len()), (1, 1));
    assert_eq!(
        (dead.domain.as_str(), dead.stage.as_deref()),
        ("example.com", Some("recipient"))
    );
    assert!(!format!("{status:?}").contains("user@"), "{status:?}");
    let again = Again::One(dead.id);
    assert_eq!(server.usher.retry_mail(again).await.unwrap(), 1);
    assert_eq!(server.mails_to("user@example.com").await.len(), 1);
    assert_eq!(
        server.usher.retry_mail(again).await.unwrap(),
        0,
        "what was sent stays sent"
    );
    let status = server.usher.outbox_status().await.unwrap();
    assert_eq!(
        (status.count("dead"), status.count("sent"), status.troubled.len()),
        (0, 1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_the_cookie_and_the_session_show_what_the_handle_shows() {
    let server = TestServer::start().await;
    let registered = server
        .post("/auth/register", &sample("user@example.com"))
        .answer()
        .await;
    let jar = cookie(&registered, "usher_registration");
    let body: Value = registered.json().await.unwrap();
    server.settle().await;
    let by_handle = status(&server, &handle(&body)).gives(200).await;
    let by_cookie = server
        .get("/auth/registration")
        .header("cookie", jar)
        .gives(200)
        .await;
    let token = text(&server.login("user@example.com").await["access_token"]);
    let by_session = server
        .get("/auth/registration")
        .bearer_auth(token)
        .gives(200)
        .await;
    assert_eq!((&by_cookie, &by_session), (&by_handle, &by_handle));
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_nobody_else_sees_it() {
    let server = TestServer::start().await;
    assert_eq!(
        server.get("/auth/registration").refuses(401).await,
        "not_authenticated"
    );
    server
        .mailbox
        .set_outage(Some(SendError::transient(Stage::Tcp, "down")));
    let registered = server.register("user@example.com").await;
    server.settle().await;
    let forged = format!("{}.{}", text(&registered["id"]), "0".repeat(32));
    let seen = status(&server, &forged).gives(200).await;
    assert_eq!(
        seen["mail"], "sent",
        "a forged handle sees what it would see of any id"
    );
    let garbage = status(&server, "garbage").refuses(401).await;
    assert_eq!(garbage, "not_authenticated");
}
