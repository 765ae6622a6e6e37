//! Reading and changing one's own profile, by id.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::talk::{Talk, fields, send};
use crate::support::{PASSWORD, TestServer, text};

fn put(server: &TestServer, id: &str, token: &str, body: &Value) -> RequestBuilder {
    send(server, &Method::PUT, &format!("/profile/{id}"), token, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_name_changes_under_each_of_its_names() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    for name in ["user", "username", "name"] {
        let changed = put(&server, &id, &token, &json!({name: format!("I am {name}")}))
            .gives(200)
            .await;
        assert_eq!(changed["username"], format!("I am {name}"));
        let seen = server
            .get(&format!("/profile/{id}"))
            .bearer_auth(&token)
            .gives(200)
            .await;
        assert_eq!(seen, changed, "the next request sees it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_body_of_s2_changes_name_address_and_password_together() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    let body = json!({"user": "user124", "email": "user@example.com", "password": "Password124",
        "current_password": PASSWORD});
    let changed = put(&server, &id, &token, &body).gives(200).await;
    assert_eq!(changed["username"], "user124");
    assert_eq!(
        changed.get("pending_email"),
        None,
        "the same address is no change"
    );
    let login = |password: &str| {
        server.post(
            "/login",
            &json!({"email": "user@example.com", "password": password}),
        )
    };
    login("Password124").gives(200).await;
    assert_eq!(login(PASSWORD).refuses(401).await, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_address_and_password_need_the_current_password() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    for change in [
        json!({"email": "new@example.com"}),
        json!({"password": "Password124"}),
    ] {
        for current in [Value::Null, json!("Password999"), json!("")] {
            let mut body = change.clone();
            body["current_password"] = current;
            let problem = put(&server, &id, &token, &body).problem(400).await;
            assert_eq!(problem["code"], "current_password_wrong");
            assert_eq!(fields(&problem), ["current_password"]);
        }
    }
    assert_eq!(server.mails_to("new@example.com").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_new_password_ends_every_other_session() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    let other = server.login("user@example.com").await;
    let body = json!({"password": "Password124", "current_password": PASSWORD});
    put(&server, &id, &token, &body).gives(200).await;
    assert_eq!(server.me(&token).await, 200);
    assert_eq!(server.me(&text(&other["access_token"])).await, 401);
    let refresh = json!({"refresh_token": other["refresh_token"]});
    assert_eq!(
        server.post("/auth/refresh", &refresh).refuses(401).await,
        "session_ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_the_password_changes_on_its_own_path_too() {
    let server = TestServer::start().await;
    let (token, _) = server.signed_in("user@example.com").await;
    let other = text(&server.login("user@example.com").await["access_token"]);
    let change = |body: Value| send(&server, &Method::POST, "/auth/password/change", &token, &body);
    let wrong = json!({"current_password": "Password999", "password": "Password124"});
    assert_eq!(change(wrong).refuses(400).await, "current_password_wrong");
    let weak = json!({"current_password": PASSWORD, "password": "seven77"});
    assert_eq!(change(weak).refuses(400).await, "weak_password");
    change(json!({"current_password": PASSWORD, "password": "Password124"}))
        .gives(200)
        .await;
    assert_eq!(
        (server.me(&token).await, server.me(&other).await.as_u16()),
        (reqwest::StatusCode::OK, 401)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_taken_name_is_refused() {
    let server = TestServer::start().await;
    let (first, first_id) = server.signed_in("first@example.com").await;
    put(&server, &first_id, &first, &json!({"user": "user123"}))
        .gives(200)
        .await;
    put(&server, &first_id, &first, &json!({"user": "User123"}))
        .gives(200)
        .await;
    let (second, second_id) = server.signed_in("second@example.com").await;
    let problem = put(&server, &second_id, &second, &json!({"user": "USER123"}))
        .problem(400)
        .await;
    assert_eq!(problem["code"], "username_taken");
    assert_eq!(fields(&problem), ["username"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_nothing_is_swallowed_in_silence() {
    let server = TestServer::start().await;
    let (token, id) = server.signed_in("user@example.com").await;
    for name in ["is_verified", "verified_at", "role", "id", "remember"] {
        let problem = put(&server, &id, &token, &json!({"user": "user123", name: "x"}))
            .problem(422)
            .await;
        assert_eq!(problem["code"], "invalid_input");
        assert_eq!(fields(&problem), [name]);
    }
    let me = server.get("/auth/me").bearer_auth(&token).gives(200).await;
    assert_eq!(me["username"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn m13_a_stranger_neither_reads_nor_writes_and_learns_nothing() {
    let server = TestServer::start().await;
    let (_, id) = server.signed_in("user@example.com").await;
    let (stranger, _) = server.signed_in("stranger@example.com").await;
    let nobody = "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f";
    for id in [id.as_str(), nobody] {
        let get = server.get(&format!("/profile/{id}")).bearer_auth(&stranger);
        assert_eq!(get.refuses(403).await, "forbidden", "{id}");
        assert_eq!(
            put(&server, id, &stranger, &json!({"user": "x"}))
                .refuses(403)
                .await,
            "forbidden",
            "{id}"
        );
    }
    let get = server.get("/profile/garbage").bearer_auth(&stranger);
    assert_eq!(get.refuses(404).await, "not_found");
    assert_eq!(
        server.get(&format!("/profile/{id}")).refuses(401).await,
        "not_authenticated"
    );
}
