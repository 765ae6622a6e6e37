//! Where it must not be seen which addresses have accounts.

use serde_json::json;

use super::talk::{Talk, handle, members, sample};
use crate::support::{PASSWORD, TestServer};

async fn silent() -> TestServer {
    TestServer::with(&[("USHER_REGISTRATION__EXISTING", "silent")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_an_address_with_an_account_is_answered_like_a_new_one() {
    let server = silent().await;
    server.account("owner@example.com").await;
    let taken = server
        .post("/auth/register", &sample("owner@example.com"))
        .gives(201)
        .await;
    let fresh = server
        .post("/auth/register", &sample("fresh@example.com"))
        .gives(201)
        .await;
    assert_eq!(taken["message"], fresh["message"]);
    assert_eq!(members(&taken), members(&fresh));
    assert_eq!(members(&taken["registration"]), members(&fresh["registration"]));
    server.settle().await;
    let mut seen = Vec::new();
    for registered in [&taken, &fresh] {
        let request = server
            .get("/auth/registration")
            .header("registration-handle", handle(registered));
        seen.push(request.gives(200).await);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_the_owner_is_told_by_a_mail_without_a_code() {
    let server = silent().await;
    server.account("owner@example.com").await;
    server.register("owner@example.com").await;
    let mails = server.mails_to("owner@example.com").await;
    assert_eq!(mails.len(), 3, "code, confirmation, notice");
    let notice = mails
        .iter()
        .find(|mail| mail.subject == "You already have an account")
        .unwrap();
    assert!(!notice.text.contains("/auth/verify/"), "{}", notice.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_nothing_comes_of_it_but_the_owner_signs_in_as_before() {
    let server = silent().await;
    let id = server.account("owner@example.com").await;
    let body = json!({"email": "owner@example.com", "password": "Password124"});
    let taken = server.post("/auth/register", &body).gives(201).await;
    server.settle().await;
    let guess = json!({"email": "owner@example.com", "code": "0000", "handle": handle(&taken)});
    assert_eq!(
        server.post("/auth/verify", &guess).refuses(400).await,
        "code_invalid"
    );
    let login = server.post(
        "/auth/login",
        &json!({"email": "owner@example.com", "password": PASSWORD}),
    );
    assert_eq!(login.gives(200).await["user"]["id"], id);
}
