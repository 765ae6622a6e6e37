//! The access token, as another service reads it with nothing but the public keys.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::talk::{Talk, members};
use crate::support::{TestServer, text};

/// Its time is judged by the test's clock, not by the machine's.
fn validation(server: &TestServer) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["usher"]);
    validation.set_issuer(&[&server.base]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

async fn keys(server: &TestServer) -> JwkSet {
    serde_json::from_value(server.get("/.well-known/jwks.json").gives(200).await).expect("a JWK set")
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_the_published_key_verifies_the_token_and_its_claims() {
    let server = TestServer::start().await;
    let id = server.account("user@example.com").await;
    let login = server.login("user@example.com").await;
    let token = text(&login["access_token"]);
    let head = decode_header(&token).unwrap();
    assert_eq!(
        (head.alg, head.typ.as_deref()),
        (Algorithm::EdDSA, Some("at+jwt"))
    );
    let set = keys(&server).await;
    let key = set.find(&head.kid.unwrap()).expect("the key the token names");
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = decode::<Value>(&token, &key, &validation(&server))
        .unwrap()
        .claims;
    assert_eq!(
        members(&claims),
        ["aud", "exp", "iat", "iss", "jti", "sid", "sub", "verified"]
    );
    assert_eq!(
        (&claims["sub"], &claims["sid"]),
        (&Value::from(id), &login["session_id"])
    );
    assert_eq!(claims["verified"], true);
    let (issued, ends) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert_eq!((issued, ends - issued), (server.usher.now().seconds(), 1_800));
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_another_servers_key_does_not() {
    let (server, other) = (
        TestServer::start().await,
        TestServer::with(&[("SECRET_KEY", OTHER)]).await,
    );
    let (token, _) = server.signed_in("user@example.com").await;
    assert_eq!(other.me(&token).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_the_token_of_an_unverified_person_says_so() {
    let server = TestServer::start().await;
    server.register("user@example.com").await;
    let token = text(&server.login("user@example.com").await["access_token"]);
    let key = DecodingKey::from_jwk(&keys(&server).await.keys[0]).unwrap();
    let claims = decode::<Value>(&token, &key, &validation(&server))
        .unwrap()
        .claims;
    assert_eq!(claims["verified"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_only_public_halves_are_published() {
    let server = TestServer::start().await;
    let set = server.get("/.well-known/jwks.json").gives(200).await;
    let key = &set["keys"][0];
    assert_eq!(members(key), ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&Value::from("OKP"), &Value::from("Ed25519"))
    );
}

const OTHER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef";
