//! What each page shows. A template sees its own struct and the frame, and nothing else.

mod account;
mod field;
mod frame;
mod mailbox;
mod outcome;
mod registration;
mod share;

use serde::Serialize;

use super::policy;
pub use account::{Account, Edits, EmailChange, PasswordChange, PendingEmail, Profile, SessionRow};
pub use field::{SecretField, TextField};
pub use frame::{Frame, Notice, NoticeKind, Viewer};
pub use mailbox::{MailText, Mailbox, Message, MessageRow};
pub use outcome::{ApiDocs, Failure, Verified, WayOut};
pub use registration::{
    CodeEntry, Delivery, DeliveryStatus, LinkSubject, Login, Register, Registrant, Verify, VerifyLink,
};
pub use share::{Dashboard, Share};

/// Every page there is.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum View {
    /// `/`
    Home,
    /// `/register`
    Register(Register),
    /// `/verify`
    Verify(Verify),
    /// `/auth/verify/{token}`
    VerifyLink(VerifyLink),
    /// After the right code.
    Verified(Verified),
    /// `/login`
    Login(Login),
    /// `/account`
    Account(Box<Account>),
    /// `/mailbox`
    Mailbox(Mailbox),
    /// `/mailbox/message/{id}`
    Message(Message),
    /// `/link`
    Dashboard(Dashboard),
    /// `/link/me`
    Share(Share),
    /// Anything that went wrong.
    Failure(Failure),
    /// `/docs` and `/redoc`
    ApiDocs(ApiDocs),
}

impl View {
    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Home => "home.html",
            Self::Register(_) => "register.html",
            Self::Verify(_) => "verify.html",
            Self::VerifyLink(_) => "verify_link.html",
            Self::Verified(_) => "verified.html",
            Self::Login(_) => "login.html",
            Self::Account(_) => "account.html",
            Self::Mailbox(_) => "mailbox.html",
            Self::Message(_) => "message.html",
            Self::Dashboard(_) => "link.html",
            Self::Share(_) => "link_me.html",
            Self::Failure(_) => "error.html",
            Self::ApiDocs(_) => "api_docs.html",
        }
    }

    /// The `Content-Security-Policy` to send with the page.
    pub const fn policy(&self) -> &'static str {
        match self {
            Self::Message(_) => policy::MESSAGE,
            Self::ApiDocs(_) => policy::API_DOCS,
            _ => policy::PAGE,
        }
    }
}
