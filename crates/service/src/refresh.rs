//! Refreshing: a new access token, and a new refresh token in the place of the old.

use std::sync::Arc;
use std::time::Duration;

use usher_accounts::keys::same;
use usher_accounts::refresh::RefreshToken;
use usher_accounts::time::Timestamp;
use usher_store::sessions::{self, Signed};
use usher_store::{StoreError, Tx};

use crate::sessions::SignedIn;
use crate::{Trouble, Usher};

/// How long after its first use a token still brings the same successor: for a client whose answer was
/// lost, and for two tabs that ask at once.
const GRACE: Duration = Duration::from_secs(10);

/// Why there is no new token.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It is no refresh token of ours.
    #[error("the refresh token is not good")]
    NotAuthenticated,
    /// Its session is over, perhaps because the token was used twice.
    #[error("the session has ended")]
    SessionEnded,
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Usher {
    /// Exchanges a refresh token. Using one again more than ten seconds after its first use ends
    /// its session: either its owner or somebody who copied it is out, and both sign in anew.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, RefreshError> {
        let token = RefreshToken::parse(token, &self.keys).ok_or(RefreshError::NotAuthenticated)?;
        let (id, now) = (token.session_id(), self.now());
        let successor = token.successor(&self.keys);
        let mut tx = self.db.begin().await?;
        let rotated = sessions::rotate(&mut tx, id, &token.hash(), &successor.hash(), now).await?;
        if !rotated && !self.is_repeated(&token, now, &mut tx).await? {
            return Err(self.replayed(&token, tx).await?);
        }
        tx.commit().await?;
        let signed = self.live_session(id).await?;
        let signed = signed.ok_or(RefreshError::SessionEnded)?;
        Ok(self.signed_in(&signed, &successor)?)
    }

    /// The live session a refresh token stands for, without using the token up: for pages, which must
    /// not change anything when they are looked at.
    pub async fn session_of_refresh(&self, token: &str) -> Result<Option<Arc<Signed>>, Trouble> {
        let Some(token) = RefreshToken::parse(token, &self.keys) else {
            return Ok(None);
        };
        let Some(row) = sessions::refresh(&self.db, token.session_id()).await? else {
            return Ok(None);
        };
        if !same(&row.refresh_hash, &token.hash()) {
            return Ok(None);
        }
        self.live_session(token.session_id()).await
    }

    async fn is_repeated(&self, token: &RefreshToken, now: Timestamp, tx: &mut Tx) -> Result<bool, Trouble> {
        let Some(row) = sessions::refresh(tx, token.session_id()).await? else {
            return Ok(false);
        };
        let previous = row
            .refresh_previous
            .is_some_and(|hash| same(&hash, &token.hash()));
        let lately = row.refreshed_at.is_some_and(|at| now.since(at) <= GRACE);
        Ok(previous && lately)
    }

    async fn replayed(&self, token: &RefreshToken, mut tx: Tx) -> Result<RefreshError, Trouble> {
        let id = token.session_id();
        if sessions::end_by_id(&mut tx, id).await? {
            tx.commit().await?;
            self.forget(&[id]);
            tracing::warn!(session = %id, "a refresh token was used again; its session has ended");
        }
        Ok(RefreshError::SessionEnded)
    }
}
