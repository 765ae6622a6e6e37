//! Where the broker is: `amqp://user:password@host:port/vhost`, or `amqps` for TLS.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

const PORT: u16 = 5672;
const TLS_PORT: u16 = 5671;
/// What a broker that was just installed lets in, from its own machine.
const NOBODY: &str = "guest";
/// The protocol counts the bytes of a name in one byte.
const LONGEST_NAME: usize = 255;

/// What is wrong with an address; it ends the sentence "must be … (…)".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not even a URL.
    #[error("it is no URL")]
    NoUrl,
    /// Another protocol.
    #[error("its scheme is neither amqp nor amqps")]
    Scheme,
    /// Nobody to talk to.
    #[error("it names no host")]
    NoHost,
    /// Something after a question mark or a hash.
    #[error("it takes no parameters")]
    Parameters,
    /// A part that is not text, or too long.
    #[error("its user, password or virtual host cannot be read; write a slash in a virtual host as %2F")]
    Part,
}

/// A broker's address with its credentials, which are neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    pub(super) vhost: String,
}

impl FromStr for BrokerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NoUrl)?;
        let tls = match url.scheme() {
            "amqp" => false,
            "amqps" => true,
            _ => return Err(AddressError::Scheme),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(AddressError::NoHost)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Parameters);
        }
        let path = url.path().strip_prefix('/').unwrap_or_default();
        if path.contains('/') {
            return Err(AddressError::Part);
        }
        let user = part(url.username())?;
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: url.port().unwrap_or(if tls { TLS_PORT } else { PORT }),
            password: Zeroizing::new(match url.password() {
                None if user.is_empty() => NOBODY.to_owned(),
                password => part(password.unwrap_or_default())?,
            }),
            user: Some(user)
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| NOBODY.to_owned()),
            vhost: Some(part(path)?)
                .filter(|vhost| !vhost.is_empty())
                .unwrap_or_else(|| "/".to_owned()),
        })
    }
}

fn part(encoded: &str) -> Result<String, AddressError> {
    let text = percent_decode_str(encoded)
        .decode_utf8()
        .map_err(|_| AddressError::Part)?;
    if text.len() > LONGEST_NAME || text.contains('\0') {
        return Err(AddressError::Part);
    }
    Ok(text.into_owned())
}

impl fmt::Debug for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BrokerAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn what_is_not_written_is_what_a_fresh_broker_has() {
        let address = read("amqp://broker.example.org").unwrap();
        assert_eq!(
            (address.port, address.user.as_str(), address.vhost.as_str()),
            (5672, "guest", "/")
        );
        assert_eq!(
            (address.tls, address.password.as_str(), address.host.as_str()),
            (false, "guest", "broker.example.org")
        );
        assert_eq!(read("amqps://h").unwrap().port, 5671);
        assert_eq!(
            read("amqp://h/").unwrap().vhost,
            "/",
            "a trailing slash is no name"
        );
    }

    #[test]
    fn every_part_may_be_percent_encoded() {
        let address = read("amqp://u%40x:p%2Fw%3A@h:1234/%2Fmail").unwrap();
        assert_eq!(
            (address.user.as_str(), address.password.as_str()),
            ("u@x", "p/w:")
        );
        assert_eq!((address.port, address.vhost.as_str()), (1234, "/mail"));
        assert_eq!(read("amqp://u@h").unwrap().password.as_str(), "");
    }

    #[test]
    fn what_is_no_broker_is_refused() {
        for (text, why) in [
            ("broker", AddressError::NoUrl),
            ("http://h", AddressError::Scheme),
            ("amqp://", AddressError::NoHost),
            ("amqp:///x", AddressError::NoHost),
            ("amqp://h?heartbeat=5", AddressError::Parameters),
            ("amqp://h/a/b", AddressError::Part),
            ("amqp://h/%ff", AddressError::Part),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
        assert_eq!(
            read(&format!("amqp://h/{}", "v".repeat(256))),
            Err(AddressError::Part)
        );
    }

    #[test]
    fn t16_the_password_is_not_shown() {
        let shown = format!("{:?}", read("amqp://u:hunter2@h/v").unwrap());
        assert_eq!(shown, "h:5672");
    }
}
