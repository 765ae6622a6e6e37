//! Rates. One unit everywhere: whole bits per second.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Bits per second, at most [`Self::MAX`], so that sums over every client of a gateway fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BitsPerSecond(u64);

/// Why something is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Beyond [`BitsPerSecond::MAX`].
    #[error("A rate may be at most 1000 Gbit/s.")]
    TooHigh,
    /// Not a number with a unit.
    #[error("A rate is written in bit/s, or like 512k, 1.5M, 30Mbit, 1G.")]
    Form,
}

impl BitsPerSecond {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);
    /// 1 Tbit/s: more than any link this is for, and small enough for exact products in 128 bits.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// Whole bits per second.
    pub const fn new(bits: u64) -> Result<Self, RateError> {
        if bits > Self::MAX.0 {
            return Err(RateError::TooHigh);
        }
        Ok(Self(bits))
    }

    /// Whole bits per second; what is beyond the maximum is the maximum.
    pub const fn saturating(bits: u64) -> Self {
        if bits > Self::MAX.0 { Self::MAX } else { Self(bits) }
    }

    /// Thousands of bits per second.
    pub const fn kbit(kbit: u16) -> Self {
        Self(kbit as u64 * 1_000)
    }

    /// Millions of bits per second.
    pub const fn mbit(mbit: u16) -> Self {
        Self(mbit as u64 * 1_000_000)
    }

    /// What `bytes` in `span` come to; the maximum when no time passed.
    pub fn of(bytes: u64, span: Duration) -> Self {
        let bits = u128::from(bytes) * 8_000_000;
        let rate = bits.checked_div(span.as_micros()).unwrap_or(u128::MAX);
        Self::saturating(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// The number of bits per second.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The whole bytes that pass in `span`.
    pub fn bytes_in(self, span: Duration) -> u64 {
        let bytes = u128::from(self.0) * span.as_micros() / 8_000_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// How long `bytes` take; `None` when nothing ever passes.
    pub fn time_for(self, bytes: u64) -> Option<Duration> {
        let micros = (u128::from(bytes) * 8_000_000).checked_div(u128::from(self.0))?;
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// `parts` of `whole` of this rate, rounded down. Nothing of nothing is nothing.
    #[must_use]
    pub fn portion(self, parts: u64, whole: u64) -> Self {
        let bits = (u128::from(self.0) * u128::from(parts)).checked_div(u128::from(whole));
        Self::saturating(u64::try_from(bits.unwrap_or(0)).unwrap_or(u64::MAX))
    }

    /// This much less, but not less than nothing.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for BitsPerSecond {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::saturating(self.0.saturating_add(other.0))
    }
}

impl Sum for BitsPerSecond {
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        rates.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for BitsPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (divisor, unit) = match self.0 {
            0..1_000 => return write!(f, "{} bit/s", self.0),
            1_000..1_000_000 => (10, "kbit/s"),
            1_000_000..1_000_000_000 => (10_000, "Mbit/s"),
            _ => (10_000_000, "Gbit/s"),
        };
        let hundredths = self.0 / divisor;
        write!(f, "{}.{:02} {unit}", hundredths / 100, hundredths % 100)
    }
}

impl FromStr for BitsPerSecond {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let text = text.trim();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let exponent = match unit.trim().trim_end_matches("/s").trim_end_matches("bit") {
            "" => 0,
            "k" => 3,
            "M" => 6,
            "G" => 9,
            _ => return Err(RateError::Form),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || fraction.len() > exponent || number.ends_with('.') {
            return Err(RateError::Form);
        }
        let digits = format!("{whole}{fraction:0<exponent$}");
        if digits.len() > 18 {
            return Err(RateError::TooHigh);
        }
        Self::new(digits.parse().map_err(|_| RateError::Form)?)
    }
}

impl<'de> Deserialize<'de> for BitsPerSecond {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = BitsPerSecond;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bit/s as a whole number, or text like \"30M\"")
    }

    fn visit_u64<E: de::Error>(self, bits: u64) -> Result<BitsPerSecond, E> {
        BitsPerSecond::new(bits).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, bits: i64) -> Result<BitsPerSecond, E> {
        self.visit_u64(u64::try_from(bits).map_err(|_| E::custom(RateError::Form))?)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<BitsPerSecond, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_write_rates_with_units() {
        for (text, bits) in [
            ("0", 0),
            ("64000", 64_000),
            ("512k", 512_000),
            ("1.5M", 1_500_000),
            ("30 Mbit/s", 30_000_000),
            ("1G", 1_000_000_000),
            ("1000Gbit", 1_000_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(BitsPerSecond(bits)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_rate_says_so() {
        for text in [
            "", "k", "-1", "1.5", "1.M", ".5M", "1..5M", "3m", "1T", "1 2", "0x10",
        ] {
            assert_eq!(text.parse::<BitsPerSecond>(), Err(RateError::Form), "{text}");
        }
        assert_eq!("1001G".parse::<BitsPerSecond>(), Err(RateError::TooHigh));
        assert_eq!(
            "99999999999999999999999".parse::<BitsPerSecond>(),
            Err(RateError::TooHigh)
        );
    }

    #[test]
    fn rates_and_amounts_convert_both_ways() {
        let rate = BitsPerSecond::mbit(8);
        assert_eq!(rate.bytes_in(Duration::from_millis(10)), 10_000);
        assert_eq!(rate.time_for(10_000), Some(Duration::from_millis(10)));
        assert_eq!(BitsPerSecond::of(10_000, Duration::from_millis(10)), rate);
        assert_eq!(BitsPerSecond::ZERO.time_for(1), None);
        assert_eq!(BitsPerSecond::of(1, Duration::ZERO), BitsPerSecond::MAX);
        assert_eq!(rate.portion(1, 0), BitsPerSecond::ZERO);
        assert_eq!(rate.to_string(), "8.00 Mbit/s");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>(), like in "[0-9.]{0,30}[kMG]?(bit)?(/s)?") {
            for text in [text, like] {
                if let Ok(rate) = text.parse::<BitsPerSecond>() {
                    prop_assert!(rate <= BitsPerSecond::MAX);
                }
            }
        }
    }
}
