//! Scripts of other sites: none, unless the operator names the site.

use reqwest::{Method, RequestBuilder};

use super::talk::{Talk, header, sample};
use crate::support::TestServer;

const NAMED: &str = "https://app.example.org";

async fn named() -> TestServer {
    TestServer::with(&[("USHER_SERVER__CORS_ORIGINS", NAMED)]).await
}

fn preflight(server: &TestServer, origin: &str) -> RequestBuilder {
    let request = server
        .request(Method::OPTIONS, "/auth/login")
        .header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header(
        "access-control-request-headers",
        "authorization,content-type,registration-handle",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn cors_is_off() {
    let server = TestServer::start().await;
    let answers = [
        preflight(&server, NAMED).answer().await,
        server.get("/health").header("origin", NAMED).answer().await,
        server
            .post("/auth/login", &sample("user@example.com"))
            .header("origin", NAMED)
            .answer()
            .await,
    ];
    for answer in answers {
        let names = answer.headers().keys().map(reqwest::header::HeaderName::as_str);
        let cors: Vec<_> = names.filter(|name| name.starts_with("access-control-")).collect();
        assert!(cors.is_empty(), "{cors:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_site_may_call_with_tokens_and_cookies() {
    let server = named().await;
    let answer = preflight(&server, NAMED).answer().await;
    assert!(answer.status().is_success());
    assert_eq!(header(&answer, "access-control-allow-origin"), NAMED);
    assert_eq!(header(&answer, "access-control-allow-credentials"), "true");
    let methods = header(&answer, "access-control-allow-methods");
    assert!(
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|name| methods.contains(name)),
        "{methods}"
    );
    let headers = header(&answer, "access-control-allow-headers");
    for name in ["authorization", "content-type", "registration-handle"] {
        assert!(headers.contains(name), "{headers}");
    }
    server.account("user@example.com").await;
    let login = server
        .post("/auth/login", &sample("user@example.com"))
        .header("origin", NAMED)
        .answer()
        .await;
    assert_eq!(login.status(), 200);
    assert_eq!(header(&login, "access-control-allow-origin"), NAMED);
    let exposed = header(&login, "access-control-expose-headers");
    assert!(
        exposed.contains("x-request-id") && exposed.contains("retry-after"),
        "{exposed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_named_may_not() {
    let server = named().await;
    for origin in [
        "https://evil.example.org",
        "https://app.example.org.evil.org",
        "http://app.example.org",
        "null",
    ] {
        let answer = preflight(&server, origin).answer().await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "", "{origin}");
        let login = server
            .post("/auth/login", &sample("user@example.com"))
            .header("origin", origin);
        assert_eq!(login.refuses(403).await, "cross_site", "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_can_be_read_by_the_named_site() {
    let server = named().await;
    let answer = server.get("/auth/me").header("origin", NAMED).answer().await;
    assert_eq!(answer.status(), 401);
    assert_eq!(header(&answer, "access-control-allow-origin"), NAMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_preflight_carries_a_request_id_too() {
    let server = named().await;
    let answer = preflight(&server, NAMED).answer().await;
    assert_ne!(header(&answer, "x-request-id"), "");
}
