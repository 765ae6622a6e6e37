//! Sessions: starting one, knowing one again, listing and ending them.

use std::sync::Arc;
use std::time::Duration;

use usher_accounts::device::device_label;
use usher_accounts::id::{PersonId, SessionId};
use usher_accounts::keys::sha256;
use usher_accounts::refresh::RefreshToken;
use usher_accounts::time::Timestamp;
use usher_accounts::token::{AccessClaims, TokenError};
use usher_store::sessions::{self, NewSession, Owner, Session, Signed};

use crate::client::Client;
use crate::profile::Profile;
use crate::{Trouble, Usher};

/// Who access tokens are for.
pub const AUDIENCE: &str = "usher";

/// What somebody who signs in gets.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// A JWT; a secret.
    pub access_token: String,
    /// How long it is good.
    pub expires_in: Duration,
    /// Opaque; a secret.
    pub refresh_token: String,
    /// The session.
    pub session_id: SessionId,
    /// When the session ends by itself.
    pub session_expires_at: Timestamp,
    /// Who signed in.
    pub profile: Profile,
    /// The value of the known-device cookie.
    pub device_mark: String,
}

/// Why a request is not from somebody signed in.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token is none of ours, or over.
    #[error("the access token is not good")]
    NotAuthenticated,
    /// The token is good, its session is not.
    #[error("the session has ended")]
    SessionEnded,
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Usher {
    /// Starts a session; `None` when its owner is gone by now. Sessions beyond the most a person may
    /// have end, the oldest first.
    pub async fn start_session(
        &self,
        owner: Owner,
        client: &Client,
        cleared: Option<&str>,
    ) -> Result<Option<SignedIn>, Trouble> {
        let now = self.now();
        let id = SessionId::mint(now, &*self.dice);
        let refresh = RefreshToken::mint(id, &self.keys, &*self.dice);
        let new = NewSession {
            id,
            owner,
            device: device_label(client.user_agent.as_deref()),
            ip: client.ip.clone(),
            expires_at: now + self.policy.session_ttl,
            refresh_hash: refresh.hash(),
        };
        let device = self.device_of(client).await;
        let mut tx = self.db.begin().await?;
        if !sessions::insert(&mut tx, &new, now).await? {
            return Ok(None);
        }
        self.bind_device(&mut tx, owner, id, device.as_ref(), now).await?;
        let trimmed = sessions::trim(&mut tx, owner.person(), self.policy.sessions_per_person).await?;
        if let Some(email_key) = cleared {
            self.clear_sign_in(&mut tx, email_key, client).await?;
        }
        let signed = sessions::signed(&mut tx, id, now).await?;
        tx.commit().await?;
        self.forget(&trimmed);
        if let Some(link) = &self.link {
            link.bell.notify_one();
        }
        tracing::info!(person = %owner.person(), session = %id, "signed in");
        signed.map(|signed| self.signed_in(&signed, &refresh)).transpose()
    }

    pub(crate) fn signed_in(&self, signed: &Signed, refresh: &RefreshToken) -> Result<SignedIn, Trouble> {
        Ok(SignedIn {
            access_token: self.access_token(signed)?,
            expires_in: self.policy.access_ttl,
            refresh_token: refresh.encode(),
            session_id: signed.id,
            session_expires_at: signed.expires_at,
            profile: Profile::from(signed),
            device_mark: self.device_mark(&signed.email_key),
        })
    }

    /// A fresh access token for a live session.
    pub fn access_token(&self, signed: &Signed) -> Result<String, Trouble> {
        let now = self.now();
        let jti: [u8; 16] = self.dice.bytes();
        Ok(self.keyring.set().sign(&AccessClaims {
            iss: self.policy.public_url.clone(),
            aud: AUDIENCE.to_owned(),
            sub: signed.person_id,
            sid: signed.id,
            jti: uuid::Uuid::from_bytes(jti).simple().to_string(),
            iat: now,
            exp: now + self.policy.access_ttl,
            verified: signed.verified_at.is_some(),
        })?)
    }

    /// Knows a request again by its access token. The token says which session; the session's row
    /// decides.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Signed>, AuthenticateError> {
        let now = self.now();
        let digest = sha256(token.as_bytes());
        let known = self.cache.token(&digest).filter(|claims| claims.exp > now);
        let claims = if let Some(claims) = known {
            claims
        } else {
            let claims = Arc::new(self.verified(token, now).await?);
            self.cache.keep_token(digest, Arc::clone(&claims));
            claims
        };
        let signed = self.live_session(claims.sid).await?;
        signed
            .filter(|signed| signed.person_id == claims.sub)
            .ok_or(AuthenticateError::SessionEnded)
    }

    /// The claims of a token of ours. One of a key we do not know may be of a key that another node has
    /// begun to sign with.
    async fn verified(&self, token: &str, now: Timestamp) -> Result<AccessClaims, AuthenticateError> {
        let verify = || {
            let set = self.keyring.set();
            set.verify(token, &self.policy.public_url, AUDIENCE, now)
        };
        let mut verified = verify();
        if verified == Err(TokenError::UnknownKey) && self.look_for_key().await? {
            verified = verify();
        }
        verified.map_err(|_| AuthenticateError::NotAuthenticated)
    }

    /// A live session and the person behind it.
    pub(crate) async fn live_session(&self, id: SessionId) -> Result<Option<Arc<Signed>>, Trouble> {
        let now = self.now();
        if let Some(signed) = self.cache.session(id, now) {
            return Ok(Some(signed));
        }
        let ticket = self.cache.ticket();
        let Some(signed) = sessions::signed(&self.db, id, now).await? else {
            return Ok(None);
        };
        let signed = Arc::new(signed);
        self.cache.keep_session(ticket, &signed, now);
        Ok(Some(signed))
    }

    /// The live sessions of a person, the newest first.
    pub async fn list_sessions(&self, person: PersonId) -> Result<Vec<Session>, Trouble> {
        let mut list = sessions::of_person(&self.db, person, self.now()).await?;
        for session in &mut list {
            let used = self.cache.last_used(session.id);
            session.last_accessed_at =
                used.map_or(session.last_accessed_at, |at| at.max(session.last_accessed_at));
        }
        Ok(list)
    }

    /// Ends one session of a person; false when it is not theirs or not there.
    pub async fn end_session(&self, person: PersonId, id: SessionId) -> Result<bool, Trouble> {
        let mut tx = self.db.begin().await?;
        let ended = sessions::end(&mut tx, id, person).await?;
        tx.commit().await?;
        if ended {
            self.forget(&[id]);
        }
        Ok(ended)
    }

    /// Ends every session of a person but one; how many.
    pub async fn end_other_sessions(&self, person: PersonId, keep: SessionId) -> Result<usize, Trouble> {
        let mut tx = self.db.begin().await?;
        let ended = sessions::end_others(&mut tx, person, keep).await?;
        tx.commit().await?;
        self.forget(&ended);
        Ok(ended.len())
    }

    /// Ends every session of a person; how many.
    pub async fn end_all_sessions(&self, person: PersonId) -> Result<usize, Trouble> {
        let mut tx = self.db.begin().await?;
        let ended = sessions::end_all(&mut tx, person).await?;
        tx.commit().await?;
        self.forget(&ended);
        Ok(ended.len())
    }

    /// Differs from its last value when sessions have ended on this node.
    pub fn endings(&self) -> u64 {
        self.cache.endings()
    }

    /// Makes every request of a person look at the database again.
    pub(crate) async fn forget_person(&self, person: PersonId) -> Result<(), Trouble> {
        let list = sessions::of_person(&self.db, person, self.now()).await?;
        self.forget(&list.iter().map(|session| session.id).collect::<Vec<_>>());
        Ok(())
    }
}
