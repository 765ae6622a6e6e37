//! T57: the headers that protect the reader of an answer.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::client::Sent;
use crate::support::{PASSWORD, TestServer};

const EMAIL: &str = "owner@example.org";

/// One of every kind of answer.
fn every_kind(server: &TestServer, token: &str) -> Vec<(u16, RequestBuilder)> {
    let wrong = json!({"email": EMAIL, "password": "Wrong-password-1"});
    vec![
        (200, server.get("/")),
        (200, server.get("/").header("accept", "text/html")),
        (200, server.get("/health")),
        (200, server.get("/openapi.json")),
        (200, server.get("/.well-known/jwks.json")),
        (200, server.get("/auth/me").bearer_auth(token)),
        (200, server.get("/mailbox/email")),
        (
            201,
            server.post(
                "/auth/register",
                &json!({"email": "new@example.org", "password": PASSWORD}),
            ),
        ),
        (202, server.post("/auth/resend", &json!({"email": EMAIL}))),
        (
            400,
            server.post("/auth/register", &json!({"email": EMAIL, "password": PASSWORD})),
        ),
        (401, server.post("/auth/login", &wrong)),
        (401, server.get("/auth/me").header("accept", "text/html")),
        (403, server.get("/users").bearer_auth(token)),
        (
            403,
            server
                .post("/auth/login", &wrong)
                .header("sec-fetch-site", "cross-site"),
        ),
        (404, server.get("/nowhere")),
        (404, server.get("/nowhere").header("accept", "text/html")),
        (405, server.request(Method::DELETE, "/auth/login")),
        (
            413,
            server.post("/auth/login", &json!({"password": "x".repeat(40_000)})),
        ),
        (
            415,
            server
                .request(Method::POST, "/auth/login")
                .header("content-type", "text/plain")
                .body("x"),
        ),
        (422, server.post("/auth/login", &json!({}))),
    ]
}

fn assert_protected(headers: &HeaderMap, what: &str) {
    let value = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(value("referrer-policy"), "no-referrer", "{what}");
    assert!(
        value("content-security-policy").contains("frame-ancestors 'none'"),
        "{what}"
    );
    assert!(
        value("content-security-policy").contains("default-src 'none'"),
        "{what}"
    );
    assert!(!value("content-security-policy").contains("unsafe"), "{what}");
    assert_eq!(value("x-frame-options"), "DENY", "{what}");
    assert_eq!(value("x-request-id").len(), 16, "{what}");
    assert!(
        !headers.contains_key("server") && !headers.contains_key("x-powered-by"),
        "{what}"
    );
    let public = what.contains("jwks");
    assert!(
        public || value("cache-control") == "no-store",
        "{what}: {}",
        value("cache-control")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t57_every_kind_of_answer_carries_the_headers_that_protect_its_reader() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in(EMAIL).await;
    for (status, request) in every_kind(&server, &token) {
        let answer = request.answer().await;
        let what = format!("{status} {}", answer.url());
        assert_eq!(answer.status().as_u16(), status, "{what}");
        assert_protected(answer.headers(), &what);
        assert!(
            !answer.headers().contains_key("strict-transport-security"),
            "{what}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t57_an_answer_to_a_slow_body_carries_them_too() {
    let server = TestServer::with(&[("USHER_SERVER__BODY_TIMEOUT", "100ms")]).await;
    let mut wire = super::client::Wire::to(&server).await;
    wire.send("POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
        .await;
    let answer = wire.rest().await.to_lowercase();
    assert!(answer.starts_with("http/1.1 408"), "{answer}");
    for line in [
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "x-request-id: ",
    ] {
        assert!(answer.contains(line), "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t57_an_answer_to_a_preflight_carries_them_too() {
    let server = TestServer::with(&[("USHER_SERVER__CORS_ORIGINS", "https://app.example")]).await;
    let preflight = server
        .request(Method::OPTIONS, "/auth/login")
        .header("origin", "https://app.example");
    let answer = preflight
        .header("access-control-request-method", "POST")
        .answer()
        .await;
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert!(
        answer.headers().contains_key("x-request-id"),
        "{:?}",
        answer.headers()
    );
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn t57_a_site_on_https_says_to_stay_there_and_binds_its_cookies() {
    let server = TestServer::with(&[
        ("USHER_SERVER__PUBLIC_URL", "https://accounts.example"),
        ("USHER_MAIL__TRANSPORT", "file"),
    ])
    .await;
    let registered = server.post("/auth/register", &json!({"email": EMAIL, "password": PASSWORD}));
    let registered = registered.answer().await;
    let cookie = registered.headers()["set-cookie"].to_str().unwrap().to_owned();
    let parts: Vec<&str> = cookie.split("; ").collect();
    assert!(parts[0].starts_with("__Host-usher_registration="), "{cookie}");
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(parts.contains(&part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    for (status, request) in every_kind(&server, "x")
        .into_iter()
        .filter(|(status, _)| [404, 405, 415, 422].contains(status))
    {
        let answer = request.answer().await;
        assert_eq!(answer.status().as_u16(), status);
        let hsts = answer.headers()["strict-transport-security"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(hsts.starts_with("max-age=31536000"), "{hsts}");
    }
    assert_eq!(server.get("/mailbox/email").refusal(404).await, "not_found");
}
