//! A PostgreSQL server that is late, or goes away under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::node::{Node, code, run, said, until};
use crate::own::Own;

#[tokio::test(flavor = "multi_thread")]
async fn m18_the_first_start_waits_for_the_server_and_says_so() {
    let Some(mut own) = Own::create() else { return };
    let mail = tempfile::tempdir().unwrap();
    let mut node = Node::begin(&own.url("127.0.0.1", ""), mail.path(), &[]);
    until("it says that it waits", async || {
        node.log().contains("waiting for PostgreSQL")
    })
    .await;
    own.start();
    node.serves().await;
    node.register("user@example.com").await;
    code(mail.path(), "user@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_a_server_that_does_not_come_ends_the_start_with_one_line() {
    let Some(own) = Own::create() else { return };
    let url = own.url("127.0.0.1", "");
    for (line, wait, words) in [
        ("serve", "1s", "was not there within 1s"),
        ("migrate", "0ms", "cannot use PostgreSQL"),
    ] {
        let env = [("USHER_DATABASE__WAIT", wait), ("USHER_LOG__LEVEL", "error")];
        let refused = run(line, &url, &env).await;
        let text = said(&refused);
        assert!(!refused.status.success());
        assert!(
            text.lines().count() == 1 && text.contains(words) && text.matches("refused").count() == 1,
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_a_server_that_restarts_under_load_is_trouble_but_never_a_401() {
    let Some(mut own) = Own::create() else { return };
    own.start();
    let mail = tempfile::tempdir().unwrap();
    let env = [("USHER_DATABASE__ACQUIRE_TIMEOUT", "1s")];
    let mut node = Node::start(&own.url("127.0.0.1", ""), mail.path(), &env).await;
    let registered = node.register("user@example.com").await;
    let code = code(mail.path(), "user@example.com").await;
    let handle = &registered["registration"]["handle"];
    let body = json!({"email": "user@example.com", "code": code, "handle": handle});
    assert_eq!(node.post("/auth/verify", &body).await.status(), 200);
    let token = node.login("user@example.com").await;
    let node_at = node.base.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let (stop, token, base) = (Arc::clone(&stop), token.clone(), node_at.clone());
            tokio::spawn(async move {
                let http = reqwest::Client::new();
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let (path, body) = [
                        ("/auth/me", None),
                        (
                            "/auth/login",
                            Some(json!({"email": "user@example.com", "password": "Password123"})),
                        ),
                    ][number % 2]
                        .clone();
                    let request = match body {
                        Some(body) => http.post(format!("{base}{path}")).json(&body),
                        None => http.get(format!("{base}{path}")),
                    };
                    let answer = request.bearer_auth(&token).send().await.unwrap();
                    let waits = answer.headers().contains_key("retry-after");
                    seen.push((path, answer.status().as_u16(), waits));
                }
                seen
            })
        })
        .collect();
    let mut recovered = Vec::new();
    for _ in 0..3 {
        own.stop();
        until("requests are refused", async || node.me(&token).await == 503).await;
        own.start();
        let back = Instant::now();
        until("requests are served", async || node.me(&token).await == 200).await;
        recovered.push(back.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    let mut refused = 0;
    for client in clients {
        for (path, status, waits) in client.await.unwrap() {
            assert!(matches!(status, 200 | 503), "{path}: {status}");
            assert!(status == 200 || waits, "{path}: 503 without Retry-After");
            refused += u32::from(status == 503);
        }
    }
    recovered.sort();
    eprintln!("back after {recovered:?}, {refused} refused");
    assert!(refused > 0);
    // Mostly: one late answer of a busy machine says nothing about the program.
    assert!(recovered[1] < Duration::from_secs(5), "{recovered:?}");
    assert!(node.child.try_wait().unwrap().is_none(), "the program goes on");
    // Mail leaves again, and an ending is heard of again.
    node.register("other@example.com").await;
    crate::node::code(mail.path(), "other@example.com").await;
    assert_eq!(node.act("/auth/logout", &token).await, 200);
    assert_eq!(node.me(&token).await, 401);
}
