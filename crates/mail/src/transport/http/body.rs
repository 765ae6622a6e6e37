//! A mail as each provider wants it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::provider::Provider;
use crate::error::SendError;
use crate::outgoing::{self, Outgoing};

/// What stands in the body of a request.
pub(super) struct Body {
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Body {
    /// A whole mail.
    pub(super) fn of(provider: Provider, mail: &Outgoing) -> Result<Self, SendError> {
        let sender = mail.sender()?;
        let (name, from) = (sender.name.as_deref(), sender.email.to_string());
        let to = mail.to.for_transport();
        let message_id = format!("<{}>", mail.message_id);
        let said = &mail.rendered;
        Ok(match provider {
            Provider::Mailgun => form(&[
                ("from", &sender.to_string()),
                ("to", &to),
                ("subject", &said.subject),
                ("text", &said.text),
                ("html", &said.html),
                // A counted click would hand the link to somebody else first.
                ("o:tracking", "no"),
                ("h:Message-Id", &message_id),
                ("h:Auto-Submitted", outgoing::AUTO_GENERATED),
            ]),
            Provider::Resend => object(&json!({
                "from": sender.to_string(),
                "to": [to],
                "subject": said.subject,
                "text": said.text,
                "html": said.html,
                "headers": {
                    "Auto-Submitted": outgoing::AUTO_GENERATED,
                    "X-Entity-Ref-ID": mail.message_id,
                },
            })),
            Provider::Mailpit => object(&json!({
                "From": { "Email": from, "Name": name.unwrap_or_default() },
                "To": [{ "Email": to }],
                "Subject": said.subject,
                "Text": said.text,
                "HTML": said.html,
                "Headers": {
                    "Message-ID": message_id,
                    "Auto-Submitted": outgoing::AUTO_GENERATED,
                },
            })),
            Provider::Webhook => object(&json!({
                "type": "mail",
                "message_id": mail.message_id,
                "date": mail.date,
                "from": { "email": from, "name": name },
                "to": to,
                "subject": said.subject,
                "text": said.text,
                "html": said.html,
            })),
        })
    }

    /// A mail without anything in it, which is refused by whoever let us in.
    pub(super) fn nothing(provider: Provider) -> Self {
        match provider {
            Provider::Mailgun => form(&[]),
            Provider::Resend | Provider::Mailpit | Provider::Webhook => object(&json!({})),
        }
    }
}

fn form(fields: &[(&str, &str)]) -> Body {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    Body {
        kind: "application/x-www-form-urlencoded",
        bytes: pairs.collect::<Vec<_>>().join("&").into_bytes(),
    }
}

fn object(value: &Value) -> Body {
    Body {
        kind: "application/json",
        bytes: value.to_string().into_bytes(),
    }
}
