//! T16: secrets that went through the whole program are found nowhere afterwards: not in the database,
//! not in its journals, not in the most talkative log, not in answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, handle};
use super::process::{Process, code, link};
use crate::support::{Answer, TestServer, text, until};

const EMAIL: &str = "canary@example.org";
const FIRST: &str = "Canary-first-password-1";
const SECOND: &str = "Canary-second-password-2";
const WRONG: &str = "Canary-wrong-password-3";

/// Lives a whole life with the program and returns every secret in it, by its name.
async fn live(process: &Process) -> Vec<(&'static str, String)> {
    let mut secrets = vec![
        ("first password", FIRST.to_owned()),
        ("second password", SECOND.to_owned()),
    ];
    secrets.push(("wrong password", WRONG.to_owned()));
    let body = json!({"email": EMAIL, "password": FIRST});
    let own = process
        .post("/auth/register", &body)
        .gives(StatusCode::CREATED)
        .await;
    let mail = process.mails(1).await.remove(0);
    let (code, link) = (code(&mail), link(&mail));
    secrets.extend([("code", code.clone()), ("link", link.clone())]);
    secrets.push(("handle", handle(&own).split('.').nth(1).unwrap().to_owned()));
    let status = process
        .request(Method::GET, "/auth/registration")
        .header("registration-handle", handle(&own));
    status.gives(StatusCode::OK).await;
    process
        .request(Method::GET, &format!("/auth/verify/{link}"))
        .answer()
        .await;
    let wrong = json!({"code": "00000000", "password": WRONG});
    process
        .post(&format!("/auth/verify/{link}"), &wrong)
        .answer()
        .await;
    process
        .request(Method::POST, "/auth/activate")
        .basic_auth(EMAIL, Some(WRONG))
        .json(&wrong)
        .answer()
        .await;
    let body = json!({"code": code, "handle": handle(&own)});
    process
        .post(&format!("/auth/verify/{link}"), &body)
        .gives(StatusCode::OK)
        .await;
    process
        .post("/auth/login", &json!({"email": EMAIL, "password": WRONG}))
        .refusal(401)
        .await;
    let signed = process
        .post("/auth/login", &json!({"email": EMAIL, "password": FIRST}))
        .answer()
        .await;
    let signed = signed.expect(StatusCode::OK).await;
    keep(&mut secrets, &signed, "first access token", "first refresh token");
    let again = process.post(
        "/auth/refresh",
        &json!({"refresh_token": signed["refresh_token"]}),
    );
    let again = again.gives(StatusCode::OK).await;
    keep(
        &mut secrets,
        &again,
        "second access token",
        "second refresh token",
    );
    let body = json!({"current_password": FIRST, "password": SECOND});
    let changed = process
        .post("/auth/password/change", &body)
        .bearer_auth(text(&again["access_token"]));
    changed.gives(StatusCode::OK).await;
    let malformed = format!("{{\"email\":\"{EMAIL}\",\"password\":[\"{SECOND}\"]}}");
    process
        .request(Method::POST, "/auth/login")
        .body(malformed)
        .refusal(422)
        .await;
    secrets
}

fn keep(
    secrets: &mut Vec<(&'static str, String)>,
    signed: &Value,
    access: &'static str,
    refresh: &'static str,
) {
    let token = text(&signed["access_token"]);
    secrets.push((access, token.rsplit('.').next().unwrap().to_owned()));
    secrets.push((refresh, text(&signed["refresh_token"])));
}

/// A secret as it may lie somewhere: as text, or as the bytes it spells.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    if secret.len() > 40 {
        let bytes = URL_SAFE_NO_PAD.decode(secret).unwrap();
        // What stands in front of the secret itself names the session or the registration, and is none.
        forms.push(bytes[20..].to_vec());
    } else if secret.len() == 32 {
        forms.push(u128::from_str_radix(secret, 16).unwrap().to_be_bytes().to_vec());
    }
    forms
}

fn holds(content: &[u8], form: &[u8]) -> bool {
    content.windows(form.len()).any(|window| window == form)
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_no_secret_lies_in_the_database_its_journal_or_the_log() {
    let process = Process::start(&[("RUST_LOG", "trace")]).await;
    let secrets = live(&process).await;
    assert_eq!(secrets.len(), 10);
    process.mails(2).await;
    let on_server = process.storage.content().await;
    let database: Vec<_> = process
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("data"))
        .chain(on_server.map(|content| ("PostgreSQL".into(), content)))
        .collect();
    let names: Vec<_> = database
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        names
            .iter()
            .any(|name| name.ends_with("usher.db-wal") || name == "PostgreSQL"),
        "{names:?}"
    );
    until("the last act is logged", async || {
        process.log.text().contains("422")
    })
    .await;
    let log = process.log.text() + &process.said.text();
    assert!(
        log.contains("\"DEBUG\"") || log.contains("\"TRACE\""),
        "{}",
        log.lines().take(20).collect::<String>()
    );
    for (name, secret) in &secrets {
        for form in forms(secret) {
            for (path, content) in &database {
                assert!(!holds(content, &form), "the {name} lies in {}", path.display());
            }
            assert!(!holds(log.as_bytes(), &form), "the {name} is in the log");
        }
    }
    let known: Vec<_> = database
        .iter()
        .filter(|(_, content)| holds(content, EMAIL.as_bytes()))
        .collect();
    assert!(!known.is_empty(), "the search finds what is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_the_log_at_its_usual_level_names_nobody() {
    let process = Process::start(&[]).await;
    live(&process).await;
    until("the last act is logged", async || {
        process.log.text().contains("422")
    })
    .await;
    let log = process.log.text() + &process.said.text();
    assert!(!log.contains("canary@"), "an address in clear");
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_no_answer_holds_a_hash() {
    let server = TestServer::start().await;
    let (admin, id) = server.admin(EMAIL).await;
    server.register("pending@example.org").await;
    for path in [
        "/auth/me",
        "/users",
        "/sessions",
        &format!("/users/{id}"),
        &format!("/users/{id}/export"),
        &format!("/profile/{id}"),
    ] {
        let answer = server.get(path).bearer_auth(&admin).answer().await;
        let body = answer.expect(StatusCode::OK).await.to_string();
        for word in ["argon2", "hash", "$2b$", "mac\"", "refresh"] {
            assert!(!body.contains(word), "{path}: {body}");
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn t16_secrets_and_database_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let server = TestServer::start().await;
    server.register(EMAIL).await;
    let folder = server.data.path().join("data");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 2);
}
