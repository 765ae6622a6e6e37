//! Wording a mail at the moment it leaves. Codes are made here, and only their MAC is stored.

use usher_accounts::code::{Code, Minted, Purpose};
use usher_accounts::id::{ChangeId, PersonId};
use usher_accounts::link::LinkToken;
use usher_accounts::time::Timestamp;
use usher_mail::{Message, SEND_DEADLINE};
use usher_store::outbox::Leased;
use usher_store::{Tx, accounts, codes, email_changes, registrations};
use uuid::Uuid;

use super::queue::MailKind;
use crate::{Trouble, Usher};

/// A mail that is ready to leave.
pub(super) struct Composed {
    pub(super) message: Message,
    /// The MAC of the code in it, whose time starts when the mail server takes it.
    pub(super) mac: Option<[u8; 32]>,
}

struct Asked<'a> {
    purpose: Purpose,
    owner: &'a [u8; 16],
    email_key: &'a str,
    tag: String,
    at: Timestamp,
}

impl Usher {
    /// Words a mail; `None` when what it was about is gone.
    pub(super) async fn compose(&self, tx: &mut Tx, mail: &Leased) -> Result<Option<Composed>, Trouble> {
        let (Some(kind), Ok(uuid)) = (MailKind::from_stored(&mail.kind), Uuid::from_slice(&mail.owner))
        else {
            return Ok(None);
        };
        let now = self.now();
        let plain = |message| Some(Composed { message, mac: None });
        Ok(match kind {
            MailKind::Verification | MailKind::AddressTaken => {
                let row = registrations::live_by_id(&mut *tx, PersonId::from_uuid(uuid), now).await?;
                let Some(row) = row else { return Ok(None) };
                let asked = Asked {
                    purpose: Purpose::Registration,
                    owner: row.id.as_bytes(),
                    email_key: &row.email_key,
                    tag: row.tag,
                    at: row.created_at,
                };
                let mut composed = self.with_code(tx, asked).await?;
                if kind == MailKind::AddressTaken {
                    // The decoy has a code like any other; it just is not in the mail.
                    let sign_in = format!("{}/login", self.policy.public_url);
                    composed.message = Message::AddressTaken {
                        requested_at: row.created_at,
                        sign_in,
                    };
                }
                Some(composed)
            }
            MailKind::EmailChange => {
                let row = email_changes::live_by_id(&mut *tx, ChangeId::from_uuid(uuid), now).await?;
                let Some(row) = row else { return Ok(None) };
                let asked = Asked {
                    purpose: Purpose::EmailChange,
                    owner: row.id.as_bytes(),
                    email_key: &row.email_key,
                    tag: row.tag,
                    at: row.created_at,
                };
                Some(self.with_code(tx, asked).await?)
            }
            MailKind::Confirmation => {
                let row = accounts::by_id(&mut *tx, PersonId::from_uuid(uuid), now).await?;
                row.and_then(|row| {
                    let verified_at = row.verified_at?;
                    plain(Message::Confirmation {
                        username: row.username,
                        verified_at,
                        home: self.policy.public_url.clone(),
                    })
                })
            }
            MailKind::EmailChanged => plain(Message::EmailChanged {
                new_address_masked: mail.detail.clone().unwrap_or_default(),
                at: now,
            }),
        })
    }

    /// Makes a code. Until the mail server has taken it, its end is far enough away for the slowest
    /// server; then its time starts.
    async fn with_code(&self, tx: &mut Tx, asked: Asked<'_>) -> Result<Composed, Trouble> {
        let policy = &self.policy.code;
        let code = Code::mint(policy.digits, &*self.dice);
        let mac = code.mac(&self.keys, asked.purpose, asked.owner, asked.email_key);
        let now = self.now();
        let minted = Minted {
            mac: mac.to_vec(),
            expires_at: now + policy.ttl + SEND_DEADLINE,
        };
        codes::mint(tx, asked.owner, &minted, i64::from(policy.attempts), now).await?;
        let token = LinkToken::mint(&self.keys, asked.purpose, asked.owner, asked.email_key);
        let (code, link) = (
            code.expose().to_owned(),
            format!("{}/auth/verify/{token}", self.policy.public_url),
        );
        let (tag, requested_at, lives) = (asked.tag, asked.at, policy.ttl);
        let message = match asked.purpose {
            Purpose::Registration => Message::Verification {
                code,
                link,
                tag,
                requested_at,
                lives,
            },
            Purpose::EmailChange => Message::EmailChange {
                code,
                link,
                tag,
                requested_at,
                lives,
            },
        };
        Ok(Composed {
            message,
            mac: Some(mac),
        })
    }
}
