//! How mail leaves: a closed set, so that the compiler lists what a newcomer forgot.

pub(crate) mod file;
pub(crate) mod mailbox;
pub(crate) mod smtp;

use crate::error::SendError;
use crate::outgoing::Outgoing;
use file::FileTransport;
use mailbox::Mailbox;
use smtp::Smtp;

/// One way out.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a directory.
    File(FileTransport),
    /// Into memory, for development and tests.
    Mailbox(Mailbox),
}

impl Transport {
    /// The name in settings, logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::File(_) => "file",
            Self::Mailbox(_) => "mailbox",
        }
    }

    /// Hands one mail over. `Ok` means that the other side has taken responsibility for it. Delivery
    /// is at least once: a mail whose acceptance was lost on the way back is reported as failed.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await,
            Self::File(file) => file.send(mail).await,
            Self::Mailbox(mailbox) => mailbox.send(mail),
        }
    }

    /// Whether a mail could leave now.
    pub async fn check(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::File(file) => file.check().await,
            Self::Mailbox(mailbox) => mailbox.check(),
        }
    }
}
