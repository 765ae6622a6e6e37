//! Password hashes: making them, verifying ours and imported ones. Work for a processor alone; who
//! waits for whom is decided elsewhere.

mod argon;
mod bcrypt;
mod foreign;

use std::fmt;

use argon2::Block;

use self::foreign::Foreign;
use crate::password::Password;

/// How new passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashScheme {
    /// Argon2id, version 19, one lane.
    Argon2id {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over the memory.
        passes: u32,
    },
    /// bcrypt `$2b$`.
    Bcrypt {
        /// Binary logarithm of the rounds.
        cost: u32,
    },
}

impl Default for HashScheme {
    fn default() -> Self {
        Self::Argon2id {
            memory_kib: 19_456,
            passes: 2,
        }
    }
}

/// Why there is no hash, or no answer about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash is of no known kind, or damaged.
    #[error("the stored password hash cannot be read")]
    Unreadable,
    /// The parameters make no valid hash, or one so costly that verifying it would be an attack.
    #[error("the parameters of the password hash are out of bounds")]
    OutOfBounds,
    /// The machine cannot spare the memory now.
    #[error("not enough memory to hash a password")]
    OutOfMemory,
}

/// Memory for argon2, reused from one password to the next: fresh pages cost as much as a fifth of the
/// work. Grows for a costly imported hash and shrinks back afterwards.
pub struct Scratch {
    blocks: Vec<Block>,
    kept: usize,
}

impl Scratch {
    /// Memory that keeps what this scheme needs.
    pub const fn for_scheme(scheme: HashScheme) -> Self {
        let kept = match scheme {
            HashScheme::Argon2id { memory_kib, .. } => memory_kib as usize,
            HashScheme::Bcrypt { .. } => 0,
        };
        Self {
            blocks: Vec::new(),
            kept,
        }
    }

    fn lend<T>(&mut self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> Result<T, HashError> {
        let missing = count.saturating_sub(self.blocks.len());
        self.blocks
            .try_reserve_exact(missing)
            .map_err(|_| HashError::OutOfMemory)?;
        self.blocks.resize(self.blocks.len() + missing, Block::new());
        let result = work(&mut self.blocks[..count]);
        if self.blocks.len() > self.kept {
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
        Ok(result)
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::for_scheme(HashScheme::default())
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

/// Hashes a password into the form that is stored.
pub fn hash(
    password: &Password,
    scheme: HashScheme,
    salt: [u8; 16],
    scratch: &mut Scratch,
) -> Result<String, HashError> {
    match scheme {
        HashScheme::Argon2id { memory_kib, passes } => {
            argon::hash(password, memory_kib, passes, salt, scratch)
        }
        HashScheme::Bcrypt { cost } => bcrypt::hash(password, cost, salt),
    }
}

/// Whether the password is the one behind the stored hash: argon2 in PHC form or bcrypt, ours or imported,
/// or a form of other programs.
pub fn verify(password: &Password, stored: &str, scratch: &mut Scratch) -> Result<bool, HashError> {
    match foreign::read(stored) {
        Some(Ok(Foreign::Digest(digest))) => digest.is_of(password),
        Some(Ok(Foreign::BcryptOfDigest(stored))) => bcrypt::verify_digest(password, stored),
        Some(Ok(Foreign::Wrapped(stored))) => verify_own(password, stored, scratch),
        Some(Err(error)) => Err(error),
        None => verify_own(password, stored, scratch),
    }
}

fn verify_own(password: &Password, stored: &str, scratch: &mut Scratch) -> Result<bool, HashError> {
    if stored.starts_with("$argon2") {
        argon::verify(password, stored, scratch)
    } else {
        bcrypt::verify(password, stored)
    }
}

/// Whether [`verify`] could say something about this hash, without doing the work.
pub fn is_readable(stored: &str) -> Result<(), HashError> {
    match foreign::read(stored) {
        Some(Ok(Foreign::Digest(_))) => Ok(()),
        Some(Ok(Foreign::BcryptOfDigest(stored))) => bcrypt::is_readable(stored),
        Some(Ok(Foreign::Wrapped(stored))) => is_own_readable(stored),
        Some(Err(error)) => Err(error),
        None => is_own_readable(stored),
    }
}

fn is_own_readable(stored: &str) -> Result<(), HashError> {
    if stored.starts_with("$argon2") {
        argon::is_readable(stored)
    } else {
        bcrypt::is_readable(stored)
    }
}

/// Whether the stored hash differs from what this scheme would make today.
pub fn needs_rehash(stored: &str, scheme: HashScheme) -> bool {
    let is_current = match scheme {
        HashScheme::Argon2id { memory_kib, passes } => argon::is_made_with(stored, memory_kib, passes),
        HashScheme::Bcrypt { cost } => bcrypt::is_made_with(stored, cost),
    };
    !is_current
}

/// A hash no password is behind, as costly to verify as a real one: for the same work on unknown people.
pub fn dummy(scheme: HashScheme) -> String {
    match scheme {
        HashScheme::Argon2id { memory_kib, passes } => argon::dummy(memory_kib, passes),
        HashScheme::Bcrypt { cost } => bcrypt::dummy(cost),
    }
}

#[cfg(test)]
mod tests;
