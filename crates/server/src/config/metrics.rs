//! Where the metrics are served, or that they are not.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::kind::text_kind;

/// The metrics listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsListen {
    /// None.
    Off,
    /// A listener of its own.
    At(SocketAddr),
}

impl FromStr for MetricsListen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| "")
    }
}

impl fmt::Display for MetricsListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

text_kind!(
    MetricsListen,
    allowed: "\"off\" or an IP address and port such as \"127.0.0.1:9464\"",
    example: "127.0.0.1:9464"
);
