//! T60: an old state in the place of a newer one brings nothing back that lets somebody in.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestServer, text};

/// Tokens name it as their issuer, so it must not change with the port.
const SITE: (&str, &str) = ("USHER_SERVER__PUBLIC_URL", "http://127.0.0.1:8000");

#[tokio::test(flavor = "multi_thread")]
async fn t60_a_restored_backup_revives_no_session_code_or_link() {
    let mut server = TestServer::with(&[SITE]).await;
    let id = server.account("ann@example.com").await;
    let signed_in = server.login("ann@example.com").await;
    let token = text(&signed_in["access_token"]);
    let change = json!({"email": "ann@example.org", "current_password": PASSWORD});
    let asked = server
        .request(Method::PUT, &format!("/profile/{id}"))
        .bearer_auth(&token);
    asked
        .json(&change)
        .send()
        .await
        .unwrap()
        .expect(StatusCode::OK)
        .await;
    let new_address = server.code("ann@example.org").await;
    let registered = server.register("bob@example.com").await;
    let code = server.code("bob@example.com").await;
    let link = server.link("bob@example.com").await;
    assert_eq!(server.me(&token).await, 200);

    let said = server.program("backup friday.db").await;
    assert!(said.is_ok(), "while the server runs: {said:?}");
    let mails = server.mailbox.list().len();
    server.shut_down().await;
    let refused = server.program("restore friday.db").await.unwrap_err();
    assert!(refused.contains("--replace"), "{refused}");
    server.program("restore friday.db --replace").await.unwrap();
    let server = server.restart(&[]).await;

    let me = server.get("/auth/me").bearer_auth(&token).send().await.unwrap();
    assert!(["session_ended", "not_authenticated"].contains(&me.refused(401).await.as_str()));
    let refresh = json!({"refresh_token": text(&signed_in["refresh_token"])});
    let refreshed = server.post("/auth/refresh", &refresh).send().await.unwrap();
    refreshed.refused(401).await;
    let handle = &registered["registration"]["handle"];
    let verify = json!({"email": "bob@example.com", "verification_code": code, "handle": handle});
    let verified = server.post("/auth/verify", &verify).send().await.unwrap();
    assert_eq!(verified.refused(400).await, "code_invalid");
    let opened = server.post(&link, &json!({"code": code, "handle": handle}));
    assert!(opened.send().await.unwrap().status().is_client_error());
    let change = json!({"email": "ann@example.org", "verification_code": new_address});
    let changed = server.post("/auth/verify", &change).send().await.unwrap();
    assert_eq!(changed.refused(400).await, "code_invalid");

    server.advance(Duration::from_mins(10));
    server.settle().await;
    assert_eq!(
        server.mailbox.list().len(),
        mails,
        "no mail leaves because of a restore"
    );
    let again = server.login("ann@example.com").await;
    assert_eq!(again["user"]["email"], "ann@example.com");
    assert_eq!(server.me(&text(&again["access_token"])).await, 200);
    server.account("bob@example.com").await;
}
