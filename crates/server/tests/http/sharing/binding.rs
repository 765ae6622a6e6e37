//! Who gets a share, on which device, and for how long.

use reqwest::StatusCode;
use serde_json::json;

use super::gateway::{Gateway, HERE, LAPTOP, PHONE};
use crate::support::{Answer, TestServer, text, until};

/// Asks, on one's own page, to have the link again; where that leads.
async fn resume(server: &TestServer, token: &str) -> String {
    let ask = server.request(reqwest::Method::POST, "/link/me");
    let ask = ask.header("cookie", format!("usher_session={token}"));
    let answer = ask.header("sec-fetch-site", "same-origin").send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Whether this device has a share, as its owner is told.
async fn is_bound(server: &TestServer, token: &str) -> bool {
    let mine = server.get("/link/api/me").bearer_auth(token);
    let mine = mine.send().await.unwrap().expect(StatusCode::OK).await;
    mine["bound"].as_bool().unwrap()
}

#[tokio::test]
async fn m30_signing_in_brings_a_share_and_signing_out_takes_it() {
    let (server, gateway) = Gateway::with(&[]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    assert_eq!(gateway.clients(), []);

    let token = text(&server.login("ada@example.org").await["access_token"]);
    until("the device has a share", async || gateway.shares(HERE)).await;
    let [client] = <[_; 1]>::try_from(gateway.clients()).unwrap();
    assert_eq!(client.label.as_str(), "ada@example.org");
    assert_eq!(client.addresses[0].mac, Some(LAPTOP.parse().unwrap()));

    let out = server.post("/auth/logout", &json!({})).bearer_auth(&token);
    out.send().await.unwrap().expect(StatusCode::OK).await;
    until("the share is gone", async || gateway.clients().is_empty()).await;
}

#[tokio::test]
async fn m30_devices_of_one_account_share_one_class() {
    let (server, gateway) = Gateway::with(&[]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    server.login("ada@example.org").await;
    until("the first device has a share", async || gateway.shares(HERE)).await;
    gateway.sees(&[("127.0.0.9", LAPTOP), (HERE, PHONE)]);
    until("the first device is where it is now", async || {
        gateway.shares("127.0.0.9")
    })
    .await;
    assert!(!gateway.shares(HERE), "another device answers there now");
    server.login("ada@example.org").await;
    until("the second device has a share", async || gateway.shares(HERE)).await;
    assert_eq!(gateway.clients().len(), 1);
    assert!(gateway.shares("127.0.0.9"));
}

#[tokio::test]
async fn t49_an_address_that_another_device_has_now_loses_its_share() {
    let (server, gateway) = Gateway::with(&[]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    server.login("ada@example.org").await;
    until("the device has a share", async || gateway.shares(HERE)).await;
    gateway.sees(&[(HERE, PHONE)]);
    until("the address is nobody's", async || !gateway.shares(HERE)).await;
}

#[tokio::test]
async fn t47_a_header_brings_nobody_a_share() {
    let (server, gateway) = Gateway::with(&[
        ("USHER_LINK__NETWORKS", "10.0.0.0/24"),
        ("USHER_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
    ])
    .await;
    gateway.sees(&[("10.0.0.7", LAPTOP), (HERE, PHONE)]);
    server.account("ada@example.org").await;
    let body = json!({"email": "ada@example.org", "password": crate::support::PASSWORD});
    let login = server
        .post("/auth/login", &body)
        .header("x-forwarded-for", "10.0.0.7");
    let answer = login.send().await.unwrap().expect(StatusCode::OK).await;
    let token = text(&answer["access_token"]);
    let me = server
        .get("/link/api/me")
        .bearer_auth(token)
        .header("x-forwarded-for", "10.0.0.7");
    assert_eq!(
        me.send().await.unwrap().expect(StatusCode::OK).await["bound"],
        false
    );
    assert_eq!(server.usher.link_clients().await.unwrap(), []);
}

#[tokio::test]
async fn t47_a_stolen_session_brings_another_device_no_share() {
    let (server, gateway) = Gateway::with(&[("USHER_LINK__IDLE", "60s")]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    let token = text(&server.login("ada@example.org").await["access_token"]);
    until("the device has a share", async || gateway.shares(HERE)).await;

    gateway.sees(&[(HERE, PHONE)]);
    until("the phone is there", async || !gateway.shares(HERE)).await;
    assert_eq!(resume(&server, &token).await, "/login?told=ended");
    assert!(!gateway.shares(HERE));
    assert_eq!(
        server.me(&token).await,
        StatusCode::UNAUTHORIZED,
        "nor is it of any other use"
    );
}

#[tokio::test]
async fn m30_an_idle_device_loses_its_share_until_it_asks_again() {
    let (server, gateway) = Gateway::with(&[("USHER_LINK__IDLE", "15m")]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    let token = text(&server.login("ada@example.org").await["access_token"]);
    until("the device has a share", async || gateway.shares(HERE)).await;
    assert!(is_bound(&server, &token).await);
    server.advance(std::time::Duration::from_mins(16));
    until("the idle device is let go", async || gateway.clients().is_empty()).await;
    assert!(!is_bound(&server, &token).await);
    assert_eq!(resume(&server, &token).await, "/link/me");
    until("it has its share again", async || gateway.shares(HERE)).await;
}

#[tokio::test]
async fn t47_an_address_outside_the_links_networks_has_no_share() {
    let (server, gateway) = Gateway::with(&[("USHER_LINK__NETWORKS", "10.77.0.0/16")]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    let token = text(&server.login("ada@example.org").await["access_token"]);
    assert_eq!(server.usher.link_clients().await.unwrap(), []);
    assert!(!is_bound(&server, &token).await);
    assert_eq!(resume(&server, &token).await, "/login?told=ended");
}

#[tokio::test]
async fn m30_a_device_nobody_has_seen_gets_no_share_but_its_owner_signs_in() {
    let (server, gateway) = Gateway::with(&[]).await;
    server.account("ada@example.org").await;
    server.login("ada@example.org").await;
    assert_eq!(server.usher.link_clients().await.unwrap(), []);
    assert_eq!(gateway.clients(), []);
}

#[tokio::test]
async fn m30_without_hardware_addresses_the_address_names_the_device() {
    let (server, gateway) = Gateway::with(&[("USHER_LINK__REQUIRE_MAC", "false")]).await;
    server.account("ada@example.org").await;
    server.login("ada@example.org").await;
    until("the device has a share", async || gateway.shares(HERE)).await;
    assert_eq!(gateway.clients()[0].addresses[0].mac, None);
}

#[tokio::test]
async fn m30_an_unverified_person_has_no_share() {
    let (server, gateway) = Gateway::with(&[]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.register("ada@example.org").await;
    server.login("ada@example.org").await;
    assert_eq!(server.usher.link_clients().await.unwrap(), []);
}

#[tokio::test]
async fn m30_who_wants_accounts_only_never_meets_the_link() {
    let server = TestServer::start().await;
    let (token, id) = server.admin("ada@example.org").await;
    for path in [
        "recent",
        "stream",
        "runs",
        "me",
        "captive",
        &format!("plans/{id}"),
    ] {
        let answer = server.get(&format!("/link/api/{path}")).bearer_auth(&token);
        assert_eq!(
            answer.send().await.unwrap().refused(404).await,
            "not_found",
            "{path}"
        );
    }
    let page = server
        .get("/link")
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn m30_a_device_can_ask_whether_it_is_captive() {
    let (server, gateway) = Gateway::with(&[]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    server.account("ada@example.org").await;
    let captive = async || {
        let answer = server.get("/link/api/captive").send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/captive+json");
        answer.expect(StatusCode::OK).await
    };
    let body = captive().await;
    assert_eq!(body["captive"], true);
    assert_eq!(body["user-portal-url"], format!("{}/link/me", server.base));
    server.login("ada@example.org").await;
    assert_eq!(captive().await["captive"], false);
}
