//! Other people's objects and members that are not for everybody: T13, T56.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Sent, tokens};
use crate::support::{Answer, LINK, PASSWORD, TestServer, text};

const OWNER: &str = "owner@example.org";
const EVE: &str = "eve@example.net";

/// Every endpoint that takes somebody's id, as the description names them.
async fn endpoints_with_an_id(server: &TestServer) -> Vec<(Method, String)> {
    let document = server.get("/openapi.json").gives(StatusCode::OK).await;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let others = ["/mailbox", "/link/api/runs"];
        let is_personal = path.contains("{id}") && !others.iter().any(|other| path.starts_with(other));
        for method in item.as_object().unwrap().keys().filter(|_| is_personal) {
            found.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    found
}

async fn profile(server: &TestServer, token: &str) -> Value {
    server
        .get("/auth/me")
        .bearer_auth(token)
        .gives(StatusCode::OK)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_nobody_else_reads_or_writes_what_belongs_to_a_person() {
    let server = TestServer::with(&LINK).await;
    let (owner, id) = server.signed_in(OWNER).await;
    let (eve, _) = server.signed_in(EVE).await;
    server.register("pending@example.net").await;
    let pending = text(&server.login("pending@example.net").await["access_token"]);
    let before = profile(&server, &owner).await;
    let endpoints = endpoints_with_an_id(&server).await;
    assert!(endpoints.len() >= 7, "{endpoints:?}");
    for (method, path) in endpoints {
        let path = path.replace("{id}", &id);
        for token in [&eve, &pending] {
            let asked = server
                .request(method.clone(), &path)
                .bearer_auth(token)
                .json(&json!({}));
            let code = asked.refusal(403).await;
            assert!(
                ["forbidden", "not_verified"].contains(&code.as_str()),
                "{method} {path}: {code}"
            );
        }
        let nobody = server
            .request(method.clone(), &path)
            .json(&json!({}))
            .answer()
            .await;
        assert_eq!(nobody.refused(401).await, "not_authenticated", "{method} {path}");
    }
    assert_eq!(profile(&server, &owner).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_who_does_not_exist_looks_like_who_is_somebody_else() {
    let server = TestServer::start().await;
    let (_, id) = server.signed_in(OWNER).await;
    let (eve, _) = server.signed_in(EVE).await;
    let body = async |id: &str, path: &str| {
        let answer = server
            .get(&path.replace("{id}", id))
            .bearer_auth(&eve)
            .answer()
            .await;
        let mut body = answer.expect(StatusCode::FORBIDDEN).await;
        body["request_id"].take();
        body
    };
    for path in ["/profile/{id}", "/users/{id}", "/users/{id}/export"] {
        let nobody = "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f";
        assert_eq!(body(&id, path).await, body(nobody, path).await, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_only_administrators_list_and_make_accounts() {
    let server = TestServer::start().await;
    let (eve, _) = server.signed_in(EVE).await;
    let listed = server.get("/users").bearer_auth(&eve).answer().await;
    assert_eq!(listed.refused(403).await, "forbidden");
    let body = json!({"email": "made@example.net", "password": PASSWORD, "role": "admin"});
    let made = server.post("/users", &body).bearer_auth(&eve).answer().await;
    assert_eq!(made.refused(403).await, "forbidden");
    let login = server.post(
        "/auth/login",
        &json!({"email": "made@example.net", "password": PASSWORD}),
    );
    login.refusal(401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_members_that_are_not_for_everybody_are_refused_in_changes() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in(EVE).await;
    let before = profile(&server, &token).await;
    let members = [
        ("is_verified", json!(true)),
        ("verified", json!(true)),
        ("verified_at", json!("2020-01-01T00:00:00Z")),
        ("id", json!("01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f")),
        ("password_hash", json!("x")),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("pending_email", json!(OWNER)),
    ];
    for (method, path) in endpoints_with_an_id(&server).await {
        // Plans are set by administrators alone, and who asks is judged before what they ask.
        if ![Method::PUT, Method::PATCH].contains(&method) || path.starts_with("/link") {
            continue;
        }
        let change = |body: Value| {
            let path = path.replace("{id}", &id);
            server
                .request(method.clone(), &path)
                .bearer_auth(&token)
                .json(&body)
        };
        for (name, value) in &members {
            let code = change(json!({*name: value})).refusal(422).await;
            assert_eq!(code, "invalid_input", "{method} {path} {name}");
        }
        let status = change(json!({"role": "admin"})).answer().await.status();
        assert!(
            [403, 422].contains(&status.as_u16()),
            "{method} {path} role: {status}"
        );
    }
    assert_eq!(profile(&server, &token).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_members_that_registering_ignores_have_no_effect() {
    let server = TestServer::start().await;
    let chosen = "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f";
    let body = json!({"email": EVE, "password": PASSWORD, "role": "admin", "is_verified": true, "id": chosen,
        "verified_at": "2020-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"});
    let registered = server.post("/auth/register", &body).answer().await;
    let registered = registered.expect(StatusCode::CREATED).await;
    assert_ne!(registered["id"], chosen);
    let signed = server.login(EVE).await;
    assert_eq!(
        (&signed["user"]["role"], &signed["user"]["is_verified"]),
        (&json!("user"), &json!(false))
    );
    let body = json!({"email": EVE, "code": server.code(EVE).await, "role": "admin"});
    server.post("/auth/verify", &body).gives(StatusCode::OK).await;
    let body = json!({"email": EVE, "password": PASSWORD, "role": "admin", "session_id": chosen});
    let signed = server.post("/auth/login", &body).gives(StatusCode::OK).await;
    assert_eq!(signed["user"]["role"], "user");
    assert_ne!(signed["session_id"], chosen);
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_nobody_ends_another_persons_session() {
    let server = TestServer::start().await;
    server.account(OWNER).await;
    let (owner, _, session) = tokens(&server, OWNER).await;
    let (eve, _) = server.signed_in(EVE).await;
    for method in [Method::POST, Method::DELETE] {
        let ended = server.request(method, "/sessions/terminate").bearer_auth(&eve);
        let ended = ended.json(&json!({"session_id": session})).answer().await;
        assert_eq!(ended.refused(404).await, "not_found");
    }
    for path in ["/sessions/terminate-others", "/sessions/terminate-all"] {
        let ended = server.post(path, &json!({})).bearer_auth(&eve).answer().await;
        ended.expect(StatusCode::OK).await;
    }
    assert_eq!(server.me(&owner).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn t56_the_list_of_sessions_shows_ones_own_and_no_secret() {
    let server = TestServer::start().await;
    server.account(OWNER).await;
    server.account(EVE).await;
    let (_, eves_refresh, _) = tokens(&server, EVE).await;
    let (first, refresh, first_id) = tokens(&server, OWNER).await;
    let (access, _, second_id) = tokens(&server, OWNER).await;
    let listed = server.get("/sessions").bearer_auth(&access).answer().await;
    let listed = listed.expect(StatusCode::OK).await;
    let sessions = listed["sessions"].as_array().unwrap();
    let ids: Vec<&str> = sessions
        .iter()
        .map(|one| one["session_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&first_id.as_str()) && ids.contains(&second_id.as_str()));
    for session in sessions {
        let names: Vec<&str> = session.as_object().unwrap().keys().map(String::as_str).collect();
        let known = [
            "created_at",
            "current",
            "device",
            "expires_at",
            "ip",
            "last_accessed_at",
            "session_id",
        ];
        assert!(
            names.iter().all(|name| known.contains(name)) && names.len() == known.len(),
            "{names:?}"
        );
        assert_eq!(session["current"], session["session_id"] == second_id.as_str());
    }
    let all = listed.to_string();
    for secret in [&access, &first, &refresh, &eves_refresh] {
        assert!(!all.contains(secret.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t56_an_export_holds_no_hash_and_nobody_else() {
    let server = TestServer::start().await;
    server.account(EVE).await;
    let (token, id) = server.signed_in(OWNER).await;
    let export = server
        .get(&format!("/users/{id}/export"))
        .bearer_auth(&token)
        .answer()
        .await;
    let export = export.expect(StatusCode::OK).await.to_string();
    for word in ["hash", "argon2", "$2", "mac", "refresh", "eve@", &token] {
        assert!(!export.contains(word), "{word}: {export}");
    }
}
