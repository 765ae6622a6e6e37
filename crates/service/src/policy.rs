//! What the operator has decided, in the form the stories read it.

use std::time::Duration;

use usher_accounts::code::CodePolicy;
use usher_accounts::hash::HashScheme;
use usher_store::registrations::Room;

use crate::breach::BreachList;
use crate::link::LinkPolicy;

/// How registering an address that has an account is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// `email_taken`.
    Reveal,
    /// As if it were new, with a mail to the owner.
    Silent,
}

/// Whether a new account must prove its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// There is no account before the proof.
    Required,
    /// Accounts come at once and stay unverified.
    Off,
}

/// Whether an address and a code alone may verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// From where the one live registration was made.
    SameSource,
    /// Never.
    Off,
}

/// The published table of limits.
#[derive(Clone, Debug)]
pub struct LimitPolicy {
    /// Everything below counts only when this is true.
    pub enabled: bool,
    /// Wrong passwords per account and source (or known device) in a window.
    pub login_failures_per_account: i64,
    /// The window of wrong passwords.
    pub login_failures_window: Duration,
    /// Sign-in attempts per source network in the same window.
    pub login_failures_per_source: u32,
    /// Wrong codes per address in a window.
    pub code_failures_per_address: i64,
    /// The window of wrong codes.
    pub code_failures_window: Duration,
    /// Wrong codes per source network in an hour.
    pub code_failures_per_source: u32,
    /// Wrong codes of everybody in a minute.
    pub code_failures_global: u32,
    /// Registrations per source network in a window.
    pub registrations_per_source: u32,
    /// The window of registrations.
    pub registrations_window: Duration,
    /// Code mails to an address in an hour.
    pub mails_per_address_hour: i64,
    /// Code mails to an address in a day.
    pub mails_per_address_day: i64,
}

/// Everything the stories need to know.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `https://accounts.example`, without a slash at the end: the start of every link, and the issuer.
    pub public_url: String,
    /// See [`Existing`].
    pub existing: Existing,
    /// See [`Verification`].
    pub verification: Verification,
    /// How long a registration waits for its proof.
    pub pending_ttl: Duration,
    /// How many may wait at once.
    pub room: Room,
    /// Digits, life and attempts of a code.
    pub code: CodePolicy,
    /// See [`Plain`].
    pub plain: Plain,
    /// The shortest time between two mails about one registration.
    pub resend_after: Duration,
    /// Whether people may sign in before the proof.
    pub unverified_login: bool,
    /// Life of an access token.
    pub access_ttl: Duration,
    /// Life of a session.
    pub session_ttl: Duration,
    /// How often sessions that are over are removed.
    pub session_cleanup_every: Duration,
    /// Sessions a person may have; the oldest makes room.
    pub sessions_per_person: i64,
    /// How strong new passwords must be, 0 (anything) to 4.
    pub password_strength: u8,
    /// Passwords that got out elsewhere and are not taken here.
    pub breach_list: Option<BreachList>,
    /// How new passwords are hashed.
    pub hash: HashScheme,
    /// Whether nodes tell each other at once what has happened.
    pub notify: bool,
    /// See [`LimitPolicy`].
    pub limits: LimitPolicy,
    /// The shared link, where there is one.
    pub link: Option<LinkPolicy>,
}
