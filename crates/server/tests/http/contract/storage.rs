//! What is kept: everything a person was told is kept, over restarts and in a file only its owner opens.

use std::time::Duration;

use serde_json::json;

use super::talk::{Talk, handle, verify};
use crate::support::{TestServer, text};

#[tokio::test(flavor = "multi_thread")]
async fn m18_accounts_sessions_and_registrations_survive_a_restart() {
    let server = TestServer::start().await;
    let (_, id) = server.signed_in("user@example.com").await;
    let login = server.login("user@example.com").await;
    let pending = server.register("pending@example.com").await;
    let code = server.code("pending@example.com").await;
    // The address of the site must stay the same: tokens and links carry it.
    let site = server.base.clone();
    let server = server.restart(&[("USHER_SERVER__PUBLIC_URL", &site)]).await;
    let me = server
        .get("/auth/me")
        .bearer_auth(text(&login["access_token"]))
        .gives(200)
        .await;
    assert_eq!(me["id"], id);
    let refresh = json!({"refresh_token": login["refresh_token"]});
    server.post("/auth/refresh", &refresh).gives(200).await;
    let body = json!({"email": "pending@example.com", "code": code, "handle": handle(&pending)});
    server.post("/auth/verify", &body).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_a_mail_that_waits_leaves_after_a_restart() {
    let server = TestServer::start().await;
    let down = usher_mail::SendError::transient(usher_mail::Stage::Tcp, "down");
    server.mailbox.set_outage(Some(down));
    server.register("user@example.com").await;
    server.settle().await;
    let server = server.restart(&[]).await;
    server.mailbox.set_outage(None);
    server.advance(Duration::from_mins(1));
    let code = server.code("user@example.com").await;
    verify(&server, "user@example.com", &code).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_a_second_start_applies_nothing_again() {
    let server = TestServer::start().await;
    let applied =
        async |server: &TestServer| usher_store::migrate::plan(&server.usher.db).await.unwrap().len();
    assert_eq!(applied(&server).await, 0);
    let server = server.restart(&[]).await;
    assert_eq!(applied(&server).await, 0);
    server.account("user@example.com").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn m18_the_database_and_the_secrets_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let server = TestServer::start().await;
    server.account("user@example.com").await;
    let folder = server.data.path().join("data");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
