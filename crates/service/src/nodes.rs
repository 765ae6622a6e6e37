//! Several nodes on one database. What one has committed the others hear at once: sessions that have
//! ended, mail that waits. Whoever hears nothing finds out by itself: an answer about a session is believed
//! for less than a second, and the outbox is looked at every second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use usher_accounts::id::{OutboxId, SessionId};
use usher_accounts::time::Timestamp;
use usher_store::notices::{self, Listener, Notice};
use usher_store::{Db, StoreError};

use crate::Usher;

/// Pauses between two tries to listen again.
const AGAIN: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// What the other nodes have yet to be told.
#[derive(Debug)]
pub(crate) struct News {
    /// This node's name.
    node: String,
    /// Whether there may be others.
    shared: bool,
    untold: Mutex<Option<Untold>>,
    bell: Notify,
    listening: AtomicBool,
}

#[derive(Debug)]
struct Untold {
    since: Timestamp,
    mail: bool,
    sessions: Vec<SessionId>,
}

impl News {
    pub(crate) fn new(node: String, db: &Db, notify: bool) -> Self {
        Self {
            node,
            shared: notify && matches!(db, Db::Postgres(_)),
            untold: Mutex::default(),
            bell: Notify::new(),
            listening: AtomicBool::new(false),
        }
    }

    fn add(&self, mail: bool, sessions: &[SessionId], now: Timestamp) {
        if !self.shared {
            return;
        }
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = untold.get_or_insert(Untold {
            since: now,
            mail: false,
            sessions: Vec::new(),
        });
        untold.mail |= mail;
        untold.sessions.extend_from_slice(sessions);
        self.bell.notify_one();
    }

    fn take(&self) -> Option<Notice> {
        let untold = self
            .untold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(Notice {
            node: self.node.clone(),
            at: untold.since.micros(),
            mail: untold.mail,
            sessions: untold.sessions,
        })
    }
}

impl Usher {
    /// Forgets sessions that have ended or whose person has changed, here and on every node. Call after
    /// the commit.
    pub(crate) fn forget(&self, ids: &[SessionId]) {
        self.cache.forget(ids);
        if !ids.is_empty() {
            self.news.add(false, ids, self.now());
        }
    }

    /// There is mail to send, for a worker here or elsewhere: the broker tells one of them, or else the
    /// bell and the notice do. Nobody is waited for. Call after the commit.
    pub(crate) fn ring(&self, mail: Option<OutboxId>) {
        let announced = self.broker.relay_is_up()
            && mail
                .zip(self.relay.get())
                .is_some_and(|(mail, relay)| relay.try_send(mail).is_ok());
        if !announced {
            self.bell.notify_one();
            self.news.add(true, &[], self.now());
        }
    }

    /// Whether this node hears the others at once.
    pub fn is_listening(&self) -> bool {
        self.news.listening.load(Ordering::Relaxed)
    }

    /// Tells the other nodes what has not been told yet. They find out without it, but later.
    pub async fn tell_nodes_now(&self) {
        if let Some(notice) = self.news.take()
            && let Err(error) = notices::tell(&self.db, &notice).await
        {
            tracing::debug!(%error, "the other nodes were not told");
        }
    }

    /// Tells the other nodes what happens here until `stop` turns true. What happens while one notice is
    /// on its way goes into the next.
    pub async fn tell_nodes(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while self.news.shared && !*stop.borrow() {
            tokio::select! {
                () = self.news.bell.notified() => self.tell_nodes_now().await,
                _ = stop.changed() => {}
            }
        }
        self.tell_nodes_now().await;
    }

    /// Hears what happens on the other nodes until `stop` turns true.
    pub async fn hear_nodes(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tries = 0;
        while self.news.shared && !*stop.borrow() {
            let lost = tokio::select! {
                lost = self.listen(&mut tries) => lost,
                _ = stop.changed() => continue,
            };
            self.now_listening(false);
            let pause = AGAIN[tries.min(AGAIN.len() - 1)];
            tries += 1;
            tracing::debug!(error = %lost, "the other nodes are not heard; looking instead");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        self.now_listening(false);
    }

    /// Listens until the line is lost.
    async fn listen(&self, tries: &mut usize) -> StoreError {
        let mut listener = match Listener::open(&self.db).await {
            Ok(Some(listener)) => listener,
            Ok(None) => return std::future::pending().await,
            Err(error) => return error,
        };
        *tries = 0;
        self.now_listening(true);
        // Something may have been told while nobody listened here.
        self.cache.forget_all();
        self.bell.notify_one();
        loop {
            match listener.next().await {
                Ok(notice) if notice.node == self.news.node => {}
                Ok(notice) => self.hear(&notice),
                Err(error) => return error,
            }
        }
    }

    fn hear(&self, notice: &Notice) {
        if !notice.sessions.is_empty() {
            self.cache.forget(&notice.sessions);
            let delay = self.now().since(Timestamp::from_micros(notice.at));
            metrics::histogram!("usher_session_end_heard_seconds").record(delay.as_secs_f64());
        }
        if notice.mail {
            self.bell.notify_one();
        }
    }

    fn now_listening(&self, listening: bool) {
        self.news.listening.store(listening, Ordering::Relaxed);
        metrics::gauge!("usher_node_listening").set(f64::from(u8::from(listening)));
    }
}
