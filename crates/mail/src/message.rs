//! What a mail can say: one variant a mail, each with exactly what its templates need.

use std::fmt;
use std::time::Duration;

use minijinja::{Value, context};
use usher_accounts::time::Timestamp;

use crate::words::{moment, span};

/// One mail, before it is worded.
#[derive(Clone)]
pub enum Message {
    /// To somebody who registered: proves that the mailbox is theirs.
    Verification {
        /// The digits to enter.
        code: String,
        /// The page that asks for them.
        link: String,
        /// A short word that the registrant's own page shows too.
        tag: String,
        /// When the registration, or its resend, was asked for.
        requested_at: Timestamp,
        /// How long the code works.
        lives: Duration,
    },
    /// To somebody who has just been verified.
    Confirmation {
        /// How they want to be called.
        username: Option<String>,
        /// When it happened.
        verified_at: Timestamp,
        /// Where the account is.
        home: String,
    },
    /// To the owner of an account whose address somebody tried to register.
    AddressTaken {
        /// When that was.
        requested_at: Timestamp,
        /// Where the owner signs in.
        sign_in: String,
    },
    /// To the new address of an existing account: proves that the mailbox is theirs.
    EmailChange {
        /// The digits to enter.
        code: String,
        /// The page that asks for them.
        link: String,
        /// A short word that the owner's own page shows too.
        tag: String,
        /// When the change was asked for.
        requested_at: Timestamp,
        /// How long the code works.
        lives: Duration,
    },
    /// To the old address of an account that has a new one.
    EmailChanged {
        /// The new address, with most of it hidden.
        new_address_masked: String,
        /// When it happened.
        at: Timestamp,
    },
}

impl Message {
    /// The stem of the templates' names, and what logs and metrics call this mail.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Verification { .. } => "verification",
            Self::Confirmation { .. } => "confirmation",
            Self::AddressTaken { .. } => "address_taken",
            Self::EmailChange { .. } => "email_change",
            Self::EmailChanged { .. } => "email_changed",
        }
    }

    /// What the templates may name.
    pub(crate) fn values(&self) -> Value {
        match self {
            Self::Verification {
                code,
                link,
                tag,
                requested_at,
                lives,
            }
            | Self::EmailChange {
                code,
                link,
                tag,
                requested_at,
                lives,
            } => context! {
                code, link, tag, requested_at => moment(*requested_at), lives => span(*lives),
            },
            Self::Confirmation {
                username,
                verified_at,
                home,
            } => context! {
                username, verified_at => moment(*verified_at), home,
            },
            Self::AddressTaken {
                requested_at,
                sign_in,
            } => context! {
                requested_at => moment(*requested_at), sign_in,
            },
            Self::EmailChanged {
                new_address_masked,
                at,
            } => context! {
                new_address_masked, at => moment(*at),
            },
        }
    }
}

/// The name alone: codes, links and people stay out of logs.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.name())
    }
}

#[cfg(test)]
mod tests {
    use crate::samples::samples;

    #[test]
    fn t16_debug_shows_the_name_and_nothing_else() {
        let shown: Vec<String> = samples().iter().map(|message| format!("{message:?}")).collect();
        assert_eq!(
            shown,
            [
                "verification(***)",
                "confirmation(***)",
                "confirmation(***)",
                "address_taken(***)",
                "email_change(***)",
                "email_changed(***)"
            ]
        );
    }
}
