//! Durations the way people write them: a whole number and its unit.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::kind::text_kind;

/// Its value is its milliseconds.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Milli = 1,
    Second = 1_000,
    Minute = 60_000,
    Hour = 3_600_000,
    Day = 86_400_000,
}

impl Unit {
    const ALL: [Self; 5] = [Self::Milli, Self::Second, Self::Minute, Self::Hour, Self::Day];

    const fn word(self) -> &'static str {
        match self {
            Self::Milli => "ms",
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
        }
    }
}

/// A length of time, written `500ms`, `60s`, `30m`, `24h` or `7d`. It is shown in the unit it was
/// written in, but compared by its length.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    count: u64,
    unit: Unit,
}

impl Span {
    /// So many milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self {
            count,
            unit: Unit::Milli,
        }
    }

    /// So many seconds.
    pub const fn seconds(count: u64) -> Self {
        Self {
            count,
            unit: Unit::Second,
        }
    }

    /// So many minutes.
    pub const fn minutes(count: u64) -> Self {
        Self {
            count,
            unit: Unit::Minute,
        }
    }

    /// So many hours.
    pub const fn hours(count: u64) -> Self {
        Self {
            count,
            unit: Unit::Hour,
        }
    }

    /// So many days.
    pub const fn days(count: u64) -> Self {
        Self {
            count,
            unit: Unit::Day,
        }
    }

    /// For clocks and timers.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.count.saturating_mul(self.unit as u64))
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        self.duration() == other.duration()
    }
}

impl Eq for Span {}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Span {
    fn cmp(&self, other: &Self) -> Ordering {
        self.duration().cmp(&other.duration())
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.duration()
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        if count.is_empty() {
            return Err("it starts with no number".to_owned());
        }
        if unit.is_empty() {
            return Err(format!(
                "a bare number does not say its unit; {text}s or {text}m would"
            ));
        }
        let known = Unit::ALL.into_iter().find(|known| known.word() == unit);
        let unit = known.ok_or_else(|| "its unit is unknown".to_owned())?;
        let count = count
            .parse()
            .ok()
            .filter(|count: &u64| count.checked_mul(unit as u64).is_some());
        count
            .map(|count| Self { count, unit })
            .ok_or_else(|| "it is too long".to_owned())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.word())
    }
}

text_kind!(
    Span,
    allowed: "a duration such as \"500ms\", \"60s\", \"30m\", \"24h\" or \"7d\"",
    example: "60s"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_shown_as_written() {
        for (text, duration) in [
            ("500ms", Duration::from_millis(500)),
            ("60s", Duration::from_mins(1)),
            ("30m", Duration::from_mins(30)),
            ("168h", Duration::from_hours(168)),
            ("7d", Duration::from_hours(168)),
            ("0s", Duration::ZERO),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.duration(), duration, "{text}");
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn spans_are_compared_by_their_length() {
        assert_eq!(Span::hours(168), Span::days(7));
        assert!(Span::seconds(61) > Span::minutes(1));
        assert!(Span::millis(999) < Span::seconds(1));
    }

    #[test]
    fn a_bare_number_is_refused_with_the_units_to_choose_from() {
        let error = "60".parse::<Span>().unwrap_err();
        assert_eq!(error, "a bare number does not say its unit; 60s or 60m would");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "-5s",
            "5 s",
            "5w",
            "1h30m",
            "1.5h",
            "5S",
            "99999999999999999999d",
            "９s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert!(format!("{}d", u64::MAX).parse::<Span>().is_err());
    }
}
