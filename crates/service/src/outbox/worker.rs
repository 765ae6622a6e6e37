//! The worker: leases due mails, words and sends several at once, and writes down what came of each. A
//! worker that dies leaves its leases to run out; the mail is then sent by another. At least once,
//! therefore, and seldom twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use usher_accounts::email::EmailAddress;
use usher_accounts::id::PersonId;
use usher_mail::{Failure, Line, Message, Outgoing, SendError, Stage, Templates, Transport};
use usher_store::outbox::{self, Leased};
use usher_store::{codes, registrations};
use uuid::Uuid;

use super::broker::Broker;
use super::compose::Composed;
use super::deliveries::Deliveries;
use super::queue::MailKind;
use super::retry::{is_spent, pause};
use super::slow::{Pace, SlowDomains};
use super::status::domain;
use crate::{Trouble, Usher};

/// Longer than a mail may take, so that a lease is lost only by the dead.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// Mails under way at once: those that hang, as many as the transport has places for, and some more.
const AT_ONCE: usize = 48;
/// When to look again at a mail whose domain has enough mails hanging.
const LATER: Duration = Duration::from_secs(3);
/// How often to look when the bell is silent: another program may have queued something.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// The same where the broker tells what others have queued, and the least it is given for that.
const POLL_BEHIND_BROKER: Duration = Duration::from_secs(5);
/// How long a mail is left to the broker's message before a look takes it.
const BROKER_FIRST: Duration = Duration::from_secs(1);

/// Shown codes and links of development mode: address, code, link.
pub type Announce = Arc<dyn Fn(&str, &str, &str) + Send + Sync>;

/// What came of a try: for figures.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// `sent`, `deferred` or `dead`.
    pub name: &'static str,
    /// How far it came, unless it was sent.
    pub stage: &'static str,
    /// How long that took, from the first word to the other side.
    pub took: Duration,
}

/// Is told what comes of every try.
pub type Report = Arc<dyn Fn(Outcome) + Send + Sync>;

/// A mail worker.
pub struct Worker {
    pub(super) usher: Arc<Usher>,
    transport: Arc<Transport>,
    templates: Arc<Templates>,
    from: String,
    pub(super) name: String,
    pub(super) broker: Option<Broker>,
    announce: Option<Announce>,
    report: Option<Report>,
    slow: SlowDomains,
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
            broker: None,
            announce: None,
            report: None,
            slow: SlowDomains::default(),
        }
    }

    /// Also shows codes and links as they leave; development mode only.
    #[must_use]
    pub fn announcing(mut self, announce: Announce) -> Self {
        self.announce = Some(announce);
        self
    }

    /// Also learns from the broker what is to be sent; it still looks for itself, less often.
    #[must_use]
    pub fn listening_to(mut self, broker: Broker) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Also tells what comes of every try.
    #[must_use]
    pub fn reporting(mut self, report: Report) -> Self {
        self.report = Some(report);
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
        let mut deliveries = Deliveries::of(&worker, &stop);
        let mut under_way = JoinSet::new();
        // When to look next; what the broker delivers is no reason to look.
        let mut look_at = Instant::now();
        while !*stop.borrow() {
            let free = AT_ONCE - under_way.len();
            if free > 0 && look_at <= Instant::now() {
                let idle = match worker.take(free, &mut under_way).await {
                    Ok(0) => worker.idle_for().await,
                    Ok(_) => continue,
                    Err(error) => {
                        tracing::warn!(%error, "the outbox cannot be read");
                        POLL
                    }
                };
                look_at = Instant::now() + idle;
            }
            tokio::select! {
                () = worker.usher.bell.notified() => look_at = Instant::now(),
                Some(_) = under_way.join_next() => {}
                () = tokio::time::sleep_until(look_at), if free > 0 => {}
                delivery = deliveries.next(), if free > 0 => {
                    let worker = Arc::clone(&worker);
                    under_way.spawn(async move { worker.settle(delivery).await });
                }
                _ = stop.changed() => {}
            }
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
        deliveries.end().await;
    }

    async fn take(self: &Arc<Self>, free: usize, under_way: &mut JoinSet<()>) -> Result<usize, Trouble> {
        // A look costs less than a turn at writing.
        let next = outbox::next_due(&self.usher.db).await?;
        let grace = self.grace();
        let due_by = self.usher.now() - grace;
        if next.is_none_or(|due| due > due_by) {
            return Ok(0);
        }
        let mut tx = self.usher.db.begin().await?;
        let leased = outbox::claim(&mut tx, &self.name, free as i64, LEASE + grace, due_by).await?;
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

    /// How long mails must have been due before a look takes them.
    fn grace(&self) -> Duration {
        if self.usher.broker.consumer_is_up() {
            BROKER_FIRST
        } else {
            Duration::ZERO
        }
    }

    async fn idle_for(&self) -> Duration {
        let due_by = self.usher.now() - self.grace();
        let (least, most) = if self.usher.broker.consumer_is_up() {
            (POLL, POLL_BEHIND_BROKER)
        } else {
            (Duration::from_millis(20), POLL)
        };
        match outbox::next_due(&self.usher.db).await {
            Ok(Some(due)) => due.since(due_by).clamp(least, most),
            _ => most,
        }
    }

    /// Waits for a line before a code is made, so that waiting costs nothing of its time.
    pub(super) async fn dispatch(&self, mail: Leased) -> Result<(), Trouble> {
        let line = match self.slow.pace(domain(&mail.recipient)) {
            Pace::Swift => match self.transport.line().await {
                Ok(line) => Some(line),
                Err(error) => return self.refused(&mail, &error, Duration::ZERO).await,
            },
            Pace::Aside => self.transport.line_aside(),
            Pace::Later => None,
        };
        let now = self.usher.now();
        let Some(line) = line else {
            let mut tx = self.usher.db.begin().await?;
            outbox::put_back(&mut tx, mail.id, &self.name, now + LATER).await?;
            return Ok(tx.commit().await?);
        };
        let mut tx = self.usher.db.begin().await?;
        let composed = self.usher.compose(&mut tx, &mail).await?;
        // After the code, as activation takes them; a code for a mail that is another's by now is rolled back.
        if !outbox::hold(&mut tx, mail.id, &self.name, now + LEASE).await? {
            return Ok(());
        }
        if composed.is_none() {
            outbox::discard(&mut tx, mail.id).await?;
        }
        tx.commit().await?;
        let Some(composed) = composed else { return Ok(()) };
        let begun = Instant::now();
        let sending = Box::pin(self.send(line, &mail, &composed.message));
        let sent = self.slow.watch(domain(&mail.recipient), sending).await;
        let took = begun.elapsed();
        match sent {
            Ok(()) => self.accepted(&mail, composed, took).await,
            Err(error) => self.refused(&mail, &error, took).await,
        }
    }

    async fn send(&self, line: Line, mail: &Leased, message: &Message) -> Result<(), SendError> {
        let local = |detail: &str| SendError::permanent(Stage::Local, detail);
        let to = EmailAddress::parse(&mail.recipient).map_err(|error| local(&error.to_string()))?;
        let rendered = self
            .templates
            .render(message)
            .map_err(|error| local(&error.to_string()))?;
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
        self.transport.send_over(line, &outgoing).await
    }

    async fn accepted(&self, mail: &Leased, composed: Composed, took: Duration) -> Result<(), Trouble> {
        let now = self.usher.now();
        let mut tx = self.usher.db.begin().await?;
        if let Some(mac) = composed.mac
            && let Ok(owner) = <[u8; 16]>::try_from(mail.owner.as_slice())
        {
            // The registration before its code, as activation takes them: whoever is quick with the code
            // meets us here, and the other way round each would wait for the other.
            if mail.kind != MailKind::EmailChange.as_str() {
                let person = PersonId::from_uuid(Uuid::from_bytes(owner));
                registrations::mail_sent(&mut tx, person, now).await?;
            }
            codes::start_clock(&mut tx, &owner, &mac, now + self.usher.policy.code.ttl).await?;
        }
        outbox::sent(&mut tx, mail.id, &self.name, now).await?;
        tx.commit().await?;
        tracing::info!(mail = %mail.id, kind = %mail.kind, tries = mail.tries, "a mail was sent");
        self.tell("sent", "", took);
        if let (
            Some(announce),
            Message::Verification { code, link, .. } | Message::EmailChange { code, link, .. },
        ) = (&self.announce, &composed.message)
        {
            announce(&mail.recipient, code, link);
        }
        Ok(())
    }

    async fn refused(&self, mail: &Leased, error: &SendError, took: Duration) -> Result<(), Trouble> {
        let (text, stage) = (error.to_string(), error.stage.as_str());
        let is_given_up = is_hopeless(error) || is_spent(mail.tries);
        let mut tx = self.usher.db.begin().await?;
        if is_given_up {
            outbox::give_up(&mut tx, mail.id, &self.name, &text).await?;
        } else {
            let pause = pause(mail.tries, error.retry_after, &*self.usher.dice);
            outbox::defer(&mut tx, mail.id, &self.name, self.usher.now() + pause, &text).await?;
        }
        tx.commit().await?;
        let domain = domain(&mail.recipient);
        if is_given_up {
            tracing::error!(mail = %mail.id, kind = %mail.kind, %domain, stage, error = %text, "a mail was given up");
        } else {
            tracing::warn!(mail = %mail.id, kind = %mail.kind, %domain, stage, error = %text, "a mail has to wait");
        }
        self.tell(if is_given_up { "dead" } else { "deferred" }, stage, took);
        Ok(())
    }

    fn tell(&self, name: &'static str, stage: &'static str, took: Duration) {
        if let Some(report) = &self.report {
            report(Outcome { name, stage, took });
        }
    }
}

/// Whether trying again is in vain. A server that does not want *us* (wrong credentials, a closed door)
/// says nothing about this mail: every mail would be lost to a mistake in the settings.
fn is_hopeless(error: &SendError) -> bool {
    let about_this_mail = matches!(error.stage, Stage::Recipient | Stage::Data | Stage::Local);
    error.kind == Failure::Permanent && about_this_mail
}
