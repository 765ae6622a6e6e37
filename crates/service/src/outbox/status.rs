//! How the mail fares, for operators, and giving mails another try.

use std::str::FromStr;

use usher_accounts::id::OutboxId;
use usher_accounts::time::Timestamp;
use usher_mail::SendError;
use usher_store::outbox::{self, Counted, Troubled};

use crate::{Trouble, Usher};

/// Troubled mails that are shown.
const MOST_SHOWN: i64 = 50;

/// How the mail fares.
#[derive(Clone, Debug)]
pub struct OutboxStatus {
    /// How many mails are in each state: `due`, `leased`, `sent`, `dead`.
    pub states: Vec<Counted>,
    /// When the oldest one that waits was asked for.
    pub oldest: Option<Timestamp>,
    /// When the next one is tried.
    pub next: Option<Timestamp>,
    /// Those that were tried in vain, given-up ones first.
    pub troubled: Vec<TroubledMail>,
}

/// A mail that was tried in vain.
#[derive(Clone, Debug)]
pub struct TroubledMail {
    /// Its id.
    pub id: OutboxId,
    /// What it says.
    pub kind: String,
    /// Where it goes; the rest of the address is nobody's business here.
    pub domain: String,
    /// `due`, `leased` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is tried again; never when it was given up.
    pub next: Option<Timestamp>,
    /// How far it came the last time, where that is known.
    pub stage: Option<String>,
    /// Why it did not come further.
    pub error: String,
}

/// Which mails get another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// This one.
    One(OutboxId),
    /// Those that were given up.
    Dead,
    /// Those, and those that wait for their next try.
    All,
}

impl FromStr for Again {
    type Err = <OutboxId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::One)
    }
}

impl OutboxStatus {
    /// How many mails are in this state.
    pub fn count(&self, state: &str) -> i64 {
        let found = self.states.iter().find(|counted| counted.state == state);
        found.map_or(0, |counted| counted.mails)
    }
}

impl Usher {
    /// How the mail fares.
    pub async fn outbox_status(&self) -> Result<OutboxStatus, Trouble> {
        let troubled = outbox::troubled(&self.db, MOST_SHOWN).await?;
        Ok(OutboxStatus {
            states: outbox::counted(&self.db).await?,
            oldest: outbox::depth(&self.db).await?.oldest,
            next: outbox::next_due(&self.db).await?,
            troubled: troubled.into_iter().map(shown).collect(),
        })
    }

    /// Makes mails due now; how many. One that a worker has taken is left to it.
    pub async fn retry_mail(&self, which: Again) -> Result<u64, Trouble> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let changed = match which {
            Again::One(id) => outbox::revive(&mut tx, id, now).await?,
            Again::Dead => outbox::revive_dead(&mut tx, now).await?,
            Again::All => outbox::revive_all(&mut tx, now).await?,
        };
        tx.commit().await?;
        self.bell.notify_one();
        Ok(changed)
    }
}

fn shown(mail: Troubled) -> TroubledMail {
    let error = mail.last_error.unwrap_or_default();
    TroubledMail {
        id: mail.id,
        kind: mail.kind,
        domain: domain(&mail.recipient).to_owned(),
        next: (mail.state == "due").then_some(mail.due_at),
        state: mail.state,
        tries: mail.tries,
        created_at: mail.created_at,
        stage: SendError::stage_in(&error).map(str::to_owned),
        error,
    }
}

/// What may be told of an address.
pub(super) fn domain(recipient: &str) -> &str {
    recipient.rsplit('@').next().unwrap_or_default()
}
