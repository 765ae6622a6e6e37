//! The secrets as they stand in their files.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// The key that signed, and those before it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeys {
    active: SigningKey,
    retiring: Vec<SigningKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningKey {
    seed: Seed,
}

struct Seed(Zeroizing<[u8; 32]>);

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.as_str()).map(Zeroizing::new);
        let seed = bytes
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        seed.map(|seed| Self(Zeroizing::new(seed)))
            .ok_or_else(|| D::Error::custom("not a seed"))
    }
}

impl SigningKeys {
    /// Reads the file; none when it is damaged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Every seed, the youngest first.
    pub(super) fn seeds(&self) -> Vec<[u8; 32]> {
        let all = std::iter::once(&self.active).chain(&self.retiring);
        all.map(|key| *key.seed.0).collect()
    }
}

/// Bytes as lower-case digits.
pub(super) fn hexadecimal(bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
