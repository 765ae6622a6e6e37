//! Passwords: taken verbatim, long rather than complicated, and not one that everybody tries first.

use std::fmt;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zeroize::Zeroizing;

use crate::email::EmailAddress;
use crate::username::Username;

const MIN_CHARACTERS: usize = 8;
const MAX_CHARACTERS: usize = 1_024;
/// Beyond these the strength is not measured: the estimate takes longer than the square of the length.
const MEASURED: usize = 64;

/// Sorted by byte.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../data/common-passwords.txt").lines().collect());

/// A password in clear, wiped from memory when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Which rule of a password is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("Enter a password.")]
    Empty,
    /// Fewer than 8 characters.
    #[error("A password needs at least 8 characters.")]
    TooShort,
    /// More than 1,024 characters.
    #[error("A password may have at most 1,024 characters.")]
    TooLong,
    /// One of the most common ones.
    #[error("This password is one of the most common ones. Choose another.")]
    Common,
    /// Easier to guess than the operator allows.
    #[error("This password is too easy to guess. Choose a longer one.")]
    TooWeak,
    /// On the operator's list of passwords that got out elsewhere.
    #[error("This password got out in a data breach somewhere. Choose another.")]
    Breached,
    /// The address, its local part or the username.
    #[error("The password must not be your e-mail address or your username.")]
    IsAddressOrName,
}

impl Password {
    /// What somebody typed to sign in. It may be older than today's rules, so only its size is bounded.
    pub fn given(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.chars().nth(MAX_CHARACTERS).is_some() {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text))
    }

    /// What somebody chose as their new password.
    pub fn chosen(
        text: String,
        address: &EmailAddress,
        username: Option<&Username>,
    ) -> Result<Self, PasswordError> {
        let password = Self::given(text)?;
        if password.0.chars().count() < MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if COMMON.binary_search(&password.expose()).is_ok() {
            return Err(PasswordError::Common);
        }
        if password.names(address, username) {
            return Err(PasswordError::IsAddressOrName);
        }
        Ok(password)
    }

    /// How hard it is to guess, 0 (at once) to 4 (never), for somebody who knows the address and the
    /// username too. Takes about a millisecond.
    pub fn strength(&self, hints: &[&str]) -> u8 {
        let start: String = self.0.chars().take(MEASURED).collect();
        zxcvbn::zxcvbn(&start, hints).score().into()
    }

    /// The form in which lists of breached passwords hold it: SHA-1, upper-case hexadecimal.
    pub fn breach_digest(&self) -> String {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, self.0.as_bytes());
        digest
            .as_ref()
            .iter()
            .fold(String::with_capacity(40), |mut text, byte| {
                for nibble in [byte >> 4, byte & 15] {
                    text.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
                text
            })
    }

    /// The clear text: for hashing, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn names(&self, address: &EmailAddress, username: Option<&Username>) -> bool {
        [address.as_typed(), address.key(), address.local()]
            .into_iter()
            .chain(username.map(Username::as_str))
            .any(|name| self.0.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, PasswordError> {
        let address = EmailAddress::parse("Bob.Marley@exämple.org").unwrap();
        let username = Username::parse("Robert Nesta").unwrap();
        Password::chosen(text.to_owned(), &address, Some(&username))
    }

    fn refusal(text: &str) -> PasswordError {
        choose(text).unwrap_err()
    }

    #[test]
    fn r13_strength_is_told_apart_and_knows_the_hints() {
        let password = |text: &str| Password::given(text.to_owned()).unwrap();
        assert!(password("aaaaaaaa").strength(&[]) < 2);
        assert!(password("correct horse battery staple ostrich").strength(&[]) >= 3);
        let name = "fennimore.greenquist";
        assert!(password(name).strength(&[name]) < password(name).strength(&[]));
        assert!(password(&"x".repeat(1_024)).strength(&[]) < 3);
    }

    #[test]
    fn r13_the_breach_digest_is_the_published_one() {
        let password = Password::given("password".to_owned()).unwrap();
        assert_eq!(
            password.breach_digest(),
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"
        );
    }

    #[test]
    fn a_password_is_kept_verbatim() {
        for text in [
            "  two spaces  ",
            "pässwörter",
            "e\u{301}e\u{301}e\u{301}e\u{301}",
            "tab\tand\0null",
            "Tr0ub4dor&3",
        ] {
            assert_eq!(choose(text).unwrap().expose(), text);
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(refusal(""), PasswordError::Empty);
        assert_eq!(refusal("äöüäöüä"), PasswordError::TooShort);
        assert!(choose("äöüäöüäö").is_ok());
        assert!(choose(&"漢".repeat(1_024)).is_ok());
        assert_eq!(refusal(&"x".repeat(1_025)), PasswordError::TooLong);
    }

    #[test]
    fn common_passwords_are_refused_in_their_exact_case() {
        for text in ["password", "12345678", "password123", "iloveyou", "qwertyuiop"] {
            assert_eq!(refusal(text), PasswordError::Common, "{text}");
        }
        assert!(choose("Password123").is_ok());
    }

    #[test]
    fn the_list_is_sorted_complete_and_long_enough() {
        assert_eq!(COMMON.len(), 3_000);
        assert!(COMMON.is_sorted_by(|a, b| a < b));
        assert!(
            COMMON
                .iter()
                .all(|text| text.len() >= MIN_CHARACTERS && text.trim() == *text)
        );
    }

    #[test]
    fn ones_own_address_and_name_are_refused_in_any_case() {
        for text in [
            "bob.marley@exämple.org",
            "BOB.MARLEY@xn--exmple-cua.org",
            "bob.MARLEY",
            "robert nesta",
        ] {
            assert_eq!(refusal(text), PasswordError::IsAddressOrName, "{text}");
        }
        assert!(choose("bob.marley1").is_ok());
    }

    #[test]
    fn what_is_typed_to_sign_in_is_only_bounded() {
        assert!(Password::given("short".to_owned()).is_ok());
        assert!(Password::given("password".to_owned()).is_ok());
        assert_eq!(Password::given(String::new()).unwrap_err(), PasswordError::Empty);
        assert_eq!(
            Password::given("x".repeat(1_025)).unwrap_err(),
            PasswordError::TooLong
        );
    }

    #[test]
    fn t16_debug_shows_nothing() {
        assert_eq!(format!("{:?}", choose("correct horse").unwrap()), "***");
    }
}
