//! T55: signing keys rotate while everybody works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch::Sender;

use crate::support::{Answer, TestServer, text, until};

/// From a rotation to the first signature.
const LEAD: Duration = Duration::from_secs(10);
const ROUNDS: usize = 5;
const CLIENTS: usize = 4;

/// What somebody saw while the keys rotated.
#[derive(Default)]
struct Seen {
    requests: usize,
    refused: Vec<String>,
}

impl Seen {
    fn note(&mut self, what: &str, good: bool) {
        self.requests += 1;
        if !good {
            self.refused.push(what.to_owned());
        }
    }
}

fn key_id(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

async fn published(server: &TestServer) -> JwkSet {
    let answer = server.get("/.well-known/jwks.json").send().await.unwrap();
    answer.json().await.unwrap()
}

/// Another service: it remembers the published keys and asks again for one it does not know.
async fn verifies(server: &TestServer, known: &mut JwkSet, token: &str) -> bool {
    let kid = key_id(token);
    if known.find(&kid).is_none() {
        *known = published(server).await;
    }
    let Some(key) = known.find(&kid) else { return false };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["usher"]);
    validation.validate_exp = false;
    decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).is_ok()
}

/// Asks, refreshes and has its token verified elsewhere until it is told to stop; tells which key signed
/// its last token.
async fn work(
    server: Arc<TestServer>,
    mut tokens: Value,
    key: Arc<Sender<String>>,
    stop: Arc<AtomicBool>,
) -> Seen {
    let mut seen = Seen::default();
    let mut known = published(&server).await;
    let first = text(&tokens["access_token"]);
    while !stop.load(Ordering::SeqCst) {
        let token = text(&tokens["access_token"]);
        seen.note("the first token", server.me(&first).await == 200);
        seen.note("the last token", server.me(&token).await == 200);
        seen.note(
            "verification elsewhere",
            verifies(&server, &mut known, &token).await,
        );
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let refreshed = server.post("/auth/refresh", &body).send().await.unwrap();
        seen.note("a refresh", refreshed.status() == 200);
        if refreshed.status() != 200 {
            return seen;
        }
        tokens = refreshed.json().await.unwrap();
        key.send_replace(key_id(&text(&tokens["access_token"])));
    }
    seen
}

/// Somebody else who asks which key signs now: by refreshing, since at a clock that stands still many sign-ins
/// end each other's sessions.
struct Watcher(tokio::sync::Mutex<Value>);

impl Watcher {
    async fn key(&self, server: &TestServer) -> String {
        let mut tokens = self.0.lock().await;
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let refreshed = server.post("/auth/refresh", &body).send().await.unwrap();
        *tokens = refreshed.expect(StatusCode::OK).await;
        key_id(&text(&tokens["access_token"]))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t55_five_rotations_under_load_refuse_nobody() {
    let server = Arc::new(TestServer::with(&[("USHER_LIMITS__ENABLED", "false")]).await);
    server.account("ann@example.com").await;
    server.account("eve@example.com").await;
    let watcher = Watcher(server.login("eve@example.com").await.into());
    let stop = Arc::new(AtomicBool::new(false));
    let (mut clients, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..CLIENTS {
        let key = Arc::new(Sender::new(String::new()));
        let tokens = server.login("ann@example.com").await;
        let working = work(Arc::clone(&server), tokens, Arc::clone(&key), Arc::clone(&stop));
        clients.push(tokio::spawn(working));
        keys.push(key);
    }
    for round in 1..=ROUNDS {
        let before = watcher.key(&server).await;
        server.usher.rotate_signing_key(LEAD).await.unwrap();
        assert_eq!(published(&server).await.keys.len(), round + 1, "before it signs");
        assert_eq!(watcher.key(&server).await, before, "it does not sign yet");
        server.advance(LEAD + Duration::from_secs(1));
        until("the new key signs", async || watcher.key(&server).await != before).await;
        let now = watcher.key(&server).await;
        until("everybody has a token of the new key", async || {
            keys.iter().all(|key| *key.borrow() == now)
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        let seen = client.await.unwrap();
        assert_eq!(
            seen.refused,
            Vec::<String>::new(),
            "of {} requests",
            seen.requests
        );
        assert!(seen.requests >= 4 * ROUNDS, "{}", seen.requests);
    }
}
