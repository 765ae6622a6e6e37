//! bcrypt in its `$2b$` form, and the older `$2a$` and `$2y$` that others made.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bcrypt::{HashParts, Version};
use zeroize::Zeroizing;

use super::HashError;
use crate::keys::sha256;
use crate::password::Password;

const COSTS: RangeInclusive<u32> = 4..=14;
const MAX_BYTES: usize = 72;
const KNOWN: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

pub(super) fn hash(password: &Password, cost: u32, salt: [u8; 16]) -> Result<String, HashError> {
    if !COSTS.contains(&cost) {
        return Err(HashError::OutOfBounds);
    }
    let parts = bcrypt::hash_with_salt(reduce(password).as_bytes(), cost, salt)
        .map_err(|_| HashError::OutOfBounds)?;
    Ok(parts.format_for_version(Version::TwoB))
}

pub(super) fn verify(password: &Password, stored: &str) -> Result<bool, HashError> {
    is_readable(stored)?;
    bcrypt::verify(reduce(password).as_bytes(), stored).map_err(|_| HashError::Unreadable)
}

/// Compares the SHA-256 of the password, in hexadecimal.
pub(super) fn verify_digest(password: &Password, stored: &str) -> Result<bool, HashError> {
    is_readable(stored)?;
    let digest = sha256(password.expose().as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        digits
            .map(|digit| b"0123456789abcdef"[usize::from(digit)])
            .collect(),
    );
    bcrypt::verify(digits.as_slice(), stored).map_err(|_| HashError::Unreadable)
}

/// The work it asks for is within bounds.
pub(super) fn is_readable(stored: &str) -> Result<(), HashError> {
    if COSTS.contains(&read(stored)?.get_cost()) {
        Ok(())
    } else {
        Err(HashError::OutOfBounds)
    }
}

pub(super) fn is_made_with(stored: &str, cost: u32) -> bool {
    stored.starts_with("$2b$") && read(stored).is_ok_and(|parts| parts.get_cost() == cost)
}

pub(super) fn dummy(cost: u32) -> String {
    format!("$2b${cost:02}${}", ".".repeat(53))
}

fn read(stored: &str) -> Result<HashParts, HashError> {
    if !KNOWN.iter().any(|prefix| stored.starts_with(prefix)) {
        return Err(HashError::Unreadable);
    }
    stored.parse().map_err(|_| HashError::Unreadable)
}

/// bcrypt reads 72 bytes and treats a zero byte as the end of a repeating key, so that different
/// passwords would open the same account. Those it cannot tell apart are digested first. The price: an
/// imported hash of so long a password never matches, and its owner resets it.
fn reduce(password: &Password) -> Zeroizing<String> {
    let text = password.expose();
    if text.len() > MAX_BYTES || text.contains('\0') {
        Zeroizing::new(STANDARD_NO_PAD.encode(sha256(text.as_bytes())))
    } else {
        Zeroizing::new(text.to_owned())
    }
}
