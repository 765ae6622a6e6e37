//! One's own account: who one is, what one may change, which devices are signed in.

use serde::Serialize;
use usher_accounts::id::{PersonId, SessionId};

use super::{CodeEntry, SecretField, TextField};
use crate::pages::moment::Moment;

/// The page of the person who is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Who they are.
    pub profile: Profile,
    /// The code entry, while their address waits to be verified.
    pub verification: Option<CodeEntry>,
    /// The forms to change things, for those who may.
    pub edits: Option<Edits>,
    /// The devices signed in, this one first.
    pub sessions: Vec<SessionRow>,
}

/// What is stored about the person.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// The id for life.
    pub id: PersonId,
    /// The address, as typed.
    pub email: String,
    /// The name, if they gave one.
    pub username: Option<String>,
    /// When the address was verified.
    pub verified_at: Option<Moment>,
    /// When they registered.
    pub created_at: Moment,
}

/// The forms to change things.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Edits {
    /// Posts `username` to `/account/profile`.
    pub username: TextField,
    /// The address.
    pub email: EmailChange,
    /// The password.
    pub password: PasswordChange,
}

/// Posts `email` and `current_password` to `/account/email`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EmailChange {
    /// The new address.
    pub email: TextField,
    /// The proof that it is them.
    pub current_password: SecretField,
    /// The change that waits for its code.
    pub pending: Option<PendingEmail>,
}

/// Posts `code` to `/account/email/verify`, or asks `/auth/resend` for another one.
#[derive(Clone, Debug, Serialize)]
pub struct PendingEmail {
    /// The new address, as typed.
    pub email: String,
    /// The code sent to it.
    pub code: SecretField,
    /// How long codes are.
    pub digits: u8,
}

/// Posts `current_password`, `password` and `verify_password` to `/account/password`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PasswordChange {
    /// The proof that it is them.
    pub current_password: SecretField,
    /// The new password.
    pub password: SecretField,
    /// The new password again.
    pub verify_password: SecretField,
}

/// A device signed in. Posts `session_id` to `/account/sessions/end`.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// What kind of device it is.
    pub device: String,
    /// The network address it was last seen at.
    pub address: String,
    /// When it signed in.
    pub created_at: Moment,
    /// When it was last seen.
    pub last_seen_at: Moment,
    /// Whether it is the one that shows this page.
    pub current: bool,
}
