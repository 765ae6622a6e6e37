//! What may be sent to register, under which names, and how the rest is refused.

use serde_json::json;

use super::talk::{Talk, fields, members, sample};
use crate::support::{PASSWORD, TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_username_has_three_names() {
    let server = TestServer::start().await;
    for name in ["username", "user", "name"] {
        let email = format!("{name}@example.com");
        let body = json!({name: format!("I am {name}"), "email": email, "password": PASSWORD});
        server.post("/auth/register", &body).gives(201).await;
        assert_eq!(
            server.login(&email).await["user"]["username"],
            format!("I am {name}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_an_empty_username_is_none() {
    let server = TestServer::start().await;
    let body = json!({"username": "", "email": "user@example.com", "password": PASSWORD});
    server.post("/auth/register", &body).gives(201).await;
    assert_eq!(
        server.login("user@example.com").await["user"]["username"],
        json!(null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_repeated_password_is_compared_under_each_of_its_names() {
    let server = TestServer::start().await;
    for name in ["verify_password", "confirm_password", "confirmPassword"] {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({"email": email, "password": PASSWORD, name: "Password124"});
        let problem = server.post("/register", &body).problem(400).await;
        assert_eq!(problem["code"], "passwords_differ", "{name}");
        assert_eq!(fields(&problem), ["verify_password"]);
        let body = json!({"email": email, "password": PASSWORD, name: PASSWORD});
        server.post("/register", &body).gives(201).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_an_address_that_has_an_account_is_refused_in_any_case() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    for email in ["user@example.com", "USER@Example.COM"] {
        for path in ["/register", "/auth/register"] {
            let problem = server.post(path, &sample(email)).problem(400).await;
            assert_eq!(problem["code"], "email_taken");
            assert_eq!(fields(&problem), ["email"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_everything_wrong_is_listed_at_once() {
    let server = TestServer::start().await;
    let problem = server.post("/auth/register", &json!({})).problem(422).await;
    assert_eq!(problem["code"], "invalid_input");
    assert_eq!(fields(&problem), ["email", "password"]);
    assert_eq!(members(&problem["errors"][0]), ["code", "detail", "field"]);
    let body = json!({"email": "nobody", "username": "no@name", "password": PASSWORD});
    let problem = server.post("/auth/register", &body).problem(422).await;
    assert_eq!(fields(&problem), ["email", "username"]);
    let body = json!({"email": ["a@example.com"], "password": PASSWORD});
    let problem = server.post("/auth/register", &body).problem(422).await;
    assert_eq!(fields(&problem), ["email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_a_weak_password_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let weak = ["seven77", "password", "user@example.com", "user1234"];
    let mut reasons = Vec::new();
    for password in weak {
        let body = json!({"email": "user@example.com", "username": "user1234", "password": password});
        let problem = server.post("/auth/register", &body).problem(400).await;
        assert_eq!(problem["code"], "weak_password", "{password}");
        assert_eq!(fields(&problem), ["password"]);
        reasons.push(text(&problem["detail"]));
    }
    reasons.dedup();
    assert_eq!(reasons.len(), 3, "too short, too common, or known: {reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_fields_nobody_knows_are_ignored_where_old_clients_send_them() {
    let server = TestServer::start().await;
    let extra = |mut body: serde_json::Value| {
        body["is_verified"] = json!(true);
        body["role"] = json!("admin");
        body["remember"] = json!({"me": [1, 2]});
        body
    };
    server
        .post("/auth/register", &extra(sample("user@example.com")))
        .gives(201)
        .await;
    let code = server.code("user@example.com").await;
    let body = extra(json!({"email": "user@example.com", "code": code}));
    server.post("/auth/verify", &body).gives(200).await;
    let user = server
        .post("/auth/login", &extra(sample("user@example.com")))
        .gives(200)
        .await["user"]
        .clone();
    assert_eq!(user["role"], "user", "ignored means without effect");
    server
        .post("/auth/register", &extra(sample("basic@example.com")))
        .gives(201)
        .await;
    let code = server.code("basic@example.com").await;
    let activate = server.post("/auth/activate", &extra(json!({"code": code})));
    activate
        .basic_auth("basic@example.com", Some(PASSWORD))
        .gives(200)
        .await;
}
