//! The description and the server tell the same story about what there is.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::openapi::operations;
use super::talk::Talk;
use crate::support::TestServer;

/// The published paths and their methods, aliases and the pages on the same paths too.
const PUBLISHED: [(&str, &str); 39] = [
    ("/", "GET"),
    ("/.well-known/jwks.json", "GET"),
    ("/auth/access-token", "POST"),
    ("/auth/activate", "PATCH POST"),
    ("/auth/login", "POST"),
    ("/auth/logout", "POST"),
    ("/auth/me", "GET"),
    ("/auth/password/change", "POST"),
    ("/auth/refresh", "POST"),
    ("/auth/register", "POST"),
    ("/auth/registration", "GET"),
    ("/auth/resend", "POST"),
    ("/auth/verify", "POST"),
    ("/auth/verify/{token}", "GET POST"),
    ("/health", "GET"),
    ("/health/live", "GET"),
    ("/health/ready", "GET"),
    ("/link/api/captive", "GET"),
    ("/link/api/me", "GET"),
    ("/link/api/plans/{id}", "DELETE GET PUT"),
    ("/link/api/recent", "GET"),
    ("/link/api/runs", "GET"),
    ("/link/api/runs/{id}", "GET"),
    ("/link/api/stream", "GET"),
    ("/login", "GET POST"),
    ("/mailbox/email", "GET"),
    ("/mailbox/email/all", "DELETE"),
    ("/mailbox/email/{id}", "GET"),
    ("/profile/{id}", "GET PUT"),
    ("/register", "GET POST"),
    ("/sessions", "GET"),
    ("/sessions/", "GET"),
    ("/sessions/terminate", "DELETE POST"),
    ("/sessions/terminate-all", "DELETE POST"),
    ("/sessions/terminate-others", "DELETE POST"),
    ("/users", "GET POST"),
    ("/users/{id}", "DELETE GET PATCH PUT"),
    ("/users/{id}/export", "GET"),
    ("/verify", "GET POST"),
];

fn published() -> BTreeSet<String> {
    let each = PUBLISHED.iter().flat_map(|(path, methods)| {
        methods
            .split_whitespace()
            .map(move |method| format!("{method} {path}"))
    });
    each.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_the_document_describes_what_is_published_and_nothing_else() {
    let server = TestServer::start().await;
    let document: Value = server.get("/openapi.json").gives(200).await;
    let described: BTreeSet<_> = operations(&document).into_iter().map(|(what, _)| what).collect();
    assert_eq!(described, published());
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_the_server_answers_what_is_described_and_nothing_else() {
    let server = TestServer::start().await;
    let described = published();
    for (path, _) in PUBLISHED {
        let real = path
            .replace("{id}", "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f")
            .replace("{token}", "none");
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let what = format!("{method} {path}");
            let status = server.request(method, &real).answer().await.status().as_u16();
            assert_eq!(status != 405, described.contains(&what), "{what} gives {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_figures_are_not_on_the_main_listener() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/metrics").refuses(404).await, "not_found");
}
