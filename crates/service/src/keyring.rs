//! The keys that sign access tokens, shared by every node: the database holds a salt for each, and the
//! installation's secret makes the key from it. A new key is published before it signs, so that nobody
//! ever meets a token whose key they could not know.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use usher_accounts::dice::Dice;
use usher_accounts::keys::MacKeys;
use usher_accounts::time::Timestamp;
use usher_accounts::token::{KeySet, SigningKey};
use usher_store::signing_keys::{self, SigningKeyRow};
use usher_store::{Db, StoreError};

use crate::{Trouble, Usher};

/// How long a key is believed after it stopped signing: longer than any token lives.
const BELIEVED: Duration = Duration::from_hours(25);
/// How often every node looks for new keys.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A token of an unknown key makes a node look at once, but not more often than this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The keys in the database follow from another secret.
    #[error(
        "this database belongs to an installation with another secret; give every node the same SECRET_KEY \
         (or the same secret.key), or run usher keys replace if it was changed on purpose"
    )]
    OtherSecret,
    /// There are none, though one was made.
    #[error("the signing keys have been removed from the database")]
    Missing,
    /// Storage did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a node knows of the keys.
#[derive(Debug)]
pub struct Keyring {
    /// Keys from before there was a table for them; they only verify.
    older: Vec<SigningKey>,
    known: RwLock<Known>,
}

#[derive(Debug)]
struct Known {
    set: Arc<KeySet>,
    looked_at: Timestamp,
}

impl Keyring {
    /// Reads the keys, and makes the first one where there is none. `older` are believed besides.
    pub async fn open(
        db: &Db,
        keys: &MacKeys,
        dice: &dyn Dice,
        now: Timestamp,
        older: Vec<SigningKey>,
    ) -> Result<Self, KeyringError> {
        if signing_keys::all(db).await?.is_empty() {
            let mut tx = db.begin().await?;
            // Of several first starts one makes it; all read it.
            signing_keys::insert(&mut tx, &new_row(1, now, keys, dice), now).await?;
            tx.commit().await?;
        }
        let rows = signing_keys::all(db).await?;
        let set = Arc::new(key_set(&rows, &older, keys, now)?);
        let known = RwLock::new(Known { set, looked_at: now });
        Ok(Self { older, known })
    }

    /// The keys as they are known now.
    pub fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).set)
    }

    fn looked_at(&self) -> Timestamp {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .looked_at
    }
}

impl Usher {
    /// Adds a key that signs after `lead`; until then it is only published. From when on it signs.
    pub async fn rotate_signing_key(&self, lead: Duration) -> Result<Timestamp, Trouble> {
        let now = self.now();
        loop {
            let mut tx = self.db.begin().await?;
            let last = signing_keys::all(&mut tx)
                .await?
                .last()
                .map_or(0, |row| row.generation);
            let new = new_row(last + 1, now + lead, &self.keys, &*self.dice);
            if signing_keys::insert(&mut tx, &new, now).await? {
                signing_keys::retire(&mut tx, now - BELIEVED).await?;
                tx.commit().await?;
                self.look_at_keys().await?;
                return Ok(new.signs_from);
            }
        }
    }

    /// Follows rotations until `stop` turns true.
    pub async fn follow_keys(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        while !*stop.borrow() {
            tokio::select! {
                _ = look.tick() => {
                    if let Err(error) = self.look_at_keys().await {
                        tracing::debug!(%error, "the signing keys cannot be looked at");
                    }
                }
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks whether a key has come that was unknown a moment ago. Whether it was worth looking.
    pub(crate) async fn look_for_key(&self) -> Result<bool, Trouble> {
        if self.now().since(self.keyring.looked_at()) < LOOK_AGAIN_AFTER {
            return Ok(false);
        }
        self.look_at_keys().await?;
        Ok(true)
    }

    async fn look_at_keys(&self) -> Result<(), Trouble> {
        let (rows, now) = (signing_keys::all(&self.db).await?, self.now());
        match key_set(&rows, &self.keyring.older, &self.keys, now) {
            Ok(set) => {
                let mut known = self.keyring.known.write().unwrap_or_else(PoisonError::into_inner);
                *known = Known {
                    set: Arc::new(set),
                    looked_at: now,
                };
            }
            // Somebody replaced the keys under a running server; it goes on with those it has.
            Err(error) => tracing::error!(%error, "the signing keys were not taken over"),
        }
        Ok(())
    }
}

/// Replaces every key by a new one made from this secret: what the old ones signed is void.
pub async fn replace(db: &Db, keys: &MacKeys, dice: &dyn Dice, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    signing_keys::clear(&mut tx).await?;
    signing_keys::insert(&mut tx, &new_row(1, now, keys, dice), now).await?;
    tx.commit().await
}

fn new_row(generation: i64, signs_from: Timestamp, keys: &MacKeys, dice: &dyn Dice) -> SigningKeyRow {
    let salt = dice.bytes::<32>().to_vec();
    let kid = key(generation, &salt, keys).kid().to_owned();
    SigningKeyRow {
        generation,
        salt,
        kid,
        signs_from,
    }
}

fn key(generation: i64, salt: &[u8], keys: &MacKeys) -> SigningKey {
    SigningKey::from_seed(keys.signing.mac(&[&generation.to_be_bytes(), salt]))
}

/// The latest key that has begun signs; all are believed.
fn key_set(
    rows: &[SigningKeyRow],
    older: &[SigningKey],
    keys: &MacKeys,
    now: Timestamp,
) -> Result<KeySet, KeyringError> {
    let begun = rows.iter().rposition(|row| row.signs_from <= now);
    let mut made = Vec::with_capacity(rows.len());
    for row in rows {
        let key = key(row.generation, &row.salt, keys);
        if key.kid() != row.kid {
            return Err(KeyringError::OtherSecret);
        }
        made.push(key);
    }
    if made.is_empty() {
        return Err(KeyringError::Missing);
    }
    // A clock that is behind the one that made the first key still has a key to sign with.
    let active = made.remove(begun.unwrap_or_default());
    made.extend(older.iter().cloned());
    Ok(KeySet::new(active, made))
}
