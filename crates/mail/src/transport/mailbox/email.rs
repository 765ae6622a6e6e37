//! A received mail in the shape of MailDev's JSON, so that clients written for it read ours.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use usher_accounts::keys::sha256;
use usher_accounts::time::Timestamp;

use crate::error::SendError;
use crate::outgoing::Outgoing;

/// One mail, as `GET /email` lists it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxEmail {
    /// Short and alphanumeric; the same for every attempt at one dispatch.
    pub id: String,
    /// When it came.
    pub time: Timestamp,
    /// Its `Date` header.
    pub date: Timestamp,
    /// The sender.
    pub from: Vec<MailboxAddress>,
    /// The recipient.
    pub to: Vec<MailboxAddress>,
    /// The subject, decoded.
    pub subject: String,
    /// The plain form.
    pub text: String,
    /// The HTML form.
    pub html: String,
    /// The headers, decoded, by their names in lower case.
    pub headers: BTreeMap<&'static str, String>,
    /// Always false: this mailbox does not remember who looked.
    pub read: bool,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// Always `normal`.
    pub priority: &'static str,
    /// Bytes on the wire.
    pub size: usize,
    /// What a mail server would have been told.
    pub envelope: Envelope,
}

/// Somebody in a header.
#[derive(Clone, Serialize)]
pub struct MailboxAddress {
    /// The address.
    pub address: String,
    /// The display name, or nothing.
    pub name: String,
}

/// The addresses a mail server would have been told.
#[derive(Clone, Serialize)]
pub struct Envelope {
    /// Where bounces go.
    pub from: EnvelopeAddress,
    /// Who gets it.
    pub to: Vec<EnvelopeAddress>,
}

/// Somebody in an envelope.
#[derive(Clone, Serialize)]
pub struct EnvelopeAddress {
    /// The address.
    pub address: String,
}

impl MailboxEmail {
    /// Reads an outgoing mail; fails like every transport when it must not leave.
    pub(super) fn of(mail: &Outgoing) -> Result<Self, SendError> {
        let built = mail.build()?;
        let sender = mail.sender()?;
        let (from, to) = (sender.email.to_string(), mail.to.for_transport());
        let header = |name: &str| built.headers().get_raw(name).unwrap_or_default().to_owned();
        Ok(Self {
            id: short_id(&mail.message_id),
            time: mail.date,
            date: mail.date,
            from: vec![MailboxAddress {
                address: from.clone(),
                name: sender.name.unwrap_or_default(),
            }],
            to: vec![MailboxAddress {
                address: to.clone(),
                name: String::new(),
            }],
            subject: mail.rendered.subject.clone(),
            text: mail.rendered.text.clone(),
            html: mail.rendered.html.clone(),
            headers: BTreeMap::from([
                ("auto-submitted", header("Auto-Submitted")),
                (
                    "content-type",
                    format!("multipart/alternative; boundary=\"{}\"", mail.boundary()),
                ),
                ("date", header("Date")),
                ("from", header("From")),
                ("message-id", header("Message-ID")),
                ("mime-version", header("MIME-Version")),
                ("subject", header("Subject")),
                ("to", header("To")),
            ]),
            read: false,
            message_id: mail.message_id.clone(),
            priority: "normal",
            size: built.formatted().len(),
            envelope: Envelope {
                from: EnvelopeAddress { address: from },
                to: vec![EnvelopeAddress { address: to }],
            },
        })
    }
}

/// Mails hold codes.
impl fmt::Debug for MailboxEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxEmail")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Eight hexadecimal digits: among the few mails kept, no two can be expected to share them.
fn short_id(message_id: &str) -> String {
    let [first, second, third, fourth, ..] = sha256(message_id.as_bytes());
    format!("{:08x}", u32::from_be_bytes([first, second, third, fourth]))
}
