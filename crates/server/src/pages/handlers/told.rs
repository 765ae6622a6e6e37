//! What has just happened, told on the page after a redirect. The address carries a word out of a closed
//! set, never a sentence: a link must not be able to put words into the server's mouth.

use crate::pages::view::Notice;

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Welcome,
    Resent,
    SignedOut,
    Ended,
    AllEnded,
    OneEnded,
    OthersEnded,
    UsernameSaved,
    PasswordChanged,
    AddressPending,
    AddressChanged,
    MailboxCleared,
}

impl Told {
    const ALL: [Self; 12] = [
        Self::Welcome,
        Self::Resent,
        Self::SignedOut,
        Self::Ended,
        Self::AllEnded,
        Self::OneEnded,
        Self::OthersEnded,
        Self::UsernameSaved,
        Self::PasswordChanged,
        Self::AddressPending,
        Self::AddressChanged,
        Self::MailboxCleared,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Resent => "resent",
            Self::SignedOut => "signed-out",
            Self::Ended => "ended",
            Self::AllEnded => "all-ended",
            Self::OneEnded => "one-ended",
            Self::OthersEnded => "others-ended",
            Self::UsernameSaved => "username-saved",
            Self::PasswordChanged => "password-changed",
            Self::AddressPending => "address-pending",
            Self::AddressChanged => "address-changed",
            Self::MailboxCleared => "mailbox-cleared",
        }
    }

    /// The path with the word behind it.
    pub(super) fn at(self, path: &str) -> String {
        format!("{path}?told={}", self.word())
    }

    /// The word in a query; anything else there is ignored.
    pub(super) fn read(query: Option<&str>) -> Option<Self> {
        let word = query?.split('&').find_map(|pair| pair.strip_prefix("told="))?;
        Self::ALL.into_iter().find(|told| told.word() == word)
    }

    /// The sentence.
    pub(super) fn notice(self) -> Notice {
        match self {
            Self::Welcome => Notice::success("Welcome. Your account is ready, and you are signed in."),
            Self::Resent => Notice::pending(
                "If something waits for a code, another mail is on its way. Between two mails there is a \
                 short pause.",
            ),
            Self::SignedOut => Notice::success("You are signed out."),
            Self::Ended => Notice::error("This session has ended. Please sign in again."),
            Self::AllEnded => Notice::success("All sessions have ended, this one too."),
            Self::OneEnded => Notice::success("The session has ended."),
            Self::OthersEnded => Notice::success("All other sessions have ended."),
            Self::UsernameSaved => Notice::success("Your username is saved."),
            Self::PasswordChanged => {
                Notice::success("Your password is changed. All other sessions have ended.")
            }
            Self::AddressPending => {
                Notice::pending("We send a code to the new address. Enter it below to finish the change.")
            }
            Self::AddressChanged => Notice::success("Your new e-mail address is verified and in use."),
            Self::MailboxCleared => Notice::success("The mailbox is empty."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_no_other() {
        for told in Told::ALL {
            let address = told.at("/account");
            assert_eq!(
                Told::read(address.split_once('?').map(|(_, query)| query)),
                Some(told)
            );
        }
        for query in [
            "",
            "told=",
            "told=Your+account+is+locked",
            "welcome",
            "other=welcome",
        ] {
            assert_eq!(Told::read(Some(query)), None, "{query}");
        }
    }
}
