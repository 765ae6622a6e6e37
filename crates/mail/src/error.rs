//! Why a mail did not leave, in the terms the queue decides by.

use std::fmt;
use std::time::Duration;

/// How much of a server's words an error keeps.
const MAX_DETAIL: usize = 120;

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It can: the network, a deadline, a 4xx reply, a server set up wrongly.
    Transient,
    /// It cannot: a 5xx reply, or a mail that must not leave.
    Permanent,
}

impl Failure {
    /// The name in logs and storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
        }
    }
}

/// How far a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Looking up the server's name.
    Dns,
    /// Connecting, up to and including the server's greeting.
    Tcp,
    /// Agreeing on encryption.
    Tls,
    /// Signing in.
    Auth,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Handing over the mail itself.
    Data,
    /// Before anything left this machine.
    Local,
}

impl Stage {
    /// The name in logs and storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Data => "data",
            Self::Local => "local",
        }
    }
}

/// A mail that did not leave. Safe to log and to store: holds no address, code or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    /// Whether trying again can help.
    pub kind: Failure,
    /// How far it came.
    pub stage: Stage,
    /// At most 120 printable characters for the operator.
    pub detail: String,
    /// How long the other side asks us to wait.
    pub retry_after: Option<Duration>,
}

impl SendError {
    /// A failure that may pass.
    pub fn transient(stage: Stage, detail: &str) -> Self {
        Self {
            kind: Failure::Transient,
            stage,
            detail: printable(detail),
            retry_after: None,
        }
    }

    /// A failure that will not pass.
    pub fn permanent(stage: Stage, detail: &str) -> Self {
        Self {
            kind: Failure::Permanent,
            stage,
            detail: printable(detail),
            retry_after: None,
        }
    }

    /// The same, with the time that the other side asks for.
    #[must_use]
    pub fn after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The stage in a text that an error was written down as.
    pub fn stage_in(text: &str) -> Option<&str> {
        let (_, rest) = text.split_once(" failure at stage ")?;
        rest.split_once(':').map(|(stage, _)| stage)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} failure at stage {}: {}",
            self.kind.as_str(),
            self.stage.as_str(),
            self.detail
        )
    }
}

impl std::error::Error for SendError {}

/// A server's words may hold anything; in a log they must stay one short line.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_DETAIL)
        .map(|character| {
            if matches!(character, ' '..='~') {
                character
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t59_a_detail_is_one_short_printable_line() {
        let error = SendError::transient(Stage::Tcp, &format!("a\r\n\u{1b}[31mé{}", "x".repeat(500)));
        assert!(error.detail.starts_with("a???[31m?xxx"));
        assert_eq!(error.detail.len(), 120);
    }

    #[test]
    fn it_reads_as_a_sentence() {
        let error = SendError::permanent(Stage::Recipient, "550 5.1.1 unknown user");
        assert_eq!(
            error.to_string(),
            "permanent failure at stage recipient: 550 5.1.1 unknown user"
        );
        assert_eq!(SendError::stage_in(&error.to_string()), Some("recipient"));
        assert_eq!(SendError::stage_in("the worker died"), None);
    }
}
