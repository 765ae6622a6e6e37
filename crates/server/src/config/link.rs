//! The shared link in the settings: rates and amounts the way people write them, and the link they make.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::json;
use usher_sharing::id::Label;
use usher_sharing::link::Capacity;
use usher_sharing::plan::{Band, Plan, Weight};
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Link;

use super::choices::CapacitySource;
use super::error::ConfigError;
use super::kind::text_kind;
use super::values::Values;
use super::written;
use crate::net::Network;

/// Bits per second, written `20M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub(crate) BitsPerSecond);

impl Rate {
    pub(super) const fn kbit(kbit: u16) -> Self {
        Self(BitsPerSecond::kbit(kbit))
    }
}

impl FromStr for Rate {
    type Err = usher_sharing::rate::RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shortest(self.0.get(), f)
    }
}

text_kind!(Rate, allowed: "a rate in bit/s such as \"512k\", \"20M\" or \"1G\"", example: "20M");

/// An amount of bytes, written `10G`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub(crate) u64);

impl FromStr for Amount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = match text.strip_suffix(['k', 'M', 'G', 'T']) {
            Some(number) => (number, &text[number.len()..]),
            None => (text, ""),
        };
        let size = match unit {
            "k" => 1_000_u64,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            _ => 1,
        };
        let count = number.parse::<u64>().ok().filter(|count| *count > 0);
        let bytes = count.and_then(|count| count.checked_mul(size));
        bytes
            .filter(|bytes| i64::try_from(*bytes).is_ok())
            .map(Self)
            .ok_or("")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shortest(self.0, f)
    }
}

text_kind!(Amount, allowed: "an amount of bytes such as \"500M\" or \"10G\"", example: "10G");

/// The exact number with as few digits as units allow.
fn shortest(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let units = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"), (1, "")];
    let exact = units
        .iter()
        .find(|(size, _)| number >= *size && number.is_multiple_of(*size));
    match exact {
        Some((size, unit)) => write!(f, "{}{unit}", number / size),
        None => write!(f, "{number}"),
    }
}

/// One line of a schedule: from when on which capacity holds, written `06:30 8M 2M` (down, then up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleLine {
    minute: u16,
    down: Rate,
    up: Rate,
}

impl FromStr for ScheduleLine {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let (Some(time), Some(down), Some(up), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("");
        };
        let (hour, minute) = time.split_once(':').ok_or("")?;
        let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| "")?, minute.parse().map_err(|_| "")?);
        if hour > 23 || minute > 59 {
            return Err("a day has 24 hours of 60 minutes");
        }
        Ok(Self {
            minute: hour * 60 + minute,
            down: down.parse().map_err(|_| "")?,
            up: up.parse().map_err(|_| "")?,
        })
    }
}

impl fmt::Display for ScheduleLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        write!(f, "{hour:02}:{minute:02} {} {}", self.down, self.up)
    }
}

text_kind!(
    ScheduleLine,
    allowed: "a time of day (UTC), a rate down and a rate up, such as \"06:30 8M 2M\"",
    example: "06:30 8M 2M"
);

text_kind!(Label, allowed: "a name of at most 80 characters", example: "Village link");

/// The shared link, when it is on.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// The socket of the gateway.
    pub socket: PathBuf,
    /// Where browsers of people who are not signed in are sent on to the portal.
    pub portal: Option<std::net::SocketAddr>,
    /// The link as the gateway is told.
    pub link: Link,
    /// What everybody may count on who has no plan of their own.
    pub plan: Plan,
    /// Bytes a day before others come first.
    pub quota_bytes: Option<u64>,
    /// Where its clients are.
    pub networks: Vec<Network>,
    /// Whether a device must be known by its hardware address.
    pub require_mac: bool,
    /// How long a device may use nothing.
    pub idle: std::time::Duration,
    /// How long reports are kept.
    pub keep: std::time::Duration,
}

/// The link, if it is on; what is wrong with it, by the key it is wrong at.
pub(super) fn check(written: written::Link, values: &Values) -> Result<Option<LinkSettings>, ConfigError> {
    if !written.enabled {
        return Ok(None);
    }
    if written.networks.is_empty() {
        let problem = "must name the networks of the people who share the link, such as [\"10.0.0.0/24\"]";
        return Err(values.refuse("link.networks", problem));
    }
    let down = side(
        &written,
        values,
        "link.down",
        written.down,
        written.down_lowest,
        |line| line.down,
    )?;
    let up = side(
        &written,
        values,
        "link.up",
        written.up,
        written.up_lowest,
        |line| line.up,
    )?;
    let weight = Weight::new(u16::try_from(written.weight).unwrap_or(u16::MAX))
        .map_err(|error| values.refuse("link.weight", error.to_string()))?;
    let band = |key, floor: Rate, cap: Option<Rate>| {
        Band::new(floor.0, cap.map(|cap| cap.0)).map_err(|error| values.refuse(key, error.to_string()))
    };
    Ok(Some(LinkSettings {
        plan: Plan {
            weight,
            down: band("link.down_cir", written.down_cir, written.down_mir)?,
            up: band("link.up_cir", written.up_cir, written.up_mir)?,
        },
        link: Link {
            name: written.name,
            down,
            up,
            trickle: written.trickle.0,
        },
        socket: written.socket,
        portal: written.portal,
        quota_bytes: written.quota.map(|amount| amount.0),
        networks: written.networks,
        require_mac: written.require_mac,
        idle: written.idle.into(),
        keep: written.keep.into(),
    }))
}

/// One direction. The rules are those of the link itself; this only spells the settings its way.
fn side(
    written: &written::Link,
    values: &Values,
    key: &'static str,
    rated: Option<Rate>,
    lowest: Option<Rate>,
    of_line: impl Fn(&ScheduleLine) -> Rate,
) -> Result<Capacity, ConfigError> {
    let rated = rated.ok_or_else(|| values.refuse(key, "must be set: what the link carries at its best"))?;
    let source = match written.source {
        CapacitySource::Schedule => {
            let steps = written
                .schedule
                .iter()
                .map(|line| json!({"at_ms": u64::from(line.minute) * 60_000, "rate": of_line(line).0}));
            json!({"kind": "schedule", "steps": steps.collect::<Vec<_>>(), "repeat_ms": 86_400_000_u64})
        }
        other => json!({"kind": other.as_str()}),
    };
    let mut side = json!({
        "rated": rated.0, "margin_permille": written.margin, "source": source, "dry_run": written.dry_run,
        "rtt_ms": std::time::Duration::from(written.rtt).as_millis() as u64,
    });
    if let Some(lowest) = lowest {
        side["lowest"] = json!(lowest.0);
    }
    serde_json::from_value(side).map_err(|error| values.refuse(key, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_amounts_are_written_back_exactly() {
        for text in ["20M", "512k", "1234567", "1G", "1500k"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("1.5M".parse::<Rate>().unwrap().to_string(), "1500k");
        for text in ["10G", "500M", "1", "2001"] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
        for text in ["", "0", "G", "-1", "1.5G", "10 G", "99999999999999T"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_schedule_is_read_line_by_line() {
        let line: ScheduleLine = "06:30 8M 512k".parse().unwrap();
        assert_eq!(line.to_string(), "06:30 8M 512k");
        for text in [
            "",
            "06:30",
            "06:30 8M",
            "24:00 8M 2M",
            "06:60 8M 2M",
            "6 8M 2M",
            "06:30 8M 2M 1M",
        ] {
            assert!(text.parse::<ScheduleLine>().is_err(), "{text}");
        }
    }
}
