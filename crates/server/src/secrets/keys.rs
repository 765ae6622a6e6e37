//! The secrets as they stand in their files.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use usher_accounts::dice::Dice;
use zeroize::Zeroizing;

/// Retired keys that are kept. Tokens live much shorter than anybody waits between two rotations.
const RETIRING: usize = 2;

/// The key that signs, and those that only verify.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeys {
    active: SigningKey,
    retiring: Vec<SigningKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningKey {
    seed: Seed,
}

struct Seed(Zeroizing<[u8; 32]>);

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0)))
    }
}

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

impl SigningKey {
    fn mint(dice: &dyn Dice) -> Self {
        Self {
            seed: Seed(Zeroizing::new(dice.bytes())),
        }
    }
}

impl SigningKeys {
    /// One new key.
    pub(super) fn mint(dice: &dyn Dice) -> Self {
        Self {
            active: SigningKey::mint(dice),
            retiring: Vec::new(),
        }
    }

    /// A new key signs, the present one retires, the oldest go.
    pub(super) fn rotated(self, dice: &dyn Dice) -> Self {
        let retiring = std::iter::once(self.active)
            .chain(self.retiring)
            .take(RETIRING)
            .collect();
        Self {
            active: SigningKey::mint(dice),
            retiring,
        }
    }

    /// Reads the file; none when it is damaged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text of the file.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        #[expect(clippy::expect_used, reason = "strings and lists always have a JSON form")]
        let text = serde_json::to_string_pretty(self).expect("JSON");
        Zeroizing::new(text)
    }

    /// The seed that signs, and the retired ones.
    pub(super) fn seeds(&self) -> ([u8; 32], Vec<[u8; 32]>) {
        (
            *self.active.seed.0,
            self.retiring.iter().map(|key| *key.seed.0).collect(),
        )
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
