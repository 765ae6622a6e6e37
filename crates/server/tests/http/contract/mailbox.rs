//! The development mailbox, read as MailDev's clients read it.

use reqwest::Method;
use serde_json::{Value, json};

use super::talk::{Talk, micros};
use crate::support::{TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m21_mails_have_the_shape_of_maildev() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    server.settle().await;
    let list = server.get("/mailbox/email").gives(200).await;
    let mails = list.as_array().unwrap();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    for name in ["id", "subject", "text", "html", "messageId", "priority"] {
        assert!(!text(&mail[name]).is_empty(), "{name}");
    }
    for name in ["time", "date"] {
        assert_eq!(micros(&mail[name]), server.usher.now().micros(), "{name}");
    }
    assert_eq!(mail["to"], json!([{"address": "user@example.com", "name": ""}]));
    assert_eq!(mail["envelope"]["to"], json!([{"address": "user@example.com"}]));
    assert_eq!(mail["from"][0]["address"], mail["envelope"]["from"]["address"]);
    assert_eq!(mail["headers"]["subject"], mail["subject"]);
    assert!(mail["size"].as_u64().unwrap() > 500);
    assert_eq!(mail["read"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_client_written_for_maildev_finds_its_code() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    server.settle().await;
    let list = server.get("/mailbox/email").gives(200).await;
    let one = server
        .get(&format!("/mailbox/email/{}", text(&list[0]["id"])))
        .gives(200)
        .await;
    assert_eq!(one, list[0]);
    let words = text(&one["text"]);
    let code = words
        .split(|letter: char| !letter.is_ascii_digit())
        .find(|word| word.len() == 4)
        .unwrap();
    let body = json!({"email": "user@example.com", "verification_code": code});
    server.post("/auth/verify", &body).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_the_mailbox_is_emptied_at_once() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    server.settle().await;
    let gone = server.get("/mailbox/email").gives(200).await[0]["id"].clone();
    assert_eq!(
        server
            .request(Method::DELETE, "/mailbox/email/all")
            .gives(200)
            .await,
        json!(true)
    );
    assert_eq!(server.get("/mailbox/email").gives(200).await, json!([]));
    let path = format!("/mailbox/email/{}", text(&gone));
    assert_eq!(server.get(&path).refuses(404).await, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_where_mail_really_leaves_there_is_no_mailbox() {
    let server = TestServer::with(&[
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org"),
        ("USHER_MAIL__TRANSPORT", "file"),
        ("USHER_METRICS__LISTEN", "off"),
    ])
    .await;
    server.register("user@example.com").await;
    for (method, path) in [
        (Method::GET, "/mailbox/email"),
        (Method::GET, "/mailbox/email/0a1b2c3d"),
        (Method::DELETE, "/mailbox/email/all"),
    ] {
        let problem: Value = server.request(method, path).problem(404).await;
        assert_eq!(problem["code"], "not_found", "{path}");
    }
}
