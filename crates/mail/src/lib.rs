//! Mails, from what they say to how they leave: typed messages, the templates that word them, and the
//! transports that carry them. Nothing here decides when a mail is due or whether it is tried again.

mod error;
mod message;
mod outgoing;
mod output;
mod samples;
mod templates;
mod transport;
mod words;

pub use error::{Failure, SendError, Stage};
pub use message::Message;
pub use outgoing::Outgoing;
pub use templates::{Rendered, TemplateError, Templates};
pub use transport::Transport;
pub use transport::deadline::CHECK_DEADLINE;
pub use transport::file::FileTransport;
pub use transport::http::{Http, HttpSetupError, Provider};
pub use transport::lanes::PATIENCE;
pub use transport::line::{Line, SEND_DEADLINE};
pub use transport::mailbox::{Envelope, EnvelopeAddress, Mailbox, MailboxAddress, MailboxEmail};
pub use transport::smtp::{Smtp, SmtpUrlError};
