//! What nodes tell each other, without a clock in between: two of them inside the test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use usher_accounts::email::EmailAddress;
use usher_accounts::password::Password;
use usher_server::config::{self, Flags, Sources};
use usher_server::wiring::{self, Outside};
use usher_service::Usher;
use usher_service::client::Client;
use usher_service::register::Application;
use usher_service::system::{OsDice, SystemClock};
use usher_store::testing::Schema;

use crate::node::{SECRET, until};

const LONG: Duration = Duration::from_secs(30);

/// The stories of a node that listens, without its worker.
async fn node(schema: &Schema) -> (Arc<Usher>, watch::Sender<bool>) {
    let folder = tempfile::tempdir().unwrap();
    let env = [("DATABASE_URL", schema.url()), ("SECRET_KEY", SECRET.to_owned())];
    let sources = Sources {
        flags: Flags {
            data_dir: Some(folder.path().join("data").to_str().unwrap().to_owned()),
            ..Flags::default()
        },
        env: BTreeMap::from(env.map(|(name, value)| (name.to_owned(), value))),
        directory: folder.path().to_owned(),
    };
    let settings = config::load(&sources).unwrap();
    let outside = Outside {
        clock: Arc::new(SystemClock),
        dice: Arc::new(OsDice),
    };
    let secrets = wiring::open_secrets(&settings, &*outside.dice).unwrap();
    let db = wiring::open_database(&settings, &outside).await.unwrap();
    let usher = wiring::build_usher(&settings, &secrets, db, outside)
        .await
        .unwrap();
    let (usher, (stop, stopped)) = (Arc::new(usher), watch::channel(false));
    tokio::spawn(Arc::clone(&usher).tell_nodes(stopped.clone()));
    tokio::spawn(Arc::clone(&usher).hear_nodes(stopped));
    until("it listens", async || usher.is_listening()).await;
    (usher, stop)
}

fn client() -> Client {
    Client {
        peer: None,
        ip: "192.0.2.1".to_owned(),
        source: "192.0.2.1".to_owned(),
        bucket: "192.0.2.0/24".to_owned(),
        user_agent: None,
        device: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_mail_queued_on_one_node_wakes_the_worker_of_another() {
    let Some(schema) = Schema::create().await else {
        return;
    };
    let ((a, _a), (b, _b)) = (node(&schema).await, node(&schema).await);
    // Beginning to listen rings once.
    while timeout(Duration::from_millis(200), b.bell.notified())
        .await
        .is_ok()
    {}
    let email = EmailAddress::parse("user@example.com").unwrap();
    let application = Application {
        password: Password::chosen("Password123".to_owned(), &email, None).unwrap(),
        email,
        username: None,
    };
    a.register(application, &client()).await.unwrap();
    timeout(LONG, b.bell.notified())
        .await
        .expect("the bell of the other node");
}

#[tokio::test(flavor = "multi_thread")]
async fn t55_a_new_key_is_published_before_it_signs_and_known_to_every_node() {
    let Some(schema) = Schema::create().await else {
        return;
    };
    let ((a, _a), (b, _b)) = (node(&schema).await, node(&schema).await);
    let kids = |usher: &Usher| {
        let set = usher.keyring.set().jwks();
        let keys = set["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kids(&a), kids(&b), "two first starts at once agree");
    let first = kids(&a)[0].clone();
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(Arc::clone(&b).follow_keys(stopped));
    let from = a.rotate_signing_key(Duration::from_hours(1)).await.unwrap();
    assert!(from > a.now());
    until("the other node publishes it", async || kids(&b).len() == 2).await;
    for node in [&a, &b] {
        assert_eq!(kids(node)[0], first, "the first one still signs");
    }
    a.rotate_signing_key(Duration::ZERO).await.unwrap();
    until("the other node signs with the newest", async || {
        kids(&b)[0] == kids(&a)[0] && kids(&b)[0] != first
    })
    .await;
    assert!(kids(&b).contains(&first), "what it signed is still believed");
}
