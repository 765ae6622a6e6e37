//! Signing in: a password becomes a session.

use std::sync::Arc;

use usher_accounts::email::EmailAddress;
use usher_accounts::hash;
use usher_accounts::keys;
use usher_accounts::password::Password;
use usher_store::accounts::{self, Account};
use usher_store::registrations::{self, Registration};
use usher_store::sessions::Owner;

use crate::client::Client;
use crate::hashing::Lane;
use crate::policy::Existing;
use crate::sessions::SignedIn;
use crate::{Trouble, Usher};

/// Who has an address and a password.
pub(crate) enum Known {
    /// The owner of an account.
    Account(Account),
    /// Somebody with registrations that wait, the newest first; never empty.
    Registrations(Vec<Registration>),
    /// Nobody.
    Nobody,
}

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Address or password are wrong; which of them is nobody's business.
    #[error("address or password are wrong")]
    InvalidCredentials,
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Usher {
    /// Signs somebody in with address and password.
    pub async fn log_in(
        &self,
        email: &EmailAddress,
        password: Password,
        client: &Client,
    ) -> Result<SignedIn, LogInError> {
        self.spend_sign_in(email.key(), client).await?;
        let password = Arc::new(password);
        let owner = match self.known_by_password(email, &password).await? {
            Known::Account(account) => {
                self.rehash(&account, &password).await?;
                Owner::Account(account.id)
            }
            Known::Registrations(rows) if self.policy.unverified_login => Owner::Registration(rows[0].id),
            Known::Registrations(_) | Known::Nobody => {
                tracing::info!(address = %self.log_name(email.key()), source = %client.bucket, "sign-in refused");
                return Err(LogInError::InvalidCredentials);
            }
        };
        let signed_in = self.start_session(owner, client, Some(email.key())).await?;
        if signed_in.is_none() {
            tracing::info!(address = %self.log_name(email.key()), source = %client.bucket, "sign-in refused: disabled, or gone since");
        }
        signed_in.ok_or(LogInError::InvalidCredentials)
    }

    /// Who has this address and this password. Nobody costs as much as somebody, and where it must not
    /// be seen which addresses have accounts, a decoy costs as much as the real thing.
    pub(crate) async fn known_by_password(
        &self,
        email: &EmailAddress,
        password: &Arc<Password>,
    ) -> Result<Known, Trouble> {
        let now = self.now();
        let silent = self.policy.existing == Existing::Silent;
        let account = accounts::by_email(&self.db, email.key(), now).await?;
        let has_account = account.is_some();
        if has_account || silent {
            let stored = account
                .as_ref()
                .map_or(&self.nobody, |account| &account.password_hash);
            let right = self
                .hashing
                .verify(Lane::SignIn, Arc::clone(password), stored.clone())
                .await?;
            if let Some(account) = account.filter(|_| right) {
                return Ok(Known::Account(account));
            }
        }
        if has_account && !silent {
            return Ok(Known::Nobody);
        }
        // All that wait for an address share its salt, so one hash compares with all of them.
        let salt = self.address_salt(email.key());
        let hashed = self
            .hashing
            .hash(Lane::SignIn, Arc::clone(password), salt, 0, Vec::new())
            .await?;
        let hashed = hashed.unwrap_or_default();
        let mut rows = registrations::live_by_email(&self.db, email.key(), now).await?;
        rows.retain(|row| keys::same(row.password_hash.as_bytes(), hashed.as_bytes()));
        Ok(if rows.is_empty() {
            Known::Nobody
        } else {
            Known::Registrations(rows)
        })
    }

    /// The salt of passwords registered for an address while they wait: a secret of this installation,
    /// different for each address.
    pub(crate) fn address_salt(&self, email_key: &str) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.keys.bucket.mac(&[b"salt", email_key.as_bytes()])[..16]);
        salt
    }

    async fn rehash(&self, account: &Account, password: &Arc<Password>) -> Result<(), Trouble> {
        if !hash::needs_rehash(&account.password_hash, self.policy.hash) {
            return Ok(());
        }
        let (password, salt) = (Arc::clone(password), self.dice.bytes());
        let fresh = self
            .hashing
            .hash(Lane::SignIn, password, salt, 0, Vec::new())
            .await?;
        let Some(fresh) = fresh else { return Ok(()) };
        let mut tx = self.db.begin().await?;
        accounts::rehash(&mut tx, account.id, &account.password_hash, &fresh).await?;
        Ok(tx.commit().await?)
    }

    /// Compares the password of somebody who is signed in already; spends a sign-in attempt.
    pub(crate) async fn is_password_of(
        &self,
        account: &Account,
        password: Password,
        client: &Client,
    ) -> Result<bool, Trouble> {
        self.spend_sign_in(&account.email_key, client).await?;
        let stored = account.password_hash.clone();
        let right = self
            .hashing
            .verify(Lane::SignIn, Arc::new(password), stored)
            .await?;
        if right {
            let mut tx = self.db.begin().await?;
            self.clear_sign_in(&mut tx, &account.email_key, client).await?;
            tx.commit().await?;
        }
        Ok(right)
    }
}
