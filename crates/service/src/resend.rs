//! Another mail with a code, and how far the last one has come.

use std::sync::Arc;

use usher_accounts::email::EmailAddress;
use usher_accounts::id::PersonId;
use usher_accounts::password::Password;
use usher_accounts::time::Timestamp;
use usher_store::email_changes::{self, EmailChange};
use usher_store::registrations::{self, Registration};
use usher_store::sessions::Signed;
use usher_store::{accounts, codes, outbox};

use crate::client::Client;
use crate::log_in::Known;
use crate::outbox::MailKind;
use crate::{Trouble, Usher};

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It will leave in a moment.
    Queued,
    /// The mail server has taken it.
    Sent,
    /// The mail server could not take it; it is tried again.
    Deferred,
    /// It was refused for good.
    Failed,
}

/// What the registrant may know about the mail.
#[derive(Clone, Debug)]
pub struct MailStatus {
    /// How far it has come.
    pub mail: Delivery,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// When its code stops being right.
    pub code_expires_at: Option<Timestamp>,
    /// When another may be asked for.
    pub resend_after: Timestamp,
}

/// Who wants another mail.
#[derive(Debug)]
pub enum Wants<'a> {
    /// The registrant.
    Registration(Registration),
    /// Somebody signed in.
    Caller(&'a Signed),
    /// Somebody who knows the password.
    Password(EmailAddress, Password),
    /// Anybody.
    Address(EmailAddress),
}

impl Usher {
    /// Sends another mail where there is one to send and it is not too soon. The answer is the same in
    /// every case, so there is none.
    pub async fn resend(&self, wants: Wants<'_>, client: &Client) -> Result<(), Trouble> {
        self.spend_resend(client)?;
        match wants {
            Wants::Registration(row) => self.mail_registration(&row).await,
            Wants::Caller(caller) if caller.is_account => {
                match email_changes::of_account(&self.db, caller.person_id, self.now()).await? {
                    Some(change) => self.mail_change(&change).await,
                    None => Ok(()),
                }
            }
            Wants::Caller(caller) => {
                match registrations::live_by_id(&self.db, caller.person_id, self.now()).await? {
                    Some(row) => self.mail_registration(&row).await,
                    None => Ok(()),
                }
            }
            Wants::Password(email, password) => self.resend_by_password(&email, password, client).await,
            Wants::Address(email) => self.resend_by_address(&email, client).await,
        }
    }

    /// How far the last mail about a registration has come.
    pub async fn mail_status(&self, owner: &[u8; 16], created_at: Timestamp) -> Result<MailStatus, Trouble> {
        let progress = outbox::progress(&self.db, owner).await?;
        let code = codes::peek(&self.db, owner).await?;
        let (mail, sent_at, asked_at) = match progress {
            Some(row) => {
                let mail = match (row.state.as_str(), row.tries) {
                    ("sent", _) => Delivery::Sent,
                    ("dead", _) => Delivery::Failed,
                    ("due", 1..) => Delivery::Deferred,
                    _ => Delivery::Queued,
                };
                (mail, row.sent_at, row.created_at)
            }
            None => (Delivery::Failed, None, created_at),
        };
        Ok(MailStatus {
            mail,
            sent_at,
            code_expires_at: code
                .filter(|_| mail == Delivery::Sent)
                .map(|code| code.expires_at),
            resend_after: asked_at + self.policy.resend_after,
        })
    }

    /// What somebody sees whose registration found no room: what they would see of any other. The time
    /// stands in the id.
    pub fn mail_status_of_nobody(&self, id: PersonId) -> Option<MailStatus> {
        let made_at = id.made_at()?;
        let live = made_at <= self.now() && made_at + self.policy.pending_ttl > self.now();
        live.then(|| MailStatus {
            mail: Delivery::Sent,
            sent_at: Some(made_at),
            code_expires_at: Some(made_at + self.policy.code.ttl),
            resend_after: made_at + self.policy.resend_after,
        })
    }

    async fn resend_by_password(
        &self,
        email: &EmailAddress,
        password: Password,
        client: &Client,
    ) -> Result<(), Trouble> {
        self.spend_sign_in(email.key(), client).await?;
        match self.known_by_password(email, &Arc::new(password)).await? {
            Known::Registrations(rows) => self.mail_registration(&rows[0]).await,
            Known::Account(_) | Known::Nobody => Ok(()),
        }
    }

    /// Nobody's address costs as much as somebody's: its mail is queued too, about nothing, and the worker
    /// throws it away.
    async fn resend_by_address(&self, email: &EmailAddress, client: &Client) -> Result<(), Trouble> {
        let mut waiting = registrations::live_by_email(&self.db, email.key(), self.now()).await?;
        let mine = waiting
            .iter()
            .position(|row| row.source == client.source)
            .unwrap_or(0);
        let kind = self.kind_for(email.key()).await?;
        if waiting.is_empty() {
            // In a budget of its own: asking for what is not there must use up nobody's mails.
            let (nothing, budget) = (self.dice.bytes(), format!("nobody {}", email.key()));
            return self.mail_again(kind, &nothing, email.as_typed(), &budget).await;
        }
        let row = waiting.swap_remove(mine);
        self.mail_again(kind, row.id.as_bytes(), &row.email, &row.email_key)
            .await
    }

    async fn mail_registration(&self, row: &Registration) -> Result<(), Trouble> {
        let kind = self.kind_for(&row.email_key).await?;
        self.mail_again(kind, row.id.as_bytes(), &row.email, &row.email_key)
            .await
    }

    /// A decoy stays one.
    async fn kind_for(&self, email_key: &str) -> Result<MailKind, Trouble> {
        let decoy = accounts::email_in_use(&self.db, email_key).await?;
        Ok(if decoy {
            MailKind::AddressTaken
        } else {
            MailKind::Verification
        })
    }

    async fn mail_change(&self, row: &EmailChange) -> Result<(), Trouble> {
        self.mail_again(
            MailKind::EmailChange,
            row.id.as_bytes(),
            &row.email,
            &row.email_key,
        )
        .await
    }

    async fn mail_again(
        &self,
        kind: MailKind,
        owner: &[u8; 16],
        email: &str,
        email_key: &str,
    ) -> Result<(), Trouble> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.note_asking(&mut tx, email_key).await?;
        let last = outbox::progress(&mut tx, owner).await?;
        // One that still waits would carry the same news.
        let soon = last.is_some_and(|last| {
            matches!(last.state.as_str(), "due" | "leased")
                || last.created_at + self.policy.resend_after > now
        });
        let mail = if !soon && self.spend_mail(&mut tx, email_key).await? {
            Some(self.enqueue(&mut tx, kind, *owner, email, None).await?)
        } else {
            None
        };
        tx.commit().await?;
        self.ring(mail);
        Ok(())
    }
}
