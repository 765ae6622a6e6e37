//! Everything a story needs, in one place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Notify, mpsc};
use usher_accounts::dice::Dice;
use usher_accounts::hash;
use usher_accounts::id::OutboxId;
use usher_accounts::keys::{self, MacKeys};
use usher_accounts::time::{Clock, Timestamp};
use usher_store::Db;

use crate::hashing::HashPool;
use crate::keyring::Keyring;
use crate::limits::SourceWindows;
use crate::link::SharedLink;
use crate::nodes::News;
use crate::outbox::BrokerFigures;
use crate::policy::Policy;
use crate::session_cache::{SessionCache, SessionChecks};

/// What an [`Usher`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub dice: Arc<dyn Dice>,
    /// Keys of MACs.
    pub keys: MacKeys,
    /// Keys of access tokens.
    pub keyring: Keyring,
    /// What the operator has decided.
    pub policy: Policy,
    /// The hashing threads.
    pub hashing: HashPool,
}

/// The stories' common ground. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Usher {
    /// The database.
    pub db: Db,
    /// What the operator has decided.
    pub policy: Policy,
    /// Keys of access tokens.
    pub keyring: Keyring,
    /// The hashing threads.
    pub hashing: HashPool,
    /// Rung when there is mail to send.
    pub bell: Arc<Notify>,
    /// The shared link, where there is one.
    pub link: Option<SharedLink>,
    /// What passes between this program and the broker.
    pub broker: Arc<BrokerFigures>,
    /// Takes the ids of mails that were committed, where there is a broker to announce them.
    pub(crate) relay: OnceLock<mpsc::Sender<OutboxId>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) keys: MacKeys,
    pub(crate) cache: SessionCache,
    pub(crate) windows: SourceWindows,
    pub(crate) news: News,
    /// Tells the requests of this run from those of another.
    run: u32,
    requests: AtomicU64,
    /// Compared with when there is nobody to compare with, so that it takes as long.
    pub(crate) nobody: String,
}

impl Usher {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let nobody = hash::dummy(parts.policy.hash);
        let run = u32::from_be_bytes(parts.dice.bytes());
        let node = format!("{:016x}", u64::from_be_bytes(parts.dice.bytes()));
        let news = News::new(node, &parts.db, parts.policy.notify);
        Self {
            link: parts.policy.link.clone().map(SharedLink::new),
            db: parts.db,
            policy: parts.policy,
            keyring: parts.keyring,
            hashing: parts.hashing,
            bell: Arc::new(Notify::new()),
            broker: Arc::default(),
            relay: OnceLock::new(),
            clock: parts.clock,
            dice: parts.dice,
            keys: parts.keys,
            cache: SessionCache::default(),
            windows: SourceWindows::default(),
            news,
            run,
            requests: AtomicU64::new(0),
            nobody,
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How sessions were found to live, for the operator.
    pub fn session_checks(&self) -> SessionChecks {
        self.cache.checks()
    }

    /// A name for a request, in answers and logs: where this run started counting, and how far it is.
    pub fn request_id(&self) -> String {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}{:08x}", self.run, count as u32)
    }

    /// The value of the known-device cookie for an account.
    pub fn device_mark(&self, email_key: &str) -> String {
        let mac = self.keys.device.mac(&[email_key.as_bytes()]);
        mac.iter().map(|byte| char::from(b'a' + byte % 26)).collect()
    }

    /// How an address is named in logs: a keyed hash and the domain.
    pub fn log_name(&self, email_key: &str) -> String {
        let mac = self.keys.log.mac(&[email_key.as_bytes()]);
        let domain = email_key.rsplit('@').next().unwrap_or_default();
        format!(
            "{:02x}{:02x}{:02x}{:02x}@{domain}",
            mac[0], mac[1], mac[2], mac[3]
        )
    }

    pub(crate) fn knows_device(&self, cookie: &str, email_key: &str) -> bool {
        keys::same(cookie.as_bytes(), self.device_mark(email_key).as_bytes())
    }
}
