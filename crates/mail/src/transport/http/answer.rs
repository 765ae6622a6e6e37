//! What a provider's answer means for the mail.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;
use time::PrimitiveDateTime;
use time::macros::format_description;
use usher_accounts::time::Timestamp;

use super::provider::{Key, Provider};
use crate::error::{SendError, Stage};
use crate::outgoing::Outgoing;
use crate::transport::fault::masked;

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The header, as it came.
    pub(super) retry_after: Option<String>,
    pub(super) body: Bytes,
}

/// What a status says about a mail.
enum Verdict {
    Taken,
    /// We are not let in.
    Closed,
    /// We ask at the wrong place.
    Misplaced,
    /// Not now.
    Later,
    /// Not this mail.
    Refused,
}

impl Answer {
    /// Whether the mail was taken.
    pub(super) fn judge(&self, provider: Provider, key: &Key, mail: &Outgoing) -> Result<(), SendError> {
        match verdict(self.status) {
            Verdict::Taken if provider.answers_with_an_object() && !self.is_object() => {
                let said = format!("{} with a body that is not the provider's", self.status.as_u16());
                Err(SendError::transient(Stage::Data, &said))
            }
            Verdict::Taken => Ok(()),
            Verdict::Refused => Err(SendError::permanent(
                Stage::Data,
                &self.detail(Stage::Data, key, &mail.to.for_transport()),
            )),
            Verdict::Later => {
                let detail = self.detail(Stage::Data, key, &mail.to.for_transport());
                Err(SendError::transient(Stage::Data, &detail).after(self.pause(mail.date)))
            }
            Verdict::Closed | Verdict::Misplaced => self.judge_probe(key),
        }
    }

    /// Whether we were let in; a mail without anything in it may be refused.
    pub(super) fn judge_probe(&self, key: &Key) -> Result<(), SendError> {
        match verdict(self.status) {
            Verdict::Taken | Verdict::Refused => Ok(()),
            Verdict::Closed => Err(SendError::permanent(
                Stage::Auth,
                &self.detail(Stage::Auth, key, ""),
            )),
            Verdict::Misplaced => {
                let detail = format!("{} (is the url right?)", self.detail(Stage::Auth, key, ""));
                Err(SendError::permanent(Stage::Sender, &detail))
            }
            Verdict::Later => Err(SendError::transient(
                Stage::Data,
                &self.detail(Stage::Data, key, ""),
            )),
        }
    }

    /// The status, and what the provider says about it as far as it may be told.
    fn detail(&self, stage: Stage, key: &Key, recipient: &str) -> String {
        let said = key.hidden_in(&self.words());
        let said = masked(stage, &said, recipient);
        format!("{} {said}", self.status.as_u16()).trim_end().to_owned()
    }

    fn words(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let found = ["message", "Error", "error", "detail"]
            .iter()
            .find_map(|name| body.get(name).and_then(Value::as_str));
        found.unwrap_or_default().to_owned()
    }

    fn is_object(&self) -> bool {
        serde_json::from_slice::<Value>(&self.body).is_ok_and(|body| body.is_object())
    }

    /// `Retry-After`: seconds, or a moment.
    fn pause(&self, now: Timestamp) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let form = format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        let moment = PrimitiveDateTime::parse(text, form).ok()?.assume_utc();
        Some(Timestamp::from_seconds(moment.unix_timestamp()).since(now))
    }
}

/// Only what is about this mail is final: a mistake in the settings must not cost every mail.
fn verdict(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Taken,
        401 | 402 | 403 | 407 => Verdict::Closed,
        300..=399 | 404 | 405 | 410 | 421 => Verdict::Misplaced,
        // 409: the same mail is under way already; what came of it is not known yet.
        408 | 409 | 425 | 429 => Verdict::Later,
        400..=499 => Verdict::Refused,
        _ => Verdict::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(text: &str) -> Option<u64> {
        let answer = Answer {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(text.to_owned()),
            body: Bytes::new(),
        };
        let now = Timestamp::from_seconds(1_700_000_000);
        answer.pause(now).map(|pause| pause.as_secs())
    }

    #[test]
    fn a_retry_after_is_seconds_or_a_moment() {
        assert_eq!(pause("120"), Some(120));
        assert_eq!(pause("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60));
        assert_eq!(
            pause("Tue, 14 Nov 2023 22:00:00 GMT"),
            Some(0),
            "that moment is over"
        );
        for text in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(pause(text), None, "{text}");
        }
    }
}
