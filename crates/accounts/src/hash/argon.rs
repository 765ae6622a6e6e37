//! Argon2 in its PHC string form.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::{HashError, Scratch};
use crate::keys::same;
use crate::password::Password;

const MAX_MEMORY_KIB: u32 = 256 * 1_024;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 8;
const DIGEST_BYTES: usize = 32;

pub(super) fn hash(
    password: &Password,
    memory_kib: u32,
    passes: u32,
    salt: [u8; 16],
    scratch: &mut Scratch,
) -> Result<String, HashError> {
    let params =
        Params::new(memory_kib, passes, 1, Some(DIGEST_BYTES)).map_err(|_| HashError::OutOfBounds)?;
    let argon = bounded(Algorithm::Argon2id, Version::V0x13, params)?;
    let mut digest = [0; DIGEST_BYTES];
    fill(&argon, password, &salt, &mut digest, scratch)?;
    Ok(phc(memory_kib, passes, &salt, &digest))
}

pub(super) fn verify(password: &Password, stored: &str, scratch: &mut Scratch) -> Result<bool, HashError> {
    let stored = Stored::read(stored).ok_or(HashError::Unreadable)?;
    let argon = bounded(stored.algorithm, stored.version, stored.params)?;
    let mut digest = Zeroizing::new([0; Output::MAX_LENGTH]);
    let digest = &mut digest[..stored.output.len()];
    fill(&argon, password, &stored.salt, digest, scratch)?;
    Ok(same(digest, stored.output.as_bytes()))
}

pub(super) fn is_readable(stored: &str) -> Result<(), HashError> {
    let stored = Stored::read(stored).ok_or(HashError::Unreadable)?;
    bounded(stored.algorithm, stored.version, stored.params).map(drop)
}

pub(super) fn is_made_with(stored: &str, memory_kib: u32, passes: u32) -> bool {
    Stored::read(stored).is_some_and(|stored| {
        stored.algorithm == Algorithm::Argon2id
            && stored.version == Version::V0x13
            && stored.params.m_cost() == memory_kib
            && stored.params.t_cost() == passes
            && stored.params.p_cost() == 1
            && stored.output.len() == DIGEST_BYTES
    })
}

pub(super) fn dummy(memory_kib: u32, passes: u32) -> String {
    phc(memory_kib, passes, &[0; 16], &[0; DIGEST_BYTES])
}

struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    output: Output,
}

impl Stored {
    fn read(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        Some(Self {
            algorithm: Algorithm::new(hash.algorithm.as_str()).ok()?,
            // The field came with version 19; a hash without it is older.
            version: hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?,
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt?,
            output: hash.hash?,
        })
    }
}

/// Imported parameters are an outsider's words: whoever writes them must not choose how long we work.
fn bounded(algorithm: Algorithm, version: Version, params: Params) -> Result<Argon2<'static>, HashError> {
    let is_bounded =
        params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES && params.p_cost() <= MAX_LANES;
    is_bounded
        .then(|| Argon2::new(algorithm, version, params))
        .ok_or(HashError::OutOfBounds)
}

fn fill(
    argon: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    digest: &mut [u8],
    scratch: &mut Scratch,
) -> Result<(), HashError> {
    let password = password.expose().as_bytes();
    scratch
        .lend(argon.params().block_count(), |blocks| {
            argon.hash_password_into_with_memory(password, salt, digest, blocks)
        })?
        .map_err(|_| HashError::OutOfBounds)
}

fn phc(memory_kib: u32, passes: u32, salt: &[u8], digest: &[u8]) -> String {
    let (salt, digest) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(digest));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${digest}")
}
