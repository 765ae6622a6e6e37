//! Signing in: a password becomes a session.

use std::sync::Arc;

use usher_accounts::email::EmailAddress;
use usher_accounts::hash;
use usher_accounts::password::Password;
use usher_store::accounts::{self, Account};
use usher_store::registrations::{self, Registration};
use usher_store::sessions::Owner;

use crate::client::Client;
use crate::hashing::Lane;
use crate::policy::Existing;
use crate::sessions::SignedIn;
use crate::{Trouble, Usher};

/// Registrations whose password is compared when there is no account.
const MOST_HASHES: usize = 3;

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
        let most = if silent { 1 } else { MOST_HASHES };
        let rows = registrations::live_by_email(&self.db, email.key(), now).await?;
        if rows.is_empty() {
            self.hashing
                .verify(Lane::SignIn, Arc::clone(password), self.nobody.clone())
                .await?;
        }
        let mut mine = Vec::new();
        for row in rows.into_iter().take(most) {
            let stored = row.password_hash.clone();
            if self
                .hashing
                .verify(Lane::SignIn, Arc::clone(password), stored)
                .await?
            {
                mine.push(row);
            }
        }
        Ok(if mine.is_empty() {
            Known::Nobody
        } else {
            Known::Registrations(mine)
        })
    }

    async fn rehash(&self, account: &Account, password: &Arc<Password>) -> Result<(), Trouble> {
        if !hash::needs_rehash(&account.password_hash, self.policy.hash) {
            return Ok(());
        }
        let fresh = self
            .hashing
            .hash(Lane::SignIn, Arc::clone(password), self.dice.bytes())
            .await?;
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
