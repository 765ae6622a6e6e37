//! Short codes that prove a mailbox. Only their MAC is ever stored.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::dice::Dice;
use crate::keys::{MacKeys, same};
use crate::time::Timestamp;

const MIN_DIGITS: u8 = 4;
const MAX_DIGITS: u8 = 8;

/// How codes are made and how long they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePolicy {
    /// Length, 4 to 8.
    pub digits: u8,
    /// Lifetime, counted from the mail server's acceptance.
    pub ttl: Duration,
    /// Guesses per code.
    pub attempts: u32,
}

impl Default for CodePolicy {
    fn default() -> Self {
        Self {
            digits: MIN_DIGITS,
            ttl: Duration::from_mins(1),
            attempts: 3,
        }
    }
}

/// What a code or link proves; one made for one purpose is worthless for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The address of a new registration.
    Registration,
    /// The new address of an account.
    EmailChange,
}

impl Purpose {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::EmailChange => "email_change",
        }
    }
}

/// A code in clear: 4 to 8 digits.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// A new one of that many digits (at least 4, at most 8), every value equally likely.
    pub fn mint(digits: u8, dice: &dyn Dice) -> Self {
        let digits = digits.clamp(MIN_DIGITS, MAX_DIGITS);
        let values = 10_u32.pow(u32::from(digits));
        // Rolls beyond the last whole multiple are rolled again: keeping them would favour small codes.
        let fair = u32::MAX - u32::MAX % values;
        let roll = loop {
            let roll = u32::from_be_bytes(dice.bytes());
            if roll < fair {
                break roll;
            }
        };
        Self(Zeroizing::new(format!(
            "{:0width$}",
            roll % values,
            width = usize::from(digits)
        )))
    }

    /// Reads what somebody typed: 4 to 8 ASCII digits and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (usize::from(MIN_DIGITS)..=usize::from(MAX_DIGITS)).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The digits: for the mail, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored: bound to its purpose, its owner and the address it was sent to.
    pub fn mac(&self, keys: &MacKeys, purpose: Purpose, owner: &[u8; 16], email_key: &str) -> [u8; 32] {
        keys.code.mac(&[
            purpose.as_str().as_bytes(),
            owner,
            email_key.as_bytes(),
            self.0.as_bytes(),
        ])
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The stored side of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// The code's MAC.
    pub mac: Vec<u8>,
    /// From when on it no longer holds.
    pub expires_at: Timestamp,
}

/// The codes a person may hold: a resend mints a new one and leaves the one before its own time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredCodes {
    /// The latest.
    pub current: Option<Minted>,
    /// The one before.
    pub previous: Option<Minted>,
}

/// What a guess is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A code that still holds.
    Right,
    /// Never one of these codes.
    Wrong,
    /// A code whose time is over.
    Expired,
}

impl StoredCodes {
    /// Judges a guess by its MAC. Compares with both codes whatever the first comparison says.
    pub fn judge(&self, guess_mac: &[u8; 32], now: Timestamp) -> Verdict {
        let judge_one = |code: &Minted| match (same(&code.mac, guess_mac), now < code.expires_at) {
            (true, true) => Verdict::Right,
            (true, false) => Verdict::Expired,
            (false, _) => Verdict::Wrong,
        };
        let [current, previous] =
            [&self.current, &self.previous].map(|code| code.as_ref().map_or(Verdict::Wrong, judge_one));
        match (current, previous) {
            (Verdict::Right, _) | (_, Verdict::Right) => Verdict::Right,
            (Verdict::Expired, _) | (_, Verdict::Expired) => Verdict::Expired,
            (Verdict::Wrong, Verdict::Wrong) => Verdict::Wrong,
        }
    }
}

#[cfg(test)]
mod tests;
