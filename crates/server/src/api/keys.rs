//! `GET /.well-known/jwks.json`

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// The public keys that access tokens are verified with (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "server",
    responses((status = 200, description = "A JWK set of Ed25519 keys.", body = serde_json::Value,
        example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "pVq3…", "x": "11qYAYKx…"}]}))))]
pub async fn jwks(State(app): State<App>) -> Response {
    (
        [(CACHE_CONTROL, "public, max-age=300")],
        Json(app.usher.keyring.set().jwks()),
    )
        .into_response()
}
