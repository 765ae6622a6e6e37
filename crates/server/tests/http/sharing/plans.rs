//! What single accounts may count on.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher_sharing::rate::BitsPerSecond;

use super::gateway::{Gateway, HERE, LAPTOP};
use crate::support::{Answer, TestServer, until};

fn plan() -> Value {
    json!({"weight": 4, "down": {"cir": 1_000_000, "mir": 10_000_000}, "up": {"cir": 0, "mir": null}, "quota_bytes": 1000})
}

async fn put(server: &TestServer, token: &str, id: &str, body: &Value) -> reqwest::Response {
    let request = server.request(Method::PUT, &format!("/link/api/plans/{id}"));
    request.bearer_auth(token).json(body).send().await.unwrap()
}

#[tokio::test]
async fn m30_an_account_may_have_a_plan_of_its_own() {
    let (server, gateway) =
        Gateway::with(&[("USHER_LINK__DOWN_CIR", "256k"), ("USHER_LINK__WEIGHT", "2")]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    let (token, id) = server.admin("ada@example.org").await;
    until("there is a share", async || gateway.shares(HERE)).await;
    let common = gateway.clients()[0].plan;
    assert_eq!(
        (common.weight.get(), common.down.floor()),
        (2, BitsPerSecond::kbit(256))
    );

    put(&server, &token, &id, &plan())
        .await
        .expect(StatusCode::OK)
        .await;
    until("the plan is in force", async || {
        gateway.clients()[0].plan.weight.get() == 4
    })
    .await;
    assert_eq!(
        gateway.clients()[0].plan.down.cap(),
        Some(BitsPerSecond::mbit(10))
    );
    let shown = server.get(&format!("/link/api/plans/{id}")).bearer_auth(&token);
    assert_eq!(shown.send().await.unwrap().expect(StatusCode::OK).await, plan());

    let remove = server
        .request(Method::DELETE, &format!("/link/api/plans/{id}"))
        .bearer_auth(&token);
    remove.send().await.unwrap().expect(StatusCode::NO_CONTENT).await;
    until("everybody's plan is back", async || {
        gateway.clients()[0].plan == common
    })
    .await;
}

#[tokio::test]
async fn t13_only_administrators_change_plans_and_only_owners_see_them() {
    let (server, _gateway) = Gateway::with(&[]).await;
    let (token, own) = server.signed_in("ada@example.org").await;
    let (_, other) = server.signed_in("bob@example.org").await;
    assert_eq!(
        put(&server, &token, &own, &plan()).await.refused(403).await,
        "forbidden"
    );
    for (id, status) in [(own, 200), (other, 403)] {
        let answer = server.get(&format!("/link/api/plans/{id}")).bearer_auth(&token);
        assert_eq!(answer.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn m30_a_plan_that_breaks_a_rule_says_which() {
    let (server, _gateway) = Gateway::with(&[]).await;
    let (token, id) = server.admin("ada@example.org").await;
    let mut wrong = plan();
    wrong["weight"] = json!(101);
    wrong["down"]["mir"] = json!(1);
    let answer = put(&server, &token, &id, &wrong).await;
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["weight", "down"]);
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(
        put(&server, &token, nobody, &plan()).await.refused(404).await,
        "not_found"
    );
}

#[tokio::test]
async fn m30_who_has_used_up_a_days_quota_comes_after_others() {
    let (server, gateway) = Gateway::with(&[("USHER_LINK__QUOTA", "1M")]).await;
    gateway.sees(&[(HERE, LAPTOP)]);
    let (_, id) = server.signed_in("ada@example.org").await;
    until("there is a share", async || gateway.shares(HERE)).await;
    assert!(!gateway.clients()[0].demoted);
    server
        .usher
        .count_use(&[(id.parse().unwrap(), 1_000_000)])
        .await
        .unwrap();
    until("the quota is used up", async || gateway.clients()[0].demoted).await;
    server.advance(std::time::Duration::from_hours(24));
    server.login("ada@example.org").await;
    until("a new day", async || {
        gateway.clients().iter().any(|client| !client.demoted)
    })
    .await;
}
