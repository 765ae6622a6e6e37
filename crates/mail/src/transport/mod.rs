//! How mail leaves: a closed set, so that the compiler lists what a newcomer forgot.

mod connect;
pub(crate) mod deadline;
mod fault;
pub(crate) mod file;
pub(crate) mod http;
pub(crate) mod lanes;
pub(crate) mod line;
pub(crate) mod mailbox;
mod pool;
pub(crate) mod smtp;

use crate::error::SendError;
use crate::outgoing::Outgoing;
use file::FileTransport;
use http::Http;
use lanes::Lanes;
use line::Line;
use mailbox::Mailbox;
use smtp::Smtp;

/// One way out.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Smtp),
    /// To a provider's HTTP interface.
    Http(Http),
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
            Self::Http(_) => "http",
            Self::File(_) => "file",
            Self::Mailbox(_) => "mailbox",
        }
    }

    /// Hands one mail over. `Ok` means that the other side has taken responsibility for it. Delivery
    /// is at least once: a mail whose acceptance was lost on the way back is reported as failed.
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        self.send_over(self.line().await?, mail).await
    }

    /// Waits for the right to send one mail.
    pub async fn line(&self) -> Result<Line, SendError> {
        match self.lanes() {
            Some(lanes) => Line::next(lanes).await,
            None => Ok(Line::free()),
        }
    }

    /// The right to send a mail that is expected to hang, unless too many hang already.
    pub fn line_aside(&self) -> Option<Line> {
        self.lanes().map_or_else(|| Some(Line::free()), Line::aside)
    }

    /// As [`Self::send`], on a line of this transport.
    pub async fn send_over(&self, line: Line, mail: &Outgoing) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send_over(line, mail).await,
            Self::Http(http) => http.send_over(line, mail).await,
            Self::File(file) => file.send(mail).await,
            Self::Mailbox(mailbox) => mailbox.send(mail),
        }
    }

    /// Whether a mail could leave now. Cheap enough to be asked every few seconds.
    pub async fn check(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Http(http) => http.check().await,
            Self::File(file) => file.check().await,
            Self::Mailbox(mailbox) => mailbox.check(),
        }
    }

    /// As [`Self::check`], and whether we would be let in, where that can be asked without sending.
    pub async fn probe(&self) -> Result<(), SendError> {
        match self {
            Self::Http(http) => http.probe().await,
            Self::Smtp(_) | Self::File(_) | Self::Mailbox(_) => self.check().await,
        }
    }

    const fn lanes(&self) -> Option<&Lanes> {
        match self {
            Self::Smtp(smtp) => Some(smtp.lanes()),
            Self::Http(http) => Some(http.lanes()),
            Self::File(_) | Self::Mailbox(_) => None,
        }
    }
}
