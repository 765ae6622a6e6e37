//! Choosing a password: measured against what the operator asks for, then hashed.

use std::sync::Arc;

use usher_accounts::email::EmailAddress;
use usher_accounts::password::{Password, PasswordError};

use crate::hashing::Lane;
use crate::{Trouble, Usher};

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChooseError {
    #[error(transparent)]
    Weak(#[from] PasswordError),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Usher {
    /// The hash of a password that somebody has chosen.
    pub(crate) async fn hash_chosen(
        &self,
        lane: Lane,
        password: Password,
        email: &EmailAddress,
        username: Option<&str>,
        salt: [u8; 16],
    ) -> Result<String, ChooseError> {
        let password = Arc::new(password);
        if self.is_breached(&password).await {
            return Err(PasswordError::Breached.into());
        }
        let hints = [email.as_typed(), email.local()]
            .into_iter()
            .chain(username)
            .map(str::to_owned)
            .collect();
        let strength = self.policy.password_strength;
        let hash = self.hashing.hash(lane, password, salt, strength, hints).await?;
        hash.ok_or_else(|| PasswordError::TooWeak.into())
    }

    /// A list that cannot be read stops nobody; it is said in the log.
    async fn is_breached(&self, password: &Arc<Password>) -> bool {
        let Some(list) = self.policy.breach_list.clone() else {
            return false;
        };
        let password = Arc::clone(password);
        let found = tokio::task::spawn_blocking(move || list.holds(&password)).await;
        match found {
            Ok(Ok(found)) => found,
            Ok(Err(cause)) => {
                tracing::error!(%cause, "the list of breached passwords cannot be read");
                false
            }
            Err(cause) => {
                tracing::error!(%cause, "the list of breached passwords was not searched");
                false
            }
        }
    }
}
