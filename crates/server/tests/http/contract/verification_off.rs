//! Accounts that nobody asks for a proof: the services that never did.

use reqwest::Method;
use serde_json::{Value, json};

use super::talk::{Talk, sample, send};
use crate::support::{TestServer, text};

async fn off() -> TestServer {
    TestServer::with(&[("USHER_REGISTRATION__VERIFICATION", "off")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_without_verification_the_account_is_there_at_once() {
    let server = off().await;
    let registered = server.register("user@example.com").await;
    assert_eq!(registered["message"], "Registration successful.");
    let user = server.login("user@example.com").await["user"].clone();
    assert_eq!(user["id"], registered["id"]);
    assert_eq!(
        (&user["is_verified"], &user["verified_at"]),
        (&json!(false), &Value::Null)
    );
    assert!(
        server.mails_to("user@example.com").await.is_empty(),
        "nobody is asked, nothing is mailed"
    );
    let again = server
        .post("/auth/register", &sample("user@example.com"))
        .refuses(400)
        .await;
    assert_eq!(again, "email_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_without_verification_people_change_their_profile_but_do_not_delete_it() {
    let server = off().await;
    let id = text(&server.register("user@example.com").await["id"]);
    let token = text(&server.login("user@example.com").await["access_token"]);
    let (profile, user) = (format!("/profile/{id}"), format!("/users/{id}"));
    let changed = send(
        &server,
        &Method::PUT,
        &profile,
        &token,
        &json!({"user": "user123"}),
    )
    .gives(200)
    .await;
    assert_eq!(changed["username"], "user123");
    let delete = server.request(Method::DELETE, &user).bearer_auth(&token);
    assert_eq!(
        delete.refuses(403).await,
        "not_verified",
        "only verified people delete"
    );
}
