//! The installation's secret, when the operator brings it instead of having it made.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::kind::text_kind;

/// Shorter keys can be guessed.
const SHORTEST: usize = 32;

/// Random text uses more of its alphabet than this.
const FEWEST_CHARACTERS: usize = 8;

/// Words that betray a key copied from an example. All are long enough never to turn up by chance.
const PLACEHOLDERS: [&str; 8] = [
    "secret",
    "change",
    "placeholder",
    "example",
    "password",
    "insecure",
    "hexadecimal",
    "replace",
];

/// A secret of at least 32 bytes that does not look like a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// The bytes every other key is derived from.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for SecretKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        if PLACEHOLDERS.iter().any(|word| lower.contains(word)) {
            return Err("this one is a placeholder; without one the server makes its own");
        }
        if text.len() < SHORTEST {
            return Err("this one is too short; without one the server makes its own");
        }
        let mut seen = [false; 256];
        text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
        if seen.iter().filter(|seen| **seen).count() < FEWEST_CHARACTERS {
            return Err("this one repeats the same few characters");
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

text_kind!(
    SecretKey,
    allowed: "at least 32 random bytes, for example 64 hexadecimal digits",
    example: "64 random hexadecimal digits",
    secret: true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t54_placeholders_and_short_keys_are_refused() {
        for text in [
            "",
            "secret",
            "change-me",
            "your-secret-key",
            "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME",
            "my-super-Secret-key-for-production-use",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababababababab",
            "9f86d081884c7d659a2feaa0c55ad01",
        ] {
            assert!(text.parse::<SecretKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn random_text_is_taken_and_not_shown() {
        for text in [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
        ] {
            let key: SecretKey = text.parse().unwrap();
            assert_eq!(key.expose(), text.as_bytes());
            assert_eq!(format!("{key} {key:?}"), "*** ***");
        }
    }
}
