//! The development mailbox, and what tests send to. In memory only: the mails hold codes, and codes
//! must never lie in a file or a database.

mod email;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use email::{Envelope, EnvelopeAddress, MailboxAddress, MailboxEmail};

use crate::error::SendError;
use crate::outgoing::Outgoing;

/// How many mails are kept; the oldest go first.
const CAPACITY: usize = 500;

/// A mailbox that takes every mail. Clones share one content.
#[derive(Clone, Debug, Default)]
pub struct Mailbox {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    emails: VecDeque<MailboxEmail>,
    failures: VecDeque<SendError>,
    outage: Option<SendError>,
}

impl Mailbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one mail, unless a failure was ordered.
    pub fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let email = MailboxEmail::of(mail)?;
        let mut content = self.content();
        if let Some(error) = content.outage.clone().or_else(|| content.failures.pop_front()) {
            return Err(error);
        }
        if content.emails.len() == CAPACITY {
            content.emails.pop_front();
        }
        content.emails.push_back(email);
        Ok(())
    }

    /// Fails only while an outage is on.
    pub fn check(&self) -> Result<(), SendError> {
        self.content().outage.clone().map_or(Ok(()), Err)
    }

    /// Everything in it, oldest first.
    pub fn list(&self) -> Vec<MailboxEmail> {
        self.content().emails.iter().cloned().collect()
    }

    /// One mail by its id; the newest when a dispatch arrived twice.
    pub fn get(&self, id: &str) -> Option<MailboxEmail> {
        self.content()
            .emails
            .iter()
            .rev()
            .find(|email| email.id == id)
            .cloned()
    }

    /// Empties it.
    pub fn clear(&self) {
        self.content().emails.clear();
    }

    /// Lets the next mails fail, one for each error, behind those ordered before.
    pub fn fail_next(&self, errors: Vec<SendError>) {
        self.content().failures.extend(errors);
    }

    /// Lets every mail fail until `None` ends it.
    pub fn set_outage(&self, error: Option<SendError>) {
        self.content().outage = error;
    }

    /// A panic elsewhere leaves at worst one mail more or less, so the content stays usable.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
