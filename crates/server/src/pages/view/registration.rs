//! The way in: register, enter the code, sign in.

use serde::Serialize;

use super::{SecretField, TextField};
use crate::pages::moment::Moment;

/// The form that posts `email`, `username`, `password` and `verify_password` to `/register`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Register {
    /// The address.
    pub email: TextField,
    /// The name, which may stay empty.
    pub username: TextField,
    /// The password.
    pub password: SecretField,
    /// The password again.
    pub verify_password: SecretField,
}

/// The form that posts `email` and `password` to `/login`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Login {
    /// The address.
    pub email: TextField,
    /// The password.
    pub password: SecretField,
}

/// The form that posts `email`, `verification_code` and perhaps `password` to `/verify`.
#[derive(Clone, Debug, Serialize)]
pub struct Verify {
    /// Whether this browser is known to have registered.
    pub registrant: Registrant,
    /// The code and what is known about its mail.
    pub entry: CodeEntry,
}

/// Who is about to enter a code.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Registrant {
    /// This browser registered.
    Known {
        /// The address, as typed.
        email: String,
    },
    /// Somebody without a registration cookie: the form asks for the address.
    Unknown {
        /// The address.
        email: TextField,
    },
}

/// The form behind the link in the mail. It posts `email`, `code` and perhaps `password` to its own path, so
/// the link's secret is not part of the view.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyLink {
    /// What the link is about.
    pub subject: LinkSubject,
    /// The address the mail went to.
    pub email: String,
    /// The code; the password is asked when this browser did not register.
    pub entry: CodeEntry,
}

/// What a link in a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkSubject {
    /// A registration.
    Registration,
    /// A new address for an account.
    Change,
}

/// A place to enter a code.
#[derive(Clone, Debug, Serialize)]
pub struct CodeEntry {
    /// How long codes are.
    pub digits: u8,
    /// The code.
    pub code: SecretField,
    /// The password, where it has to be asked.
    pub password: Option<SecretField>,
    /// The tag that the mail carries too, where the registration is known.
    pub tag: Option<String>,
    /// How the mail fares, where this browser may know.
    pub delivery: Option<Delivery>,
}

/// How the mail with the code fares.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Where it is.
    pub status: DeliveryStatus,
    /// When the code ceases to work; known once the mail is sent.
    pub code_expires_at: Option<Moment>,
    /// From when on another code may be asked for.
    pub resend_after: Option<Moment>,
}

/// Where a mail is. The names are those of `GET /auth/registration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Waiting for its first attempt.
    Queued,
    /// Taken by the mail server.
    Sent,
    /// Refused for now.
    Deferred,
    /// Refused for good.
    Failed,
}
