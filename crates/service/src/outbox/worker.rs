//! The worker: leases due mails, words and sends several at once, and writes down what came of each. A
//! worker that dies leaves its leases to run out; the mail is then sent by another. At least once,
//! therefore, and seldom twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use usher_accounts::email::EmailAddress;
use usher_accounts::id::PersonId;
use usher_mail::{Failure, Message, Outgoing, SendError, Stage, Templates, Transport};
use usher_store::outbox::{self, Leased};
use usher_store::{codes, registrations};
use uuid::Uuid;

use super::compose::Composed;
use super::queue::MailKind;
use super::retry::{MOST_TRIES, pause};
use crate::{Trouble, Usher};

/// Longer than a mail may take, so that a lease is lost only by the dead.
const LEASE: Duration = Duration::from_mins(1);
/// Mails under way at once: one that hangs holds one place, not the queue.
const AT_ONCE: usize = 16;
/// How often to look when the bell is silent: another program may have queued something.
const POLL: Duration = Duration::from_secs(1);

/// Shown codes and links of development mode: address, code, link.
pub type Announce = Arc<dyn Fn(&str, &str, &str) + Send + Sync>;

/// A mail worker.
pub struct Worker {
    usher: Arc<Usher>,
    transport: Arc<Transport>,
    templates: Arc<Templates>,
    from: String,
    name: String,
    announce: Option<Announce>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that sends as `from`.
    pub fn new(
        usher: Arc<Usher>,
        transport: Arc<Transport>,
        templates: Arc<Templates>,
        from: String,
    ) -> Self {
        let name = format!("{:016x}", u64::from_be_bytes(usher.dice.bytes()));
        Self {
            usher,
            transport,
            templates,
            from,
            name,
            announce: None,
        }
    }

    /// Also shows codes and links as they leave; development mode only.
    #[must_use]
    pub fn announcing(mut self, announce: Announce) -> Self {
        self.announce = Some(announce);
        self
    }

    /// Takes up what a worker left that died with this program's last run. Only for an embedded database,
    /// where no other program sends.
    pub async fn take_up(&self) -> Result<(), Trouble> {
        let mut tx = self.usher.db.begin().await?;
        let left = outbox::take_up(&mut tx).await?;
        tx.commit().await?;
        if left > 0 {
            tracing::info!(mails = left, "taken up from the last run");
        }
        Ok(())
    }

    /// Works until `stop` turns true, then finishes the mails under way.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let worker = Arc::new(self);
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let free = AT_ONCE - under_way.len();
            let taken = if free == 0 {
                Ok(0)
            } else {
                worker.take(free, &mut under_way).await
            };
            let idle = match taken {
                Ok(0) => worker.idle_for().await,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read");
                    POLL
                }
            };
            tokio::select! {
                () = worker.usher.bell.notified() => {}
                Some(_) = under_way.join_next() => {}
                () = tokio::time::sleep(idle) => {}
                _ = stop.changed() => {}
            }
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
    }

    async fn take(self: &Arc<Self>, free: usize, under_way: &mut JoinSet<()>) -> Result<usize, Trouble> {
        let now = self.usher.now();
        // A look costs less than a turn at writing.
        if outbox::next_due(&self.usher.db)
            .await?
            .is_none_or(|due| due > now)
        {
            return Ok(0);
        }
        let mut tx = self.usher.db.begin().await?;
        let leased = outbox::claim(&mut tx, &self.name, free as i64, LEASE, now).await?;
        tx.commit().await?;
        let count = leased.len();
        for mail in leased {
            let worker = Arc::clone(self);
            under_way.spawn(async move {
                let id = mail.id;
                if let Err(error) = worker.dispatch(mail).await {
                    // The lease runs out and the mail is taken up again.
                    tracing::warn!(mail = %id, %error, "a mail could not be handled");
                }
            });
        }
        Ok(count)
    }

    async fn idle_for(&self) -> Duration {
        let now = self.usher.now();
        match outbox::next_due(&self.usher.db).await {
            Ok(Some(due)) => due.since(now).clamp(Duration::from_millis(20), POLL),
            _ => POLL,
        }
    }

    async fn dispatch(&self, mail: Leased) -> Result<(), Trouble> {
        let now = self.usher.now();
        let mut tx = self.usher.db.begin().await?;
        if !outbox::hold(&mut tx, mail.id, &self.name, now + LEASE).await? {
            return Ok(());
        }
        let composed = self.usher.compose(&mut tx, &mail).await?;
        if composed.is_none() {
            outbox::discard(&mut tx, mail.id).await?;
        }
        tx.commit().await?;
        let Some(composed) = composed else { return Ok(()) };
        match self.send(&mail, &composed.message).await {
            Ok(()) => self.accepted(&mail, composed).await,
            Err(error) => self.refused(&mail, &error).await,
        }
    }

    async fn send(&self, mail: &Leased, message: &Message) -> Result<(), SendError> {
        let local = |detail: String| SendError {
            kind: Failure::Permanent,
            retry_after: None,
            stage: Stage::Local,
            detail,
        };
        let to = EmailAddress::parse(&mail.recipient).map_err(|error| local(error.to_string()))?;
        let rendered = self
            .templates
            .render(message)
            .map_err(|error| local(error.to_string()))?;
        let host = self
            .usher
            .policy
            .public_url
            .rsplit('/')
            .next()
            .unwrap_or("localhost");
        let host = host.split(':').next().unwrap_or("localhost");
        let outgoing = Outgoing {
            message_id: format!("{}.{}@{host}", mail.id, mail.tries),
            from: self.from.clone(),
            to,
            date: self.usher.now(),
            rendered,
        };
        self.transport.send(&outgoing).await
    }

    async fn accepted(&self, mail: &Leased, composed: Composed) -> Result<(), Trouble> {
        let now = self.usher.now();
        let mut tx = self.usher.db.begin().await?;
        if let Some(mac) = composed.mac
            && let Ok(owner) = <[u8; 16]>::try_from(mail.owner.as_slice())
        {
            codes::start_clock(&mut tx, &owner, &mac, now + self.usher.policy.code.ttl).await?;
            if mail.kind != MailKind::EmailChange.as_str() {
                let person = PersonId::from_uuid(Uuid::from_bytes(owner));
                registrations::mail_sent(&mut tx, person, now).await?;
            }
        }
        outbox::sent(&mut tx, mail.id, &self.name, now).await?;
        tx.commit().await?;
        tracing::info!(mail = %mail.id, kind = %mail.kind, tries = mail.tries, "a mail was sent");
        if let (
            Some(announce),
            Message::Verification { code, link, .. } | Message::EmailChange { code, link, .. },
        ) = (&self.announce, &composed.message)
        {
            announce(&mail.recipient, code, link);
        }
        Ok(())
    }

    async fn refused(&self, mail: &Leased, error: &SendError) -> Result<(), Trouble> {
        let text = error.to_string();
        let mut tx = self.usher.db.begin().await?;
        if is_hopeless(error) || mail.tries >= MOST_TRIES {
            outbox::give_up(&mut tx, mail.id, &self.name, &text).await?;
            tracing::error!(mail = %mail.id, kind = %mail.kind, error = %text, "a mail was given up");
        } else {
            let due = self.usher.now() + pause(mail.tries, &*self.usher.dice);
            outbox::defer(&mut tx, mail.id, &self.name, due, &text).await?;
            tracing::warn!(mail = %mail.id, kind = %mail.kind, error = %text, "a mail has to wait");
        }
        Ok(tx.commit().await?)
    }
}

/// Whether trying again is in vain. A server that does not want *us* (wrong credentials, a closed door)
/// says nothing about this mail: every mail would be lost to a mistake in the settings.
fn is_hopeless(error: &SendError) -> bool {
    let about_this_mail = matches!(error.stage, Stage::Recipient | Stage::Data | Stage::Local);
    error.kind == Failure::Permanent && about_this_mail
}
