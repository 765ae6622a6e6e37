//! Links in mails: T32 looked at by scanners, T33 leaked and used again.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{ATTACKER, PROXIED, Sent, VICTIM, handle, register_from};
use crate::support::{Answer, PASSWORD, TestServer, text};

const EMAIL: &str = "victim@example.org";

async fn status(server: &TestServer, registered: &Value) -> Value {
    let asked = server
        .get("/auth/registration")
        .header("registration-handle", handle(registered));
    asked.gives(StatusCode::OK).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t32_looking_at_a_link_changes_nothing_however_often_and_by_whom() {
    let server = TestServer::with(&[PROXIED]).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    let before = status(&server, &own).await;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for agent in ["Mozilla/5.0 (scanner)", "facebookexternalhit/1.1", "curl/8"] {
            for path in [
                link.clone(),
                format!("{link}?code={code}"),
                format!("{link}?verify=1"),
            ] {
                let looked = server
                    .request(method.clone(), &path)
                    .header("user-agent", agent)
                    .seen_at(VICTIM);
                let cookie = format!("usher_registration={}", handle(&own));
                let looked = looked.header("cookie", cookie).answer().await;
                assert!(!looked.status().is_server_error() && !looked.status().is_redirection());
                assert!(!looked.headers().contains_key("set-cookie"), "{method} {path}");
            }
        }
    }
    assert_eq!(status(&server, &own).await, before);
    assert_eq!(server.mails_to(EMAIL).await.len(), 1);
    let body = json!({"code": code, "handle": handle(&own)});
    server
        .post(&link, &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t32_a_scanner_that_submits_the_form_without_a_code_changes_nothing() {
    let server = TestServer::with(&[PROXIED]).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    for body in [json!({}), json!({"code": ""}), json!({"code": null})] {
        for _ in 0..4 {
            let sent = server.post(&link, &body).seen_at(ATTACKER).answer().await;
            assert_eq!(sent.refused(400).await, "registration_ambiguous");
        }
    }
    let body = json!({"code": code, "handle": handle(&own)});
    server
        .post(&link, &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_a_link_is_good_once() {
    let server = TestServer::with(&[PROXIED]).await;
    let own = register_from(&server, VICTIM, EMAIL, PASSWORD).await;
    let (code, link) = (server.code(EMAIL).await, server.link(EMAIL).await);
    let body = json!({"code": code, "handle": handle(&own), "password": PASSWORD});
    server
        .post(&link, &body)
        .seen_at(VICTIM)
        .gives(StatusCode::OK)
        .await;
    for ip in [VICTIM, ATTACKER] {
        let replayed = server.post(&link, &body).seen_at(ip).answer().await;
        assert_eq!(replayed.refused(404).await, "not_found");
        assert_eq!(
            server.get(&link).seen_at(ip).answer().await.status(),
            StatusCode::NOT_FOUND
        );
    }
    server.restart(&[]).await.post(&link, &body).refusal(404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_a_link_lapses_with_its_registration_and_any_changed_byte() {
    let server = TestServer::start().await;
    let own = server.register(EMAIL).await;
    let link = server.link(EMAIL).await;
    let body = json!({"code": "0000", "handle": handle(&own)});
    let last = link.len() - 1;
    let other = if link.ends_with('A') { "B" } else { "A" };
    for changed in [
        format!("{}{other}", &link[..last]),
        link[..last].to_owned(),
        format!("{link}A"),
    ] {
        server.post(&changed, &body).refusal(404).await;
    }
    server.advance(std::time::Duration::from_hours(24));
    server.post(&link, &body).refusal(404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_answers_to_a_link_are_neither_kept_nor_told_to_others_and_do_not_repeat_it() {
    let server = TestServer::start().await;
    let own = server.register(EMAIL).await;
    let link = server.link(EMAIL).await;
    let secret = link.rsplit('/').next().unwrap().to_owned();
    let requests = [
        server.get(&link),
        server.get(&link).header("accept", "text/html"),
        server.request(Method::HEAD, &link),
        server.post(&link, &json!({"code": "0000", "handle": handle(&own)})),
        server.post(&link, &json!({"code": 1})),
        server.request(Method::DELETE, &link),
    ];
    for request in requests {
        let answer = request.answer().await;
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(!format!("{:?}", answer.headers()).contains(&secret));
        assert!(!answer.text().await.unwrap().contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t33_a_link_needs_the_handle_of_its_own_registration() {
    let server = TestServer::start().await;
    let first = server.register(EMAIL).await;
    let link = server.link(EMAIL).await;
    server.advance(std::time::Duration::from_secs(31));
    let second = server.register(EMAIL).await;
    let younger = server.link(EMAIL).await;
    assert_ne!(link, younger);
    let body = json!({"code": server.code(EMAIL).await, "handle": handle(&first)});
    let mixed = server.post(&younger, &body).answer().await;
    assert_eq!(
        mixed.refused(400).await,
        "registration_ambiguous",
        "a link needs the handle of its own registration"
    );
    let body = json!({"code": server.code(EMAIL).await, "handle": text(&second["registration"]["handle"])});
    server.post(&younger, &body).gives(StatusCode::OK).await;
    server.post(&link, &body).refusal(404).await;
}
