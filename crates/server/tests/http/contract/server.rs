//! The server itself: what it is and how it fares, methods, paths and what every answer carries.

use reqwest::Method;
use serde_json::json;

use super::talk::{Talk, header, members};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn m16_the_root_is_data_for_programs_and_a_page_for_browsers() {
    let server = TestServer::start().await;
    let about = server.get("/").gives(200).await;
    assert_eq!(
        members(&about),
        ["docs", "health", "name", "openapi", "redoc", "version"]
    );
    assert_eq!(
        (&about["name"], &about["docs"]),
        (&json!("usher"), &json!("/docs"))
    );
    let page = server
        .get("/")
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .answer()
        .await;
    assert_eq!(page.status(), 200);
    assert!(header(&page, "content-type").starts_with("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_health_names_its_parts() {
    let server = TestServer::start().await;
    for path in ["/health", "/health/live", "/health/ready"] {
        let health = server.get(path).gives(200).await;
        assert_eq!(
            members(&health),
            ["database", "mail", "status", "version"],
            "{path}"
        );
        let parts = (&health["status"], &health["database"], &health["mail"]);
        assert_eq!(parts, (&json!("ok"), &json!("ok"), &json!("ok")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m16_a_server_without_its_database_is_alive_but_not_ready() {
    let server = TestServer::start().await;
    server.usher.db.close().await;
    assert_eq!(server.get("/health/live").answer().await.status(), 200);
    let health = server.get("/health/ready").gives(503).await;
    assert_eq!(
        (&health["status"], &health["database"]),
        (&json!("unavailable"), &json!("down"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_the_documentation_pages_load_nothing_from_elsewhere() {
    let server = TestServer::start().await;
    for path in ["/docs", "/redoc"] {
        let answer = server.get(path).header("accept", "text/html").answer().await;
        assert_eq!(answer.status(), 200, "{path}");
        let page = answer.text().await.unwrap();
        for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.contains(elsewhere), "{path}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    for path in ["/", "/health", "/auth/me", "/sessions", "/openapi.json"] {
        let get = server.get(path).bearer_auth(&token).answer().await;
        let head = server
            .request(Method::HEAD, path)
            .bearer_auth(&token)
            .answer()
            .await;
        assert_eq!(head.status(), get.status(), "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(header(&head, name), header(&get, name), "{path}");
        }
        assert!(head.text().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_a_request_id_of_its_own() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for (method, path) in [
        (Method::GET, "/health"),
        (Method::GET, "/nowhere"),
        (Method::POST, "/auth/login"),
        (Method::PUT, "/health"),
        (Method::OPTIONS, "/users"),
        (Method::GET, "/mailbox/email"),
        (Method::GET, "/assets/nothing"),
    ] {
        let answer = server
            .request(method, path)
            .header("x-request-id", "chosen")
            .answer()
            .await;
        ids.push(header(&answer, "x-request-id"));
    }
    assert!(ids.iter().all(|id| !id.is_empty() && id != "chosen"), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_says_everything_a_client_needs() {
    let server = TestServer::start().await;
    let problem = server.get("/nowhere").problem(404).await;
    let all = [
        "code",
        "detail",
        "errors",
        "message",
        "request_id",
        "status",
        "title",
        "type",
    ];
    assert_eq!(members(&problem), all);
    assert_eq!(
        (&problem["code"], &problem["title"]),
        (&json!("not_found"), &json!("Not found"))
    );
    assert_eq!(problem["type"], "urn:usher:error:not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_there_says_which_are() {
    let server = TestServer::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/auth/register", "POST"),
        (Method::DELETE, "/login", "GET,HEAD,POST"),
        (Method::PUT, "/auth/verify/x", "GET,HEAD,POST"),
        (Method::POST, "/auth/me", "GET,HEAD"),
        (Method::PUT, "/auth/activate", "PATCH,POST"),
        (Method::POST, "/profile/x", "GET,HEAD,PUT"),
        (Method::PATCH, "/sessions/terminate", "DELETE,POST"),
    ] {
        let answer = server.request(method.clone(), path).answer().await;
        let allow = header(&answer, "allow");
        let mut names: Vec<_> = allow.split(',').map(str::trim).collect();
        names.sort_unstable();
        assert_eq!(names.join(","), allowed, "{method} {path}");
        assert_eq!(
            server.request(method, path).refuses(405).await,
            "method_not_allowed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_text_is_a_problem_like_any_other() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    for path in ["/profile/%FF", "/users/%FF", "/mailbox/email/%FF"] {
        let problem = server.get(path).bearer_auth(&token).problem(422).await;
        assert_eq!(problem["code"], "invalid_input", "{path}");
    }
}
