//! The data folder and the secrets in it: made on the first start, read afterwards, and never lent to
//! anybody else.

mod folder;
mod keys;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use usher_accounts::dice::Dice;
use zeroize::Zeroizing;

use self::folder::{Folder, Lock};
use self::keys::SigningKeys;
use crate::config::SecretKey;

const ROOT: &str = "secret.key";
const ROOT_DIGITS: usize = 64;
/// Where the first version kept its signing keys; only read.
const SIGNING_KEYS: &str = "signing-keys.json";

/// Why the secrets cannot be had.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// The system refuses.
    #[error("cannot {what} {}: {cause}", path.display())]
    Io {
        /// The attempt.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others could read it.
    #[error("{0} is open to other users (mode {mode:03o}); run: chmod {needed:o} {0}", path.display())]
    WideMode {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it must have.
        needed: u32,
    },
    /// Not what was written there.
    #[error("{} is damaged; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Everything that is secret about one installation.
pub struct Secrets {
    /// What every MAC key is derived from.
    pub root: Zeroizing<Vec<u8>>,
    /// Seeds of keys from before the database held what makes them. Their tokens may still be alive.
    pub older_seeds: Vec<[u8; 32]>,
    /// The files that were made just now.
    pub created: Vec<PathBuf>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The data folder, which only its owner can open.
#[derive(Clone, Debug)]
pub struct DataDir(Folder);

impl DataDir {
    /// Opens the folder and makes it when it is missing; refuses one that others can open.
    pub fn open(path: &Path) -> Result<Self, SecretsError> {
        Folder::open(path).map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads the secrets and makes those that are missing. The operator's own key goes before the file.
    pub fn secrets(&self, own: Option<&SecretKey>, dice: &dyn Dice) -> Result<Secrets, SecretsError> {
        let lock = self.0.lock()?;
        let mut created = Vec::new();
        let root = match own {
            Some(key) => Zeroizing::new(key.expose().to_vec()),
            None => root(&lock, dice, &mut created)?,
        };
        let older = signing_keys(&lock)?;
        Ok(Secrets {
            root,
            older_seeds: older.map(|keys| keys.seeds()).unwrap_or_default(),
            created,
        })
    }

    /// The secret, by the name of its file, for a backup.
    pub fn export(&self) -> Result<Vec<(&'static str, Zeroizing<String>)>, SecretsError> {
        let text = self.0.lock()?.read(ROOT)?;
        Ok(text.map(|text| (ROOT, text)).into_iter().collect())
    }

    /// Takes over the secret of a backup and returns where it is now. One that is here already stays.
    pub fn import(&self, secrets: &[(String, String)]) -> Result<Option<PathBuf>, SecretsError> {
        let lock = self.0.lock()?;
        match secrets.iter().find(|(name, _)| name == ROOT) {
            Some((_, text)) if lock.read(ROOT)?.is_none() => lock.write(ROOT, text.trim_end()).map(Some),
            _ => Ok(None),
        }
    }
}

/// The root is the text of the file, not the bytes it spells: who moves it to `SECRET_KEY` keeps the
/// same keys.
fn root(
    lock: &Lock<'_>,
    dice: &dyn Dice,
    created: &mut Vec<PathBuf>,
) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
    if let Some(text) = lock.read(ROOT)? {
        let key = text.trim_end();
        if key.len() != ROOT_DIGITS || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(lock.damaged(ROOT));
        }
        return Ok(Zeroizing::new(key.as_bytes().to_vec()));
    }
    let key = keys::hexadecimal(&dice.bytes());
    created.push(lock.write(ROOT, &key)?);
    Ok(Zeroizing::new(key.as_bytes().to_vec()))
}

fn signing_keys(lock: &Lock<'_>) -> Result<Option<SigningKeys>, SecretsError> {
    let Some(text) = lock.read(SIGNING_KEYS)? else {
        return Ok(None);
    };
    SigningKeys::parse(&text)
        .map(Some)
        .ok_or_else(|| lock.damaged(SIGNING_KEYS))
}

#[cfg(test)]
mod tests;
