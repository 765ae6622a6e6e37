//! M18: from the embedded database to PostgreSQL, with people in the middle of everything.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use usher_accounts::id::{OutboxId, PersonId};
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use usher_service::system::OsDice;
use usher_store::accounts::{self, NewAccount};
use usher_store::copy::{Content, Snapshot, contents};
use usher_store::{Db, outbox, testing};

use crate::support::{Answer, TestServer, text};

const SITE: (&str, &str) = ("USHER_SERVER__PUBLIC_URL", "http://127.0.0.1:8000");
const MANY: u64 = 20_000;

/// People nobody hashed a password for.
async fn crowd(db: &Db, now: Timestamp) {
    let mut tx = db.begin().await.unwrap();
    for number in 0..MANY {
        let email = format!("one-{number}@example.net");
        let account = NewAccount {
            id: PersonId::mint(now, &OsDice),
            email: email.clone(),
            email_key: email,
            username: None,
            username_key: None,
            password_hash: "$2b$12$none".to_owned(),
            role: Role::User,
            verified_at: number.is_multiple_of(2).then_some(now),
            mail_sent_at: None,
            created_at: now,
        };
        assert!(accounts::insert(&mut tx, &account, now).await.unwrap());
    }
    tx.commit().await.unwrap();
}

async fn held(db: &Db) -> Vec<Content> {
    contents(&mut Snapshot::of(db).await.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn m18_a_move_to_postgresql_takes_everything_under_way_along() {
    let Some(schema) = testing::Schema::create().await else {
        return;
    };
    let mut server = TestServer::on_sqlite(&[SITE]).await;
    crowd(&server.usher.db, server.usher.now()).await;
    server.account("ann@example.com").await;
    let signed_in = server.login("ann@example.com").await;
    let bob = server.register("bob@example.com").await;
    let code = server.code("bob@example.com").await;
    // A mail that is due in five seconds.
    let new = outbox::NewMail {
        id: OutboxId::mint(server.usher.now(), &OsDice),
        kind: "verification",
        owner: *serde_json::from_value::<PersonId>(bob["id"].clone())
            .unwrap()
            .as_bytes(),
        recipient: "bob@example.com",
        detail: None,
    };
    let mut tx = server.usher.db.begin().await.unwrap();
    let soon = server.usher.now() + Duration::from_secs(5);
    outbox::insert(&mut tx, &new, soon).await.unwrap();
    tx.commit().await.unwrap();
    server.shut_down().await;

    let file = server.data.path().join("data/usher.db");
    let source = Db::open_sqlite(&file).await.unwrap();
    let before = held(&source).await;
    let said = server
        .program(&format!(
            "move --from sqlite:{} --to {}",
            file.display(),
            schema.url()
        ))
        .await
        .unwrap();
    assert!(said.contains("DATABASE_URL"), "{said}");
    assert_eq!(held(&source).await, before, "the source stays as it is");
    source.close().await;
    let again = server
        .program(&format!(
            "move --from sqlite:{} --to {}",
            file.display(),
            schema.url()
        ))
        .await;
    assert!(again.unwrap_err().contains("empty"));

    let server = server.restart(&[("USHER_DATABASE__URL", &schema.url())]).await;
    assert_eq!(server.usher.db.name(), "postgres");
    assert_eq!(held(&server.usher.db).await, before);
    assert_eq!(server.me(&text(&signed_in["access_token"])).await, 200);
    let refresh = json!({"refresh_token": signed_in["refresh_token"]});
    let refreshed = server.post("/auth/refresh", &refresh).send().await.unwrap();
    refreshed.expect(StatusCode::OK).await;
    let handle = &bob["registration"]["handle"];
    let mails = server.mailbox.list().len();
    server.advance(Duration::from_secs(6));
    server.settle().await;
    assert_eq!(server.mailbox.list().len(), mails + 1, "what was due leaves");
    let body = json!({"email": "bob@example.com", "code": code, "handle": handle});
    let verified = server.post("/auth/verify", &body).send().await.unwrap();
    verified.expect(StatusCode::OK).await;
    server.login("bob@example.com").await;
}
