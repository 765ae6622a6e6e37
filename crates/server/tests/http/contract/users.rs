//! Accounts: what owners, administrators and strangers may do with them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use usher_accounts::email::EmailAddress;

use super::talk::{Talk, fields, members, sample, send};
use crate::support::{PASSWORD, TestServer, text};

const NOBODY: &str = "/users/01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f";

fn delete(server: &TestServer, path: &str, token: &str) -> RequestBuilder {
    server.request(Method::DELETE, path).bearer_auth(token)
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_disabled_person_is_out_at_once_and_comes_in_nowhere() {
    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let signed_in = server.login("user@example.com").await;
    let token = text(&signed_in["access_token"]);
    let address = EmailAddress::parse("user@example.com").unwrap();
    assert_eq!(server.me(&token).await, 200);
    server.usher.set_disabled(&address, true).await.unwrap();
    assert_eq!(server.me(&token).await, 401);
    let refresh = json!({"refresh_token": signed_in["refresh_token"]});
    let refused = server.post("/auth/refresh", &refresh).refuses(401).await;
    assert_eq!(refused, "session_ended");
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let right = server.post("/auth/login", &login).refuses(401).await;
    assert_eq!(right, "invalid_credentials", "as for a wrong password");
    server.usher.set_disabled(&address, false).await.unwrap();
    let (before, after) = (
        token,
        text(&server.login("user@example.com").await["access_token"]),
    );
    assert_eq!(server.me(&after).await, 200);
    assert_eq!(server.me(&before).await, 401, "what was ended stays so");
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_the_owner_reads_changes_and_exports_their_account() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    let path = format!("/users/{id}");
    assert_eq!(
        server.get(&path).bearer_auth(&token).gives(200).await["email"],
        "user@example.com"
    );
    for (method, name) in [(Method::PATCH, "user124"), (Method::PUT, "user125")] {
        let changed = send(&server, &method, &path, &token, &json!({"username": name}))
            .gives(200)
            .await;
        assert_eq!(changed["username"], name);
    }
    let export = server
        .get(&format!("{path}/export"))
        .bearer_auth(&token)
        .gives(200)
        .await;
    assert_eq!(members(&export), ["events", "profile", "sessions"]);
    assert_eq!(
        (&export["profile"]["id"], &export["sessions"][0]["current"]),
        (&json!(id), &json!(true))
    );
    assert!(
        !export.to_string().contains("argon2"),
        "no hashes leave: {export}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_verified_owner_deletes_their_account_with_all_that_belongs_to_it() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    assert_eq!(
        delete(&server, &format!("/users/{id}"), &token).gives(204).await,
        Value::Null
    );
    assert_eq!(
        server.get("/auth/me").bearer_auth(&token).refuses(401).await,
        "session_ended"
    );
    assert_eq!(
        server
            .post("/login", &sample("user@example.com"))
            .refuses(401)
            .await,
        "invalid_credentials"
    );
    assert_ne!(
        server.account("user@example.com").await,
        id,
        "the address is free again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_an_unverified_person_may_not_delete() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let mut body = sample("user@example.com");
    body["verified"] = json!(false);
    let made = send(&server, &Method::POST, "/users", &admin, &body)
        .gives(201)
        .await;
    let token = text(&server.login("user@example.com").await["access_token"]);
    let own = format!("/users/{}", text(&made["id"]));
    assert_eq!(delete(&server, &own, &token).refuses(403).await, "not_verified");
    server.register("pending@example.com").await;
    let login = server.login("pending@example.com").await;
    let own = format!("/users/{}", text(&login["user"]["id"]));
    assert_eq!(
        delete(&server, &own, &text(&login["access_token"]))
            .refuses(403)
            .await,
        "not_verified"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_stranger_may_do_nothing() {
    let server = TestServer::start().await;
    let id = server.account("user@example.com").await;
    let (stranger, _) = server.signed_in("stranger@example.com").await;
    let path = format!("/users/{id}");
    let requests = [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/export")),
        (Method::GET, NOBODY.to_owned()),
        (Method::DELETE, NOBODY.to_owned()),
        (Method::GET, "/users".to_owned()),
    ];
    for (method, path) in requests {
        let refused = send(&server, &method, &path, &stranger, &json!({"username": "x"}))
            .refuses(403)
            .await;
        assert_eq!(refused, "forbidden", "{method} {path}");
        let refused = server
            .request(method.clone(), &path)
            .json(&json!({}))
            .refuses(401)
            .await;
        assert_eq!(refused, "not_authenticated", "{method} {path}");
    }
    let create = send(
        &server,
        &Method::POST,
        "/users",
        &stranger,
        &sample("new@example.com"),
    );
    assert_eq!(create.refuses(403).await, "forbidden");
    assert_eq!(
        server.login("user@example.com").await["user"]["username"],
        Value::Null
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_an_administrator_reads_changes_and_deletes_anybody() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let (token, id) = server.signed_in("user@example.com").await;
    let path = format!("/users/{id}");
    assert_eq!(server.get(&path).bearer_auth(&admin).gives(200).await["id"], id);
    let body = json!({"password": "Password124", "role": "admin"});
    let changed = send(&server, &Method::PATCH, &path, &admin, &body)
        .gives(200)
        .await;
    assert_eq!(changed["role"], "admin");
    assert_eq!(
        server.me(&token).await,
        401,
        "a password somebody else sets ends all sessions"
    );
    let login = json!({"email": "user@example.com", "password": "Password124"});
    server.post("/auth/login", &login).gives(200).await;
    delete(&server, &path, &admin).gives(204).await;
    assert_eq!(
        server.get(&path).bearer_auth(&admin).refuses(404).await,
        "not_found"
    );
    assert_eq!(delete(&server, &path, &admin).refuses(404).await, "not_found");
    assert_eq!(
        server
            .get("/users/garbage")
            .bearer_auth(&admin)
            .refuses(404)
            .await,
        "not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_nobody_makes_themselves_an_administrator() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    let path = format!("/users/{id}");
    let change = |body: Value| send(&server, &Method::PATCH, &path, &token, &body);
    assert_eq!(change(json!({"role": "admin"})).refuses(403).await, "forbidden");
    for name in ["is_verified", "verified_at", "id", "created_at"] {
        let problem = change(json!({name: "x"})).problem(422).await;
        assert_eq!(
            (&problem["code"], fields(&problem)),
            (&json!("invalid_input"), vec![name.to_owned()])
        );
    }
    let wrong = change(json!({"password": "Password124"})).refuses(400).await;
    assert_eq!(wrong, "current_password_wrong");
    change(json!({"password": "Password124", "current_password": PASSWORD}))
        .gives(200)
        .await;
}
