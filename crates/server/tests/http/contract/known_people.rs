//! People who are verified from the start, without a mail.

use reqwest::Method;
use serde_json::{Value, json};

use super::talk::{Talk, fields, handle, micros, sample, send};
use crate::support::{PASSWORD, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn m09_an_administrator_makes_accounts_that_need_no_proof() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let body = json!({"email": "known@example.com", "username": "known", "password": PASSWORD});
    let made = send(&server, &Method::POST, "/users", &admin, &body)
        .gives(201)
        .await;
    assert_eq!(
        (&made["is_verified"], &made["role"]),
        (&json!(true), &json!("user"))
    );
    assert_eq!(micros(&made["verified_at"]), server.usher.now().micros());
    assert_eq!(made["verification_mail_sent_at"], Value::Null);
    assert_eq!(server.login("known@example.com").await["user"], made);
    assert!(server.mails_to("known@example.com").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn m09_such_an_account_may_be_an_administrator_or_unverified() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let create = |email: &str, name: &str, value: Value| {
        let mut body = sample(email);
        body[name] = value;
        send(&server, &Method::POST, "/users", &admin, &body)
    };
    assert_eq!(
        create("two@example.com", "role", json!("admin")).gives(201).await["role"],
        "admin"
    );
    let unproven = create("three@example.com", "verified", json!(false))
        .gives(201)
        .await;
    assert_eq!(unproven["is_verified"], false);
    let problem = create("four@example.com", "is_verified", json!(true))
        .problem(422)
        .await;
    assert_eq!(fields(&problem), ["is_verified"]);
    create("five@example.com", "role", json!("king"))
        .problem(422)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m09_what_is_taken_or_weak_is_refused() {
    let server = TestServer::start().await;
    let (admin, _) = server.admin("admin@example.com").await;
    let create = |body: Value| send(&server, &Method::POST, "/users", &admin, &body);
    let body = json!({"email": "one@example.com", "username": "user123", "password": PASSWORD});
    create(body).gives(201).await;
    assert_eq!(
        create(sample("ONE@example.com")).refuses(400).await,
        "email_taken"
    );
    let body = json!({"email": "two@example.com", "username": "USER123", "password": PASSWORD});
    assert_eq!(create(body).refuses(400).await, "username_taken");
    let body = json!({"email": "two@example.com", "password": "seven77"});
    assert_eq!(create(body).refuses(400).await, "weak_password");
}

#[tokio::test(flavor = "multi_thread")]
async fn m09_registrations_that_wait_for_the_address_go() {
    let server = TestServer::start().await;
    let registered = server.register("user@example.com").await;
    let code = server.code("user@example.com").await;
    let (admin, _) = server.admin("admin@example.com").await;
    let body = json!({"email": "user@example.com", "password": "Password124"});
    send(&server, &Method::POST, "/users", &admin, &body)
        .gives(201)
        .await;
    let proof = json!({"email": "user@example.com", "code": code, "handle": handle(&registered)});
    assert_eq!(
        server.post("/auth/verify", &proof).refuses(400).await,
        "code_invalid"
    );
    assert_eq!(
        server
            .post("/auth/login", &sample("user@example.com"))
            .refuses(401)
            .await,
        "invalid_credentials"
    );
    server.post("/auth/login", &body).gives(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m09_somebody_imported_signs_in_and_the_foreign_hash_is_replaced() {
    let server = TestServer::start().await;
    // Of the sample password, as Django writes it.
    let hash = "pbkdf2_sha256$1000$seasaltseasaltseasalt$59ZGjKHoLDmwor2AjToZWWFwKWf9/koGiJJbuicDvzs=";
    let line = json!({"email": "import@example.com", "password_hash": hash}).to_string();
    std::fs::write(server.data.path().join("people.jsonl"), line).expect("a file");
    let said = server.program("user import people.jsonl --verified").await;
    assert!(said.expect("an import").starts_with("imported 1;"));
    let stored = async || {
        let account =
            usher_store::accounts::by_email(&server.usher.db, "import@example.com", server.usher.now());
        account
            .await
            .expect("storage")
            .expect("the account")
            .password_hash
    };
    assert_eq!(stored().await, hash);
    let wrong = json!({"email": "import@example.com", "password": "Password124"});
    let refused = server.post("/auth/login", &wrong).refuses(401).await;
    assert_eq!(refused, "invalid_credentials");
    let user = &server.login("import@example.com").await["user"];
    assert_eq!(user["is_verified"], true);
    crate::support::until("the hash is one of ours", async || {
        stored().await.starts_with("$argon2id$")
    })
    .await;
    server.login("import@example.com").await;
}
