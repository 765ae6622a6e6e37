//! The providers: a closed set, and what is particular to each.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use super::endpoint::HttpSetupError;

/// Before the key of a webhook that is written in base64.
const WEBHOOK_KEY: &str = "whsec_";

/// Whose interface it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// A form, by `POST …/v3/<domain>/messages`.
    Mailgun,
    /// JSON, by `POST …/emails`, as Resend and others take it.
    Resend,
    /// JSON, by `POST …/api/v1/send`.
    Mailpit,
    /// JSON to a program of the operator's own, signed.
    Webhook,
}

impl Provider {
    /// The name in settings and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailgun => "mailgun",
            Self::Resend => "resend",
            Self::Mailpit => "mailpit",
            Self::Webhook => "webhook",
        }
    }

    /// Where it is when the settings do not say.
    pub(super) const fn usual_url(self) -> Option<&'static str> {
        match self {
            Self::Resend => Some("https://api.resend.com"),
            Self::Mailpit => Some("http://127.0.0.1:8025"),
            Self::Mailgun | Self::Webhook => None,
        }
    }

    /// Below its URL, where it takes mail.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Mailgun => "/messages",
            Self::Resend => "/emails",
            Self::Mailpit => "/api/v1/send",
            Self::Webhook => "",
        }
    }

    /// Whether its yes is an object of JSON. A page that somebody else serves under the same address,
    /// a portal or a parked domain, is no yes.
    pub(super) const fn answers_with_an_object(self) -> bool {
        !matches!(self, Self::Webhook)
    }
}

/// What lets us in.
#[derive(Clone)]
pub(super) struct Key {
    /// As written.
    written: String,
    /// The `Authorization` header.
    pub(super) authorization: Option<HeaderValue>,
    /// What webhooks are signed with.
    pub(super) signing: Option<Vec<u8>>,
}

impl Key {
    pub(super) fn of(provider: Provider, written: Option<&str>) -> Result<Self, HttpSetupError> {
        let Some(key) = written else {
            return match provider {
                Provider::Mailpit => Ok(Self {
                    written: String::new(),
                    authorization: None,
                    signing: None,
                }),
                other => Err(HttpSetupError::NoKey(other.as_str())),
            };
        };
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HttpSetupError::Key);
        }
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let (authorization, signing) = match provider {
            Provider::Mailgun => (Some(basic(&format!("api:{key}"))), None),
            Provider::Resend => (Some(format!("Bearer {key}")), None),
            Provider::Mailpit => (Some(basic(key)), None),
            Provider::Webhook => (None, Some(signing_key(key)?)),
        };
        let header = |text: String| {
            let mut value = HeaderValue::try_from(text).map_err(|_| HttpSetupError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self {
            written: key.to_owned(),
            authorization: authorization.map(header).transpose()?,
            signing,
        })
    }
}

impl Key {
    /// A text without the key, nor the password at its end.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let password = self.written.rsplit(':').next().unwrap_or_default();
        let secrets = [self.written.as_str(), password];
        let secrets = secrets.iter().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

fn signing_key(key: &str) -> Result<Vec<u8>, HttpSetupError> {
    match key.strip_prefix(WEBHOOK_KEY) {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| HttpSetupError::Key),
        None => Ok(key.as_bytes().to_vec()),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t16_a_key_that_cannot_be_used_is_refused_and_none_is_shown() {
        for (provider, key) in [
            (Provider::Mailgun, None),
            (Provider::Webhook, None),
            (Provider::Resend, Some("")),
            (Provider::Resend, Some("re_1\r\nX-Admin: 1")),
            (Provider::Webhook, Some("whsec_not base64")),
        ] {
            assert!(Key::of(provider, key).is_err(), "{provider:?}");
        }
        let key = Key::of(Provider::Resend, Some("re_hunter2")).unwrap();
        assert_eq!(format!("{key:?} {:?}", key.authorization), "*** Some(Sensitive)");
    }
}
