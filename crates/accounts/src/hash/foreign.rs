//! Hashes that other programs made, in the forms of Django, passlib and Werkzeug. They are verified as
//! they are, and replaced by one of ours at the next sign-in.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::HashError;
use crate::keys::same;
use crate::password::Password;

/// Twice what the costliest framework makes today.
const MAX_ROUNDS: u32 = 2_000_000;
const MAX_SCRYPT_BYTES: u64 = 64 << 20;
const MAX_LANES: u32 = 4;
/// A shorter digest could be met by chance, a longer one only costs time.
const DIGEST_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// How a hash was made elsewhere.
pub(super) enum Foreign<'a> {
    /// A form we have ourselves, with a word before it.
    Wrapped(&'a str),
    /// bcrypt of the password's SHA-256 in hexadecimal.
    BcryptOfDigest(&'a str),
    /// A digest.
    Digest(Digest),
}

/// What is compared, and how it came about.
pub(super) struct Digest {
    recipe: Recipe,
    salt: Vec<u8>,
    output: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Recipe {
    Pbkdf2(Algorithm, NonZeroU32),
    Scrypt(scrypt::Params),
}

/// Reads a hash of somebody else; `None` when it is in no form known here.
pub(super) fn read(stored: &str) -> Option<Result<Foreign<'_>, HashError>> {
    if stored.starts_with("argon2$") {
        // The dollar sign that our form begins with is this one.
        return Some(Ok(Foreign::Wrapped(&stored["argon2".len()..])));
    }
    if let Some(bcrypt) = stored.strip_prefix("bcrypt$") {
        return Some(Ok(Foreign::Wrapped(bcrypt)));
    }
    if let Some(bcrypt) = stored.strip_prefix("bcrypt_sha256$") {
        return Some(Ok(Foreign::BcryptOfDigest(bcrypt)));
    }
    let (name, rest) = stored.strip_prefix('$').unwrap_or(stored).split_once('$')?;
    let digest = match name {
        "pbkdf2_sha256" | "pbkdf2_sha1" => django_pbkdf2(name, rest),
        "scrypt" if stored.starts_with('$') => passlib_scrypt(rest),
        "scrypt" => django_scrypt(rest),
        "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512" => passlib_pbkdf2(name, rest),
        _ if name.starts_with("pbkdf2:") || name.starts_with("scrypt:") => werkzeug(name, rest),
        _ => return None,
    };
    Some(digest.map(Foreign::Digest))
}

impl Digest {
    pub(super) fn is_of(&self, password: &Password) -> Result<bool, HashError> {
        let password = password.expose().as_bytes();
        let mut made = Zeroizing::new(vec![0; self.output.len()]);
        match self.recipe {
            Recipe::Pbkdf2(algorithm, rounds) => {
                pbkdf2::derive(algorithm, rounds, &self.salt, password, &mut made);
            }
            Recipe::Scrypt(params) => scrypt::scrypt(password, &self.salt, &params, &mut made)
                .map_err(|_| HashError::OutOfBounds)?,
        }
        Ok(same(&made, &self.output))
    }

    fn new(recipe: Recipe, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, HashError> {
        if DIGEST_BYTES.contains(&output.len()) {
            Ok(Self { recipe, salt, output })
        } else {
            Err(HashError::OutOfBounds)
        }
    }
}

/// `ROUNDS$SALT$DIGEST`, the salt as it stands there.
fn django_pbkdf2(name: &str, rest: &str) -> Result<Digest, HashError> {
    let [rounds, salt, digest] = parts(rest)?;
    Digest::new(
        rounds_of(&name["pbkdf2_".len()..], rounds)?,
        salt.into(),
        standard(digest)?,
    )
}

/// `N$SALT$R$P$DIGEST`
fn django_scrypt(rest: &str) -> Result<Digest, HashError> {
    let [n, salt, r, p, digest] = parts(rest)?;
    Digest::new(scrypt_of(n, r, p)?, salt.into(), standard(digest)?)
}

/// `ROUNDS$SALT$DIGEST`, in base64 with a dot for the plus sign.
fn passlib_pbkdf2(name: &str, rest: &str) -> Result<Digest, HashError> {
    let [rounds, salt, digest] = parts(rest)?;
    let hash = name.strip_prefix("pbkdf2-").unwrap_or("sha1");
    Digest::new(rounds_of(hash, rounds)?, dotted(salt)?, dotted(digest)?)
}

/// `ln=LOG_N,r=R,p=P$SALT$DIGEST`
fn passlib_scrypt(rest: &str) -> Result<Digest, HashError> {
    let [params, salt, digest] = parts(rest)?;
    let mut values = params
        .split(',')
        .zip(["ln=", "r=", "p="])
        .map(|(part, name)| part.strip_prefix(name).ok_or(HashError::Unreadable));
    let mut next = || values.next().unwrap_or(Err(HashError::Unreadable));
    let (log_n, r, p) = (number(next()?)?, next()?, next()?);
    let n = 1_u64.checked_shl(log_n).ok_or(HashError::OutOfBounds)?;
    Digest::new(scrypt_of(&n.to_string(), r, p)?, dotted(salt)?, dotted(digest)?)
}

/// `pbkdf2:HASH:ROUNDS$SALT$DIGEST` or `scrypt:N:R:P$SALT$DIGEST`, the digest in hexadecimal.
fn werkzeug(name: &str, rest: &str) -> Result<Digest, HashError> {
    let [salt, digest] = parts(rest)?;
    let words: Vec<_> = name.split(':').collect();
    let recipe = match words[..] {
        ["pbkdf2", hash, rounds] => rounds_of(hash, rounds)?,
        ["scrypt", n, r, p] => scrypt_of(n, r, p)?,
        _ => return Err(HashError::Unreadable),
    };
    Digest::new(recipe, salt.into(), hexadecimal(digest)?)
}

fn parts<const N: usize>(text: &str) -> Result<[&str; N], HashError> {
    let parts: Vec<_> = text.split('$').collect();
    parts.try_into().map_err(|_| HashError::Unreadable)
}

fn rounds_of(hash: &str, rounds: &str) -> Result<Recipe, HashError> {
    let algorithm = match hash {
        "sha1" => pbkdf2::PBKDF2_HMAC_SHA1,
        "sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
        "sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(HashError::Unreadable),
    };
    let rounds = NonZeroU32::new(number(rounds)?).ok_or(HashError::OutOfBounds)?;
    if rounds.get() > MAX_ROUNDS {
        return Err(HashError::OutOfBounds);
    }
    Ok(Recipe::Pbkdf2(algorithm, rounds))
}

fn scrypt_of(n: &str, r: &str, p: &str) -> Result<Recipe, HashError> {
    let (n, r, p) = (number(n)?, number(r)?, number(p)?);
    let bytes = u64::from(n).saturating_mul(u64::from(r)).saturating_mul(128);
    if !n.is_power_of_two() || bytes > MAX_SCRYPT_BYTES || p > MAX_LANES {
        return Err(HashError::OutOfBounds);
    }
    scrypt::Params::new(n.trailing_zeros() as u8, r, p)
        .map(Recipe::Scrypt)
        .map_err(|_| HashError::OutOfBounds)
}

fn number(text: &str) -> Result<u32, HashError> {
    text.parse().map_err(|_| HashError::Unreadable)
}

fn standard(text: &str) -> Result<Vec<u8>, HashError> {
    STANDARD.decode(text).map_err(|_| HashError::Unreadable)
}

fn dotted(text: &str) -> Result<Vec<u8>, HashError> {
    let text = text.replace('.', "+");
    STANDARD_NO_PAD.decode(text).map_err(|_| HashError::Unreadable)
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, HashError> {
    let digits = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        (pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit)).then_some(())?;
        u8::from_str_radix(text, 16).ok()
    };
    let bytes = text.as_bytes().chunks(2).map(digits).collect::<Option<_>>();
    bytes.ok_or(HashError::Unreadable)
}
