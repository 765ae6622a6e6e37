//! F11: what people began with the first release, the program of today finishes. The data was written by
//! that release; `tests/upgrade/make.sh` says how.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher_accounts::time::Timestamp;
use usher_store::testing;

use crate::support::{Answer, PASSWORD, TestServer, text};

/// As it was when the data was written.
const SECRET: (&str, &str) = (
    "SECRET_KEY",
    "5c6ffbdd40d9556b73a21e63c3e0e904b47a2c6d7f1b8890f2a3d4e5b6c7d8e9",
);
const SITE: (&str, &str) = ("USHER_SERVER__PUBLIC_URL", "http://127.0.0.1:8000");

async fn old(database: &str, facts: &Value, setting: Option<(&str, &str)>) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    private(&data, 0o700);
    if setting.is_none() {
        testing::load_sqlite(&data.join("usher.db"), database).await;
    }
    let keys = data.join("signing-keys.json");
    std::fs::write(&keys, facts["signing_keys"].as_str().unwrap()).unwrap();
    private(&keys, 0o600);
    let settings: Vec<_> = [SECRET, SITE].into_iter().chain(setting).collect();
    let now = Timestamp::from_micros(facts["now"].as_i64().unwrap());
    TestServer::on_data(folder, &settings, now).await
}

#[cfg(unix)]
fn private(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path, _: u32) {}

async fn verify(server: &TestServer, body: Value) {
    let verified = server.post("/auth/verify", &body).send().await.unwrap();
    verified.expect(StatusCode::OK).await;
}

/// Every one of them was in the middle of something.
async fn everybody_finishes(server: &TestServer, facts: &Value) {
    let (token, ann) = (text(&facts["token"]), text(&facts["ann"]));
    assert_eq!(server.me(&token).await, 200, "a session stays");
    let refresh = json!({"refresh_token": facts["refresh"]});
    let refreshed = server.post("/auth/refresh", &refresh).send().await.unwrap();
    let token = text(&refreshed.expect(StatusCode::OK).await["access_token"]);
    verify(
        server,
        json!({"email": "bob@example.org", "code": facts["bob_code"], "handle": facts["bob_handle"]}),
    )
    .await;
    let by_link = json!({"code": facts["dan_code"], "handle": facts["dan_handle"]});
    let linked = server
        .post(&text(&facts["dan_link"]), &by_link)
        .send()
        .await
        .unwrap();
    linked.expect(StatusCode::OK).await;
    let change = json!({"email": "ann@example.com", "code": facts["ann_code"]});
    let changed = server
        .post("/auth/verify", &change)
        .bearer_auth(&token)
        .send()
        .await;
    changed.unwrap().expect(StatusCode::OK).await;
    let profile = server.request(Method::GET, &format!("/profile/{ann}"));
    let profile = profile.bearer_auth(&token).send().await.unwrap();
    assert_eq!(profile.expect(StatusCode::OK).await["email"], "ann@example.com");
    for email in ["ann@example.com", "bob@example.org", "dan@example.org"] {
        server.login(email).await;
    }
    // The mail that could not leave leaves now.
    server.advance(Duration::from_mins(2));
    let code = server.code("cat@example.org").await;
    let activated = server
        .post("/auth/activate", &json!({"code": code}))
        .basic_auth("cat@example.org", Some(PASSWORD));
    activated.send().await.unwrap().expect(StatusCode::OK).await;
    server.login("cat@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_what_began_on_the_first_sqlite_schema_is_finished() {
    let facts = serde_json::from_str(include_str!("../../upgrade/0001/sqlite.json")).unwrap();
    let server = old(include_str!("../../upgrade/0001/sqlite.sql"), &facts, None).await;
    everybody_finishes(&server, &facts).await;
    assert_eq!(
        usher_store::migrate::plan(&server.usher.db).await.unwrap(),
        vec![],
        "every later migration was applied"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_what_began_on_the_first_postgresql_schema_is_finished() {
    let Some(schema) = testing::Schema::create().await else {
        return;
    };
    schema
        .execute(include_str!("../../upgrade/0001/postgres.sql"))
        .await;
    let facts = serde_json::from_str(include_str!("../../upgrade/0001/postgres.json")).unwrap();
    let server = old("", &facts, Some(("USHER_DATABASE__URL", &schema.url()))).await;
    everybody_finishes(&server, &facts).await;
}
