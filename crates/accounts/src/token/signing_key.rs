//! An Ed25519 key: 32 bytes at rest, everything else follows from them.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::keys::sha256;

const KID_BYTES: usize = 8;

/// A key that signs access tokens.
#[derive(Clone)]
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    kid: String,
    x: String,
    private: EncodingKey,
    public: DecodingKey,
}

impl SigningKey {
    /// The key of this seed, named after its public half.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        #[expect(clippy::expect_used, reason = "any 32 bytes are an Ed25519 seed")]
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).expect("32 bytes");
        // Version 1 of the container: the token library does not read version 2.
        #[expect(clippy::expect_used, reason = "a key that was just made can be written down")]
        let pkcs8 = pair.to_pkcs8v1().expect("a complete key");
        let point = pair.public_key().as_ref();
        Self {
            seed,
            kid: URL_SAFE_NO_PAD.encode(&sha256(point)[..KID_BYTES]),
            x: URL_SAFE_NO_PAD.encode(point),
            private: EncodingKey::from_ed_der(pkcs8.as_ref()),
            public: DecodingKey::from_ed_der(point),
        }
    }

    /// What is stored of the key.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The name tokens call it by.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) const fn private(&self) -> &EncodingKey {
        &self.private
    }

    pub(super) const fn public(&self) -> &DecodingKey {
        &self.public
    }

    pub(super) fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "use": "sig", "alg": "EdDSA" })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
