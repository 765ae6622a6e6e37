//! Keys for message authentication codes, all derived from one secret. A leak of the database alone
//! therefore yields no code, link or token.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A MAC key for one purpose.
#[derive(Clone)]
pub struct MacKey(Zeroizing<[u8; 32]>);

impl MacKey {
    /// HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts collide.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("any key length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Every MAC key of one installation.
#[derive(Clone, Debug)]
pub struct MacKeys {
    /// Verification codes.
    pub code: MacKey,
    /// Links in mails.
    pub link: MacKey,
    /// Refresh tokens: their tag and their successor.
    pub refresh: MacKey,
    /// Names of rate-limit buckets, so that counters hold no address in clear.
    pub bucket: MacKey,
    /// Addresses in logs.
    pub log: MacKey,
    /// The known-device cookie.
    pub device: MacKey,
    /// Seeds of the keys that sign access tokens.
    pub signing: MacKey,
}

impl MacKeys {
    /// Derives all keys from the installation's secret (`SECRET_KEY`).
    pub fn derive(secret: &[u8]) -> Self {
        let root = Hkdf::<Sha256>::new(Some(b"usher/v1"), secret);
        let key = |purpose: &str| {
            let mut bytes = Zeroizing::new([0; 32]);
            #[expect(clippy::expect_used, reason = "32 bytes are within HKDF's limit")]
            root.expand(purpose.as_bytes(), bytes.as_mut_slice())
                .expect("32 bytes");
            MacKey(bytes)
        };
        Self {
            code: key("code"),
            link: key("link"),
            refresh: key("refresh"),
            bucket: key("bucket"),
            log: key("log"),
            device: key("device"),
            signing: key("signing"),
        }
    }
}

/// SHA-256, the stored form of random secrets.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Compares without telling by time where the difference is.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
