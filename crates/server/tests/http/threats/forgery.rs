//! T11: access tokens that the server did not make.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::StatusCode;
use serde_json::{Value, json};
use usher_accounts::keys::MacKeys;

use super::client::{Sent, tokens};
use crate::support::{TestServer, text};

const EMAIL: &str = "owner@example.org";

/// A server, one good token of its, and the key it signs with.
struct Forge {
    server: TestServer,
    header: Value,
    claims: Value,
    seed: [u8; 32],
}

impl Forge {
    async fn open() -> Self {
        let server = TestServer::start().await;
        let (token, _) = server.signed_in(EMAIL).await;
        let part = |index| {
            let bytes = URL_SAFE_NO_PAD
                .decode(token.split('.').nth(index).unwrap())
                .unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        let root = std::fs::read_to_string(server.data.path().join("data/secret.key")).unwrap();
        let keys = MacKeys::derive(root.trim_end().as_bytes());
        let rows = usher_store::signing_keys::all(&server.usher.db).await.unwrap();
        let seed = keys
            .signing
            .mac(&[&rows[0].generation.to_be_bytes(), &rows[0].salt]);
        Self {
            header: part(0),
            claims: part(1),
            seed,
            server,
        }
    }

    /// A token with a true signature by the server's own key over any text.
    fn signed(&self, header: &str, claims: &str) -> String {
        sealed(header, claims, &ed25519(&self.seed), Algorithm::EdDSA)
    }

    fn with_header(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    fn with_claims(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    async fn is_refused(&self, what: &str, token: &str) {
        let me = self.server.get("/auth/me").bearer_auth(token).answer().await;
        assert_eq!(me.status(), StatusCode::UNAUTHORIZED, "{what}");
        let by_cookie = self
            .server
            .get("/auth/me")
            .header("cookie", format!("usher_session={token}"));
        assert_eq!(
            by_cookie.answer().await.status(),
            StatusCode::UNAUTHORIZED,
            "{what}, as a cookie"
        );
    }
}

/// The key of a seed, in the container the token library reads.
fn ed25519(seed: &[u8; 32]) -> EncodingKey {
    let start = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    EncodingKey::from_ed_der(&[start.as_slice(), seed].concat())
}

fn sealed(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_the_forge_makes_good_tokens_when_it_changes_nothing() {
    let forge = Forge::open().await;
    let token = forge.with_claims(|_| {});
    assert_eq!(forge.server.me(&token).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_another_algorithm_or_key_is_refused() {
    let forge = Forge::open().await;
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    let jwks = forge
        .server
        .get("/.well-known/jwks.json")
        .gives(StatusCode::OK)
        .await;
    let public = URL_SAFE_NO_PAD.decode(text(&jwks["keys"][0]["x"])).unwrap();
    let secrets = [
        public,
        text(&jwks["keys"][0]["x"]).into_bytes(),
        Vec::new(),
        jwks.to_string().into_bytes(),
    ];
    for secret in secrets {
        for header in [header.clone(), header.replace("EdDSA", "HS256")] {
            let key = EncodingKey::from_secret(&secret);
            forge
                .is_refused(
                    "HS256 by the public key",
                    &sealed(&header, &claims, &key, Algorithm::HS256),
                )
                .await;
        }
    }
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = header.replace("EdDSA", none);
        let bare = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(&header),
            URL_SAFE_NO_PAD.encode(&claims)
        );
        forge.is_refused("unsigned", &bare).await;
        forge
            .is_refused("signed, but says none", &forge.signed(&header, &claims))
            .await;
    }
    let stranger = sealed(&header, &claims, &ed25519(&[7; 32]), Algorithm::EdDSA);
    forge.is_refused("signed by a stranger", &stranger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_a_header_that_is_not_ours_is_refused_however_good_the_signature() {
    let forge = Forge::open().await;
    for (name, value) in [
        ("typ", "JWT"),
        ("typ", "at+JWT"),
        ("kid", "other"),
        ("kid", "../../dev/null"),
    ] {
        forge
            .is_refused(value, &forge.with_header(|header| header[name] = json!(value)))
            .await;
    }
    for name in ["typ", "kid", "alg"] {
        let token = forge.with_header(|header| drop(header.as_object_mut().unwrap().remove(name)));
        forge.is_refused(name, &token).await;
    }
    for extra in ["jwk", "jku", "x5u", "crit", "cty"] {
        forge
            .is_refused(extra, &forge.with_header(|header| header[extra] = json!(["exp"])))
            .await;
    }
    let header = forge.header.to_string().replacen('{', r#"{"alg":"none","#, 1);
    forge
        .is_refused(
            "two algorithms",
            &forge.signed(&header, &forge.claims.to_string()),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_claims_that_are_missing_twice_or_of_another_type_are_refused() {
    let forge = Forge::open().await;
    let names: Vec<String> = forge.claims.as_object().unwrap().keys().cloned().collect();
    assert!(
        ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
            .iter()
            .all(|name| names.contains(&(*name).to_owned()))
    );
    for name in &names {
        let without = forge.with_claims(|claims| drop(claims.as_object_mut().unwrap().remove(name)));
        forge.is_refused(&format!("without {name}"), &without).await;
        for value in [json!(null), json!(["x"]), json!({}), json!(1.5)] {
            forge
                .is_refused(
                    &format!("{name}: {value}"),
                    &forge.with_claims(|claims| claims[name] = value),
                )
                .await;
        }
        let twice = format!("{{{}:{},", json!(name), forge.claims[name]);
        let twice = forge.claims.to_string().replacen('{', &twice, 1);
        forge
            .is_refused(
                &format!("{name} twice"),
                &forge.signed(&forge.header.to_string(), &twice),
            )
            .await;
    }
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("other")),
        ("exp", json!(1)),
        ("exp", json!(1_800_000_000)),
        ("iat", json!(1_800_000_006)),
        ("sub", json!("01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f")),
        ("sid", json!("01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f")),
        ("role", json!("admin")),
    ] {
        forge
            .is_refused(
                &format!("{name}: {value}"),
                &forge.with_claims(|claims| claims[name] = value),
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_a_token_cannot_be_carried_to_another_persons_session() {
    let forge = Forge::open().await;
    let (_, _, other) = {
        forge.server.account("other@example.org").await;
        tokens(&forge.server, "other@example.org").await
    };
    forge
        .is_refused(
            "own sub, their sid",
            &forge.with_claims(|claims| claims["sid"] = json!(other)),
        )
        .await;
}
