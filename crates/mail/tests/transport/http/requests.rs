//! What each provider is sent, and what its answers mean.

use serde_json::{Value, json};
use usher_mail::{Failure, Http, Provider, SendError, Stage};

use super::server::{Act, Seen, Server};
use super::{PROVIDERS, http};
use crate::mail;

async fn sent(provider: Provider) -> Seen {
    let server = Server::start([]).await;
    http(provider, &server).send(&mail(1)).await.expect("taken");
    server.requests().remove(0)
}

async fn answered(provider: Provider, act: Act) -> SendError {
    let server = Server::start([act]).await;
    let error = http(provider, &server)
        .send(&mail(1))
        .await
        .expect_err("a failure");
    assert_eq!(server.requests().len(), 1, "nothing was tried twice or elsewhere");
    error
}

fn body(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).expect("JSON")
}

#[tokio::test]
async fn m19_mailgun_gets_a_form() {
    let seen = sent(Provider::Mailgun).await;
    assert_eq!(seen.head[0], "POST /messages HTTP/1.1");
    // api:hunter2
    assert_eq!(seen.header("authorization"), Some("Basic YXBpOmh1bnRlcjI="));
    assert_eq!(
        seen.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    for field in [
        "from=Usher%20%3Cno%2Dreply%40accounts%2Eexample%2Eorg%3E",
        "to=ada%40example%2Eorg",
        "subject=Your%20verification%20code%3A%200412",
        "html=%3Cp%3ECode%3A%200412%3C%2Fp%3E%0A",
        "o%3Atracking=no",
        "h%3AMessage%2DId=%3Cmail%2D1%40accounts%2Eexample%2Eorg%3E",
    ] {
        assert!(
            seen.body.split('&').any(|found| found == field),
            "{field}: {}",
            seen.body
        );
    }
}

#[tokio::test]
async fn m19_resend_gets_json_under_a_bearer_key() {
    let seen = sent(Provider::Resend).await;
    assert_eq!(seen.head[0], "POST /emails HTTP/1.1");
    assert_eq!(seen.header("authorization"), Some("Bearer hunter2"));
    let body = body(&seen);
    assert_eq!(body["from"], "Usher <no-reply@accounts.example.org>");
    assert_eq!(body["to"], json!(["ada@example.org"]));
    assert_eq!(body["subject"], "Your verification code: 0412");
    assert_eq!(body["text"], "Code: 0412\n.\n.hidden\n");
}

#[tokio::test]
async fn m19_mailpit_gets_json_in_its_own_words() {
    let seen = sent(Provider::Mailpit).await;
    assert_eq!(seen.head[0], "POST /api/v1/send HTTP/1.1");
    // ada:hunter2
    assert_eq!(seen.header("authorization"), Some("Basic YWRhOmh1bnRlcjI="));
    let body = body(&seen);
    assert_eq!(
        body["From"],
        json!({"Email": "no-reply@accounts.example.org", "Name": "Usher"})
    );
    assert_eq!(body["To"], json!([{"Email": "ada@example.org"}]));
    assert_eq!(body["HTML"], "<p>Code: 0412</p>\n");
    assert_eq!(body["Headers"]["Message-ID"], "<mail-1@accounts.example.org>");
}

#[tokio::test]
async fn m19_a_webhook_gets_json_under_a_signature_over_id_time_and_body() {
    let seen = sent(Provider::Webhook).await;
    assert_eq!(seen.head[0], "POST / HTTP/1.1");
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("webhook-id"), Some("mail-1@accounts.example.org"));
    assert_eq!(seen.header("webhook-timestamp"), Some("1700000000"));
    let whole = json!({
        "type": "mail",
        "message_id": "mail-1@accounts.example.org",
        "date": "2023-11-14T22:13:20Z",
        "from": {"email": "no-reply@accounts.example.org", "name": "Usher"},
        "to": "ada@example.org",
        "subject": "Your verification code: 0412",
        "text": "Code: 0412\n.\n.hidden\n",
        "html": "<p>Code: 0412</p>\n",
    });
    assert_eq!(body(&seen), whole);
    // Made by another program, of "mail-1@accounts.example.org.1700000000." and the body above.
    assert_eq!(
        seen.header("webhook-signature"),
        Some("v1,HtvZDSUuDgsB4/PcwPtS6TPqquJWbj7c/9+NBozhQ8U="),
        "{}",
        seen.body
    );
}

#[tokio::test]
async fn every_provider_is_told_the_same_key_for_the_same_dispatch_and_another_for_another() {
    for provider in PROVIDERS {
        let server = Server::start([]).await;
        let http = http(provider, &server);
        for number in [1, 1, 2] {
            http.send(&mail(number)).await.expect("taken");
        }
        let keys: Vec<_> = server
            .requests()
            .iter()
            .map(|seen| seen.header("idempotency-key").unwrap_or_default().to_owned())
            .collect();
        let [first, second] = [1, 2].map(|number| mail(number).message_id);
        assert_eq!(keys, [first.clone(), first, second], "{provider:?}");
    }
}

#[tokio::test]
async fn a_yes_that_is_not_the_providers_is_no_yes() {
    let page = Act::Answer(
        200,
        "content-type: text/html\r\n",
        "<html>Sign in to the network</html>",
    );
    for provider in [Provider::Mailgun, Provider::Resend, Provider::Mailpit] {
        let error = answered(provider, page).await;
        assert_eq!((error.kind, error.stage), (Failure::Transient, Stage::Data));
        assert_eq!(error.detail, "200 with a body that is not the provider's");
    }
    let server = Server::start([Act::Answer(204, "", "")]).await;
    http(Provider::Webhook, &server)
        .send(&mail(1))
        .await
        .expect("a webhook may say nothing");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_costs_no_mail() {
    let moved = Act::Answer(308, "location: http://127.0.0.1:1/\r\n", "");
    for provider in PROVIDERS {
        let error = answered(provider, moved).await;
        assert_eq!((error.kind, error.stage), (Failure::Permanent, Stage::Sender));
        assert_eq!(error.detail, "308 (is the url right?)");
    }
}

#[tokio::test]
async fn t16_a_providers_words_are_told_without_key_address_code_or_link() {
    let words = r#"{"message": "key hunter2: ada@example.org got 0412, see https://x.example/1"}"#;
    let error = answered(Provider::Resend, Act::Answer(422, "", words)).await;
    assert_eq!(error.detail, "422 key ***: *** got *** see ***");
    let error = answered(Provider::Mailgun, Act::Answer(401, "", words)).await;
    assert_eq!((error.stage, error.detail.as_str()), (Stage::Auth, "401"));
}

#[tokio::test]
async fn t16_debug_keeps_the_key() {
    let server = Server::start([]).await;
    for provider in PROVIDERS {
        let shown = format!("{:?}", http(provider, &server));
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    }
}

#[tokio::test]
async fn a_probe_tells_a_wrong_key_from_a_right_one_and_sends_nothing() {
    for provider in [Provider::Mailgun, Provider::Resend, Provider::Mailpit] {
        for status in [400, 422] {
            let server = Server::start([Act::Answer(status, "", "{}")]).await;
            http(provider, &server).probe().await.expect("let in");
            assert!(!server.requests()[0].body.contains("example.org"));
        }
        for (status, stage) in [(401, Stage::Auth), (403, Stage::Auth), (404, Stage::Sender)] {
            let server = Server::start([Act::Answer(status, "", "{}")]).await;
            let error = http(provider, &server).probe().await.expect_err("not let in");
            assert_eq!((error.kind, error.stage), (Failure::Permanent, stage), "{status}");
        }
    }
    let server = Server::start([]).await;
    http(Provider::Webhook, &server).probe().await.expect("reached");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let url = Some("https://api.mailgun.net/v3/mg.example.org");
    Http::new(Provider::Mailgun, url, Some("key-1")).expect("settings");
    Http::new(Provider::Mailpit, None, None).expect("needs nothing");
    for (provider, url, key) in [
        (Provider::Mailgun, None, Some("k")),
        (Provider::Webhook, None, Some("k")),
        (Provider::Mailgun, url, None),
        (Provider::Resend, None, None),
        (Provider::Resend, Some("http://api.resend.com"), Some("k")),
    ] {
        let error = Http::new(provider, url, key).expect_err("refused").to_string();
        assert!(!error.contains('\n'), "{error}");
    }
}
