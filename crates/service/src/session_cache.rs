//! The hot path: which sessions live, remembered for less than a second. The row decides; this only
//! saves asking it again. Ending a session on this node is felt at once; other nodes hear of it, and where
//! they do not, within [`FRESH`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use usher_accounts::id::SessionId;
use usher_accounts::time::Timestamp;
use usher_accounts::token::AccessClaims;
use usher_store::sessions::Signed;

/// How long an answer of the database is believed.
pub const FRESH: Duration = Duration::from_millis(900);
/// Entries kept of each kind.
const MOST: usize = 50_000;

#[derive(Clone, Debug)]
struct Seen {
    signed: Arc<Signed>,
    at: Timestamp,
}

/// Sessions and tokens seen lately.
#[derive(Debug)]
pub struct SessionCache {
    sessions: Cache<SessionId, Seen>,
    tokens: Cache<[u8; 32], Arc<AccessClaims>>,
    /// Grows with every ending, so that an answer asked for before an ending is not kept after it.
    endings: AtomicU64,
    used: Mutex<HashMap<SessionId, Timestamp>>,
    remembered: AtomicU64,
    asked: AtomicU64,
}

/// How sessions were found to live, since the start.
#[derive(Clone, Copy, Debug)]
pub struct SessionChecks {
    /// From memory.
    pub remembered: u64,
    /// By asking the database.
    pub asked: u64,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self {
            sessions: Cache::new(MOST),
            tokens: Cache::new(MOST),
            endings: AtomicU64::new(0),
            used: Mutex::default(),
            remembered: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        }
    }
}

impl SessionCache {
    pub(crate) fn token(&self, digest: &[u8; 32]) -> Option<Arc<AccessClaims>> {
        self.tokens.get(digest)
    }

    pub(crate) fn keep_token(&self, digest: [u8; 32], claims: Arc<AccessClaims>) {
        self.tokens.insert(digest, claims);
    }

    pub(crate) fn session(&self, id: SessionId, now: Timestamp) -> Option<Arc<Signed>> {
        let seen = self.sessions.get(&id)?;
        // A clock that went backwards makes an entry stale, never eternal.
        let fresh = now >= seen.at && now.since(seen.at) < FRESH && seen.signed.expires_at > now;
        if fresh {
            self.remembered.fetch_add(1, Ordering::Relaxed);
        }
        fresh.then_some(seen.signed)
    }

    /// How sessions were found to live.
    pub(crate) fn checks(&self) -> SessionChecks {
        SessionChecks {
            remembered: self.remembered.load(Ordering::Relaxed),
            asked: self.asked.load(Ordering::Relaxed),
        }
    }

    /// Call before asking the database; the answer goes to [`Self::keep_session`] with it.
    pub(crate) fn ticket(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.endings.load(Ordering::SeqCst)
    }

    pub(crate) fn keep_session(&self, ticket: u64, signed: &Arc<Signed>, now: Timestamp) {
        self.sessions.insert(
            signed.id,
            Seen {
                signed: Arc::clone(signed),
                at: now,
            },
        );
        if self.endings.load(Ordering::SeqCst) != ticket {
            self.sessions.remove(&signed.id);
        }
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(signed.id, now);
    }

    /// Forgets sessions that have ended or whose person has changed. Call after the commit.
    pub(crate) fn forget(&self, ids: &[SessionId]) {
        self.endings.fetch_add(1, Ordering::SeqCst);
        for id in ids {
            self.sessions.remove(id);
        }
    }

    /// Forgets every session: of some it may have been missed that they ended.
    pub(crate) fn forget_all(&self) {
        self.endings.fetch_add(1, Ordering::SeqCst);
        self.sessions.clear();
    }

    /// How many endings there have been: it differs when somebody may have lost their session.
    pub(crate) fn endings(&self) -> u64 {
        self.endings.load(Ordering::SeqCst)
    }

    /// When a session was last used, as far as that is not yet in the database.
    pub(crate) fn last_used(&self, id: SessionId) -> Option<Timestamp> {
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied()
    }

    /// Everything used since the last call.
    pub(crate) fn take_used(&self) -> HashMap<SessionId, Timestamp> {
        std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
