//! Putting mail into the outbox.

use usher_accounts::id::OutboxId;
use usher_store::outbox::{self, NewMail};
use usher_store::{StoreError, Tx};

use crate::Usher;

/// What a queued mail will say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// A code for a registration.
    Verification,
    /// The address is proven.
    Confirmation,
    /// Somebody tried to register an address that has an account.
    AddressTaken,
    /// A code for a new address.
    EmailChange,
    /// The address has changed; to the old one.
    EmailChanged,
}

impl MailKind {
    const ALL: [Self; 5] = [
        Self::Verification,
        Self::Confirmation,
        Self::AddressTaken,
        Self::EmailChange,
        Self::EmailChanged,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Confirmation => "confirmation",
            Self::AddressTaken => "address_taken",
            Self::EmailChange => "email_change",
            Self::EmailChanged => "email_changed",
        }
    }

    pub(super) fn from_stored(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Usher {
    /// Queues a mail about `owner` to `recipient`. The caller rings with its id after the commit.
    pub(crate) async fn enqueue(
        &self,
        tx: &mut Tx,
        kind: MailKind,
        owner: [u8; 16],
        recipient: &str,
        detail: Option<&str>,
    ) -> Result<OutboxId, StoreError> {
        let now = self.now();
        let id = OutboxId::mint(now, &*self.dice);
        outbox::insert(
            tx,
            &NewMail {
                id,
                kind: kind.as_str(),
                owner,
                recipient,
                detail,
            },
            now,
        )
        .await?;
        Ok(id)
    }
}
