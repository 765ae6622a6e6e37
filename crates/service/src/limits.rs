//! Budgets. Those of accounts and addresses are counters in the database: they survive a restart and
//! are shared by all nodes. Those of sources are windows in memory. Each is spent before the work it
//! guards, and by the story, not the route, so every alias shares it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use usher_accounts::time::Timestamp;
use usher_store::{Tx, counters};

use crate::client::Client;
use crate::hashing::Lane;
use crate::{Trouble, Usher};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);
/// Windows kept in memory; beyond it those that are over are thrown out, then all.
const MOST_WINDOWS: usize = 100_000;

/// What a source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    Register,
    SignIn,
    Code,
    AnyCode,
    Resend,
}

/// Windows of sources, in memory.
#[derive(Debug, Default)]
pub struct SourceWindows(Mutex<HashMap<(Act, String), Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_at: Timestamp,
    count: u32,
}

impl SourceWindows {
    fn spend(
        &self,
        act: Act,
        bucket: &str,
        most: u32,
        span: Duration,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MOST_WINDOWS {
            windows.retain(|_, window| window.ends_at > now);
            if windows.len() >= MOST_WINDOWS {
                windows.clear();
            }
        }
        let fresh = Window {
            ends_at: now + span,
            count: 0,
        };
        let window = windows.entry((act, bucket.to_owned())).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        if window.count > most {
            Err(Trouble::TooMany(window.ends_at.since(now)))
        } else {
            Ok(())
        }
    }

    fn take_back(&self, act: Act, bucket: &str) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&(act, bucket.to_owned())) {
            window.count = window.count.saturating_sub(1);
        }
    }
}

impl Usher {
    /// One registration from this source.
    pub(crate) fn spend_registration(&self, client: &Client) -> Result<(), Trouble> {
        let limits = &self.policy.limits;
        self.spend_source(
            Act::Register,
            &client.bucket,
            limits.registrations_per_source,
            limits.registrations_window,
        )
    }

    /// One request for another mail from this source.
    pub(crate) fn spend_resend(&self, client: &Client) -> Result<(), Trouble> {
        let limits = &self.policy.limits;
        self.spend_source(
            Act::Resend,
            &client.bucket,
            limits.registrations_per_source,
            limits.registrations_window,
        )
    }

    /// One code from this source, and one of everybody's: a single code tried on many addresses runs
    /// into the second.
    pub(crate) fn spend_code_of_source(&self, client: &Client) -> Result<(), Trouble> {
        let limits = &self.policy.limits;
        self.spend_source(Act::Code, &client.bucket, limits.code_failures_per_source, HOUR)?;
        self.spend_source(Act::AnyCode, "", limits.code_failures_global, MINUTE)
    }

    /// One code for this address; the caller commits whatever comes of it. `Some` says for how long codes
    /// are closed.
    pub(crate) async fn spend_code_of_address(
        &self,
        tx: &mut Tx,
        email_key: &str,
    ) -> Result<Option<Duration>, Trouble> {
        let limits = &self.policy.limits;
        if !limits.enabled {
            return Ok(None);
        }
        let bucket = self.code_bucket(email_key);
        let count = counters::add(tx, &bucket, limits.code_failures_window, self.now()).await?;
        let closed = count.count > limits.code_failures_per_address;
        Ok(closed.then(|| count.ends_at.since(self.now())))
    }

    /// Whether codes for this address are closed, so that only the link works.
    pub(crate) async fn codes_are_closed(&self, email_key: &str) -> Result<bool, Trouble> {
        let count = counters::read(&self.db, &self.code_bucket(email_key), self.now()).await?;
        Ok(count.is_some_and(|count| count.count >= self.policy.limits.code_failures_per_address))
    }

    /// The code was right after all: what it was charged comes back.
    pub(crate) async fn take_code_back(&self, tx: &mut Tx, email_key: &str) -> Result<(), Trouble> {
        Ok(counters::take_back(tx, &self.code_bucket(email_key)).await?)
    }

    /// The same for the budgets of its source.
    pub(crate) fn take_code_of_source_back(&self, client: &Client) {
        self.windows.take_back(Act::Code, &client.bucket);
        self.windows.take_back(Act::AnyCode, "");
    }

    /// One attempt at a password: per source, and per address as seen from that source. A browser that
    /// has signed in to this account before has a budget of its own, so strangers cannot use it up.
    pub(crate) async fn spend_sign_in(&self, email_key: &str, client: &Client) -> Result<(), Trouble> {
        let limits = &self.policy.limits;
        if !limits.enabled {
            return self.hashing.room(Lane::SignIn);
        }
        let (source, window) = (limits.login_failures_per_source, limits.login_failures_window);
        self.spend_source(Act::SignIn, &client.bucket, source, window)?;
        self.hashing.room(Lane::SignIn)?;
        let mut tx = self.db.begin().await?;
        let bucket = self.sign_in_bucket(email_key, client);
        let count = counters::add(&mut tx, &bucket, window, self.now()).await?;
        tx.commit().await?;
        if count.count > limits.login_failures_per_account {
            return Err(Trouble::TooMany(count.ends_at.since(self.now())));
        }
        Ok(())
    }

    /// The password was right: earlier failures no longer count.
    pub(crate) async fn clear_sign_in(
        &self,
        tx: &mut Tx,
        email_key: &str,
        client: &Client,
    ) -> Result<(), Trouble> {
        if self.policy.limits.enabled {
            self.windows.take_back(Act::SignIn, &client.bucket);
            counters::clear(tx, &self.sign_in_bucket(email_key, client)).await?;
        }
        Ok(())
    }

    /// Somebody asks for another mail. Counted so that a request without a mail is written to disk, and
    /// takes as long, like one with.
    pub(crate) async fn note_asking(&self, tx: &mut Tx, email_key: &str) -> Result<(), Trouble> {
        let bucket = self.keys.bucket.mac(&[b"asking", email_key.as_bytes()]);
        counters::add(tx, &bucket, HOUR, self.now()).await?;
        Ok(())
    }

    /// One mail with a code to this address; false when it has had enough of them.
    pub(crate) async fn spend_mail(&self, tx: &mut Tx, email_key: &str) -> Result<bool, Trouble> {
        let limits = &self.policy.limits;
        if !limits.enabled {
            return Ok(true);
        }
        let key = email_key.as_bytes();
        let hour = self.keys.bucket.mac(&[b"mail-hour", key]);
        let day = self.keys.bucket.mac(&[b"mail-day", key]);
        let in_hour = counters::add(tx, &hour, HOUR, self.now()).await?.count;
        let in_day = counters::add(tx, &day, DAY, self.now()).await?.count;
        Ok(in_hour <= limits.mails_per_address_hour && in_day <= limits.mails_per_address_day)
    }

    fn spend_source(&self, act: Act, bucket: &str, most: u32, span: Duration) -> Result<(), Trouble> {
        if !self.policy.limits.enabled {
            return Ok(());
        }
        self.windows.spend(act, bucket, most, span, self.now())
    }

    fn code_bucket(&self, email_key: &str) -> [u8; 32] {
        self.keys.bucket.mac(&[b"code", email_key.as_bytes()])
    }

    fn sign_in_bucket(&self, email_key: &str, client: &Client) -> [u8; 32] {
        let key = email_key.as_bytes();
        if client
            .device
            .as_deref()
            .is_some_and(|cookie| self.knows_device(cookie, email_key))
        {
            self.keys.bucket.mac(&[b"sign-in-device", key])
        } else {
            self.keys.bucket.mac(&[b"sign-in", key, client.bucket.as_bytes()])
        }
    }
}
