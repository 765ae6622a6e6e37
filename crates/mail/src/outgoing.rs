//! A mail in its envelope: what every transport takes, and the one place where it becomes bytes.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use usher_accounts::email::EmailAddress;
use usher_accounts::time::Timestamp;

use crate::error::{SendError, Stage};
use crate::output::breaks_line;
use crate::templates::Rendered;

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Says to other machines that nobody waits for an answer.
pub(crate) const AUTO_GENERATED: &str = "auto-generated";

/// The last second that a `Date` header can name: the end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// The longest boundary that MIME allows.
const MAX_BOUNDARY: usize = 70;

/// A worded mail, addressed and dated.
#[derive(Clone)]
pub struct Outgoing {
    /// The Message-ID without its angle brackets; the same for every attempt at one dispatch.
    pub message_id: String,
    /// The sender, as in `Usher <no-reply@example.org>`.
    pub from: String,
    /// The recipient.
    pub to: EmailAddress,
    /// The `Date` header.
    pub date: Timestamp,
    /// What it says.
    pub rendered: Rendered,
}

impl Outgoing {
    /// The mail as it goes over the wire. The same input gives the same bytes.
    pub(crate) fn build(&self) -> Result<lettre::Message, SendError> {
        if [&self.message_id, &self.from, &self.rendered.subject]
            .iter()
            .any(|field| field.contains(breaks_line))
        {
            return Err(refused("a header holds a line break or a control character"));
        }
        if !is_message_id(&self.message_id) {
            return Err(refused("the message id is not of the form left@right"));
        }
        lettre::Message::builder()
            .message_id(Some(format!("<{}>", self.message_id)))
            .date(system_time(self.date))
            .from(self.sender()?)
            .to(Mailbox::new(None, self.recipient()?))
            .subject(self.rendered.subject.as_str())
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, AUTO_GENERATED.to_owned()))
            .multipart(
                MultiPart::builder()
                    .kind(MultiPartKind::Alternative)
                    .boundary(self.boundary())
                    .singlepart(SinglePart::plain(with_one_kind_of_line_end(&self.rendered.text)))
                    .singlepart(SinglePart::html(with_one_kind_of_line_end(&self.rendered.html))),
            )
            .map_err(|_| refused("the mail cannot be put together"))
    }

    /// The sender, parsed.
    pub(crate) fn sender(&self) -> Result<Mailbox, SendError> {
        let sender: Mailbox = self
            .from
            .parse()
            .map_err(|_| refused("the sender is not an address"))?;
        // Beyond ASCII the mail would depend on an extension that many servers lack.
        if AsRef::<str>::as_ref(&sender.email).is_ascii() {
            Ok(sender)
        } else {
            Err(refused("the sender's address is not ASCII"))
        }
    }

    /// What separates the two forms. Made of the message id, so that a second attempt sends the same
    /// bytes. `=_` never stands in encoded text, and nobody who writes into a mail knows its id.
    pub(crate) fn boundary(&self) -> String {
        let id = self.message_id.chars().filter(char::is_ascii_alphanumeric);
        "=_".chars().chain(id).take(MAX_BOUNDARY).collect()
    }

    fn recipient(&self) -> Result<Address, SendError> {
        self.to
            .for_transport()
            .parse()
            .map_err(|_| refused("the recipient is not an address"))
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

fn refused(reason: &str) -> SendError {
    SendError::permanent(Stage::Local, reason)
}

fn is_message_id(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>@".contains(&byte))
    };
    text.split_once('@')
        .is_some_and(|(left, right)| is_part(left) && is_part(right))
}

/// Some servers take a lone carriage return for the end of a line, and a dot between two of them for
/// the end of the mail: what follows would be commands.
fn with_one_kind_of_line_end(body: &str) -> String {
    body.replace("\r\n", "\n").replace('\r', "\n")
}

/// The header's encoder panics outside 1970 to 9999, so the date is kept within.
fn system_time(date: Timestamp) -> SystemTime {
    let seconds = u64::try_from(date.seconds()).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
