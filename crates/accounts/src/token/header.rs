//! The header of a token: three members, all of them fixed but the key's id. Anything beyond them
//! (`crit`, `jwk`, `jku`, a second `alg`…) is an attempt to choose how the token is judged.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde::Deserialize;

use super::TokenError;

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "at+jwt";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    alg: String,
    typ: String,
    kid: String,
}

/// The header of a new token.
pub(super) fn with_key_id(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// The key's id, from a header that is right in everything else.
pub(super) fn read(token: &str) -> Result<String, TokenError> {
    let (header, _) = token.split_once('.').ok_or(TokenError::Malformed)?;
    let json = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| TokenError::Malformed)?;
    let header: Written = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
    if header.alg != ALGORITHM || header.typ != TYPE {
        return Err(TokenError::WrongType);
    }
    Ok(header.kid)
}
