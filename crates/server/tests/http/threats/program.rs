//! What only the real program shows: T14 killed, T15 raw mails, T54 bad secrets, T59 its log.

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, handle};
use super::process::{Process, code, usher};
use crate::support::{Answer, PASSWORD, text, until, until_within};

#[tokio::test(flavor = "multi_thread")]
async fn t14_what_was_acknowledged_survives_five_kills() {
    let wide = [("USHER_LIMITS__ENABLED", "false")];
    let mut process = Process::start(&wide).await;
    let mut acknowledged: Vec<(String, Value)> = Vec::new();
    for round in 0..5 {
        let sent: Vec<_> = (0..8)
            .map(|number| {
                let email = format!("p{round}x{number}@example.org");
                let request = process.post("/auth/register", &json!({"email": email, "password": PASSWORD}));
                tokio::spawn(async move {
                    let answer = request.send().await.ok()?;
                    (answer.status() == StatusCode::CREATED).then_some(())?;
                    Some((email, answer.json::<Value>().await.ok()?))
                })
            })
            .collect();
        let mut answers = Vec::new();
        for answer in sent.into_iter().take(4 + round) {
            answers.push(answer.await.unwrap());
        }
        process = process.killed(&wide).await;
        acknowledged.extend(answers.into_iter().flatten());
    }
    assert!(acknowledged.len() >= 20, "{}", acknowledged.len());
    for (email, registered) in &acknowledged {
        let login = process.post("/auth/login", &json!({"email": email, "password": PASSWORD}));
        let signed = login.gives(StatusCode::OK).await;
        assert_eq!(signed["user"]["id"], registered["id"]);
    }
    // Where several programs send, the mails of a dead one wait for the end of their lease of a minute.
    let limit = Duration::from_secs(if process.storage.is_shared() { 120 } else { 10 });
    until_within(limit, "every mail has left", async || {
        let mails = process.mails(1).await.concat();
        acknowledged
            .iter()
            .all(|(email, _)| mails.contains(&format!("To: {email}")))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_nothing_that_is_sent_becomes_a_line_of_a_mail() {
    let process = Process::start(&[]).await;
    let breaks = [
        "\r\nBcc: eve@example.net",
        "\nBcc: eve@example.net",
        "\rX: y",
        "\u{2028}X: y",
        "\u{85}X: y",
        "%0d%0aX: y",
    ];
    for line in breaks {
        for body in [
            json!({"email": format!("a@example.org{line}"), "password": PASSWORD}),
            json!({"email": format!("a{line}@example.org"), "password": PASSWORD}),
            json!({"email": "a@example.org", "username": format!("a{line}"), "password": PASSWORD}),
        ] {
            let sent = process
                .post("/auth/register", &body)
                .header("user-agent", "x\tBcc: eve@example.net");
            let status = sent.answer().await.status();
            let is_plain_local_part = line.starts_with('%') && body["username"].is_null();
            assert!(
                status == 422 || is_plain_local_part && status.is_client_error(),
                "{body}: {status}"
            );
        }
    }
    let odd = "!#$%&'*+-/=?^_`{|}~@ex\u{E4}mple.org";
    let body = json!({"email": odd, "username": "=?utf-8?q?Bcc=3A?=", "password": PASSWORD});
    process.post("/auth/register", &body).refusal(422).await;
    let body = json!({"email": odd, "username": "O'Neil \u{6F22}", "password": PASSWORD});
    let own = process
        .post("/auth/register", &body)
        .gives(StatusCode::CREATED)
        .await;
    let mails = process.mails(1).await;
    let body = json!({"email": odd, "code": code(&mails[0]), "handle": handle(&own)});
    process.post("/auth/verify", &body).gives(StatusCode::OK).await;
    for mail in process.mails(2).await {
        let head = mail.split("\r\n\r\n").next().unwrap();
        let mut names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        names.sort_unstable();
        let expected = [
            "Auto-Submitted",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To",
        ];
        assert_eq!(names, expected, "{head}");
        assert!(
            head.contains("To: !#$%&'*+-/=?^_`{|}~@xn--exmple-cua.org"),
            "{head}"
        );
        assert!(
            !mail.replace("\r\n", "").contains(['\r', '\n']),
            "a bare line break"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t54_a_placeholder_or_short_secret_refuses_to_start_and_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for secret in [
        "change-me",
        "secret",
        "your-secret-key-goes-here-and-is-long-enough",
        "a1b2c3d4e5f6a7b8",
        &"0".repeat(64),
    ] {
        for variable in ["SECRET_KEY", "USHER_SECRETS__KEY"] {
            let mut command = usher(folder.path());
            command
                .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"])
                .env(variable, secret);
            let ended = tokio::time::timeout(std::time::Duration::from_secs(10), command.output());
            let ended = ended.await.expect("it must not serve").unwrap();
            assert!(!ended.status.success(), "{secret}");
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(said.trim_end().lines().count(), 1, "{said}");
            assert!(said.contains(variable), "{said}");
            assert!(secret.len() < 10 || !said.contains(secret), "{said}");
        }
    }
    assert!(!folder.path().join("data/usher.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn t59_nothing_a_client_sends_begins_a_line_of_the_log() {
    let agent = HeaderValue::from_bytes(b"x\t\xc2\x85INJECTED \x9b2K\xe2\x80\xa8INJECTED").unwrap();
    for format in ["json", "human"] {
        let process = Process::start(&[("RUST_LOG", "debug"), ("USHER_LOG__FORMAT", format)]).await;
        for path in [
            "/%0d%0aINJECTED",
            "/users/%0aINJECTED",
            "/auth/verify/%0d%0aINJECTED",
            "/?x=%0aINJECTED",
        ] {
            process
                .request(Method::GET, path)
                .header("user-agent", agent.clone())
                .answer()
                .await;
        }
        let body = json!({"email": "a@example.org\nINJECTED", "username": "a\r\nINJECTED", "password": "x\nINJECTED"});
        process
            .post("/auth/register", &body)
            .header("user-agent", agent.clone())
            .answer()
            .await;
        until("it has logged", async || {
            process.log.text().matches("answered").count() >= 5
        })
        .await;
        for line in process.log.text().lines() {
            if format == "json" {
                assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{line}");
            } else {
                assert!(line.starts_with("20") && line.as_bytes()[10] == b'T', "{line}");
                assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_t33_links_of_the_real_program_start_with_its_public_address() {
    let process = Process::start(&[]).await;
    let body = json!({"email": "a@example.org", "password": PASSWORD});
    let sent = process
        .post("/auth/register", &body)
        .header("host", "evil.example")
        .answer()
        .await;
    let registered = sent.expect(StatusCode::CREATED).await;
    assert!(text(&registered["registration"]["handle"]).contains('.'));
    let mail = super::process::unfolded(&process.mails(1).await[0]);
    assert!(
        mail.contains("https://accounts.example/auth/verify/") && !mail.contains("evil"),
        "{mail}"
    );
}
