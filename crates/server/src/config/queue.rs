//! The broker that tells workers of new mail, and the queue on it.

use std::fmt;
use std::str::FromStr;

use usher_service::outbox::{AddressError, BrokerAddress};
use zeroize::Zeroizing;

use super::database::masked;
use super::kind::text_kind;

/// A broker with its credentials, which are neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    text: Zeroizing<String>,
    address: BrokerAddress,
}

impl BrokerUrl {
    /// What was read.
    pub fn address(&self) -> &BrokerAddress {
        &self.address
    }
}

impl FromStr for BrokerUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Ok(Self {
            address: text.parse()?,
            text: Zeroizing::new(text.to_owned()),
        })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.text))
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_kind!(
    BrokerUrl,
    allowed: "\"amqp://user:password@host:port/vhost\" (or amqps for TLS)",
    example: "amqps://usher:password@broker.example.org/usher",
    secret: true
);

/// The name of a queue, with room for what is put behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueName(String);

impl QueueName {
    pub(super) fn usual() -> Self {
        Self("usher.mail".to_owned())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for QueueName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const LONGEST: usize = 200;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(plain) {
            return Err("");
        }
        // The broker keeps these names to itself.
        if text.starts_with("amq.") {
            return Err("the broker keeps names that begin with \"amq.\" to itself");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_kind!(
    QueueName,
    allowed: "1 to 200 letters, digits, dots, colons, underscores and hyphens",
    example: "usher.mail"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t16_the_password_of_the_broker_is_not_shown() {
        let url: BrokerUrl = "amqp://u:hunter2@h:5672/v".parse().unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "amqp://u:***@h:5672/v amqp://u:***@h:5672/v"
        );
    }

    #[test]
    fn names_that_no_broker_takes_are_refused() {
        for name in ["", "a b", "amq.gen", "a/b", "ä", &"q".repeat(201)] {
            assert!(name.parse::<QueueName>().is_err(), "{name}");
        }
        assert_eq!(
            "mail:eu-1_x".parse::<QueueName>().unwrap().as_str(),
            "mail:eu-1_x"
        );
    }
}
