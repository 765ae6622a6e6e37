//! Access tokens: signed claims about a person and their session. What does not look exactly like a
//! token of ours is refused before its signature is looked at.

mod header;
mod signing_key;

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::id::{PersonId, SessionId};
use crate::time::Timestamp;

pub use signing_key::SigningKey;

const MAX_BYTES: usize = 2_048;

/// How far another node's clock may be ahead of ours.
const LEEWAY: Duration = Duration::from_secs(5);

/// What an access token says. Every member is required and no other is allowed; times are carried in
/// whole seconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// Who issued it: the public URL.
    pub iss: String,
    /// For whom it is meant.
    pub aud: String,
    /// Whose it is.
    pub sub: PersonId,
    /// The session it belongs to, whose row has the last word.
    pub sid: SessionId,
    /// Its own name.
    pub jti: String,
    /// When it was issued.
    #[serde(serialize_with = "write_seconds", deserialize_with = "read_seconds")]
    pub iat: Timestamp,
    /// From when on it no longer holds.
    #[serde(serialize_with = "write_seconds", deserialize_with = "read_seconds")]
    pub exp: Timestamp,
    /// Whether the person's address is proven.
    pub verified: bool,
}

/// Why a token is refused, or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token: its form, its header or its claims.
    #[error("the token is malformed")]
    Malformed,
    /// Signed with a key that is not, or no longer, ours.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// Another algorithm, or a token of another kind.
    #[error("the token is of another type")]
    WrongType,
    /// The signature does not fit.
    #[error("the token's signature does not fit")]
    BadSignature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Issued in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// Issued by somebody else.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// Meant for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The key would not sign.
    #[error("the token could not be signed")]
    Signing,
}

/// The key that signs, and those that signed before and are still believed.
#[derive(Clone, Debug)]
pub struct KeySet {
    active: SigningKey,
    retiring: Vec<SigningKey>,
}

impl KeySet {
    /// A set that signs with `active` and believes `retiring` too.
    pub const fn new(active: SigningKey, retiring: Vec<SigningKey>) -> Self {
        Self { active, retiring }
    }

    /// The public halves, as RFC 7517 publishes them.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.keys().map(SigningKey::jwk).collect::<Vec<_>>() })
    }

    /// Signs the claims with the active key.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        let header = header::with_key_id(self.active.kid());
        jsonwebtoken::encode(&header, claims, self.active.private()).map_err(|_| TokenError::Signing)
    }

    /// The claims of a token that is ours, meant for `aud` and holds at `now`.
    pub fn verify(
        &self,
        token: &str,
        iss: &str,
        aud: &str,
        now: Timestamp,
    ) -> Result<AccessClaims, TokenError> {
        let claims = self.authentic(token)?;
        if claims.iss != iss {
            return Err(TokenError::WrongIssuer);
        }
        if claims.aud != aud {
            return Err(TokenError::WrongAudience);
        }
        if claims.iat > now + LEEWAY {
            return Err(TokenError::NotYet);
        }
        if now >= claims.exp {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    fn authentic(&self, token: &str) -> Result<AccessClaims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let kid = header::read(token)?;
        let key = self
            .keys()
            .find(|key| key.kid() == kid)
            .ok_or(TokenError::UnknownKey)?;
        let token = jsonwebtoken::decode(token, key.public(), &signature_only());
        token
            .map(|token| token.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => TokenError::BadSignature,
                _ => TokenError::Malformed,
            })
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.active).chain(&self.retiring)
    }
}

/// The claims are judged here, by the time that is passed in; the library reads the machine's clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn write_seconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.seconds())
}

fn read_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(Timestamp::from_seconds)
}

#[cfg(test)]
mod tests;
