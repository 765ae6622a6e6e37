//! Web origins: scheme, host and port, and nothing after them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::{Host, Url};

use super::kind::text_kind;

/// A web origin in its canonical form, such as `https://accounts.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    https: bool,
    host: String,
    loopback: bool,
    text: String,
}

impl Origin {
    /// The plain http origin of a listener, where no other name is known for it.
    pub fn of_listener(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let text = match address.port() {
            80 => format!("http://{host}"),
            port => format!("http://{host}:{port}"),
        };
        Self {
            https: false,
            loopback: address.ip().is_loopback(),
            host,
            text,
        }
    }

    /// The form an `Origin` header has: no slash at the end, no default port.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The host without its port, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// A URL below it; `path` starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("its scheme is neither http nor https");
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err("it holds more than scheme, host and port");
        }
        let host = url.host().ok_or("it names no host")?;
        Ok(Self {
            https: url.scheme() == "https",
            loopback: is_loopback(&host),
            host: host.to_string(),
            text: url.origin().ascii_serialization(),
        })
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_kind!(
    Origin,
    allowed: "scheme, host and port of a site such as \"https://accounts.example.org\"",
    example: "https://accounts.example.org"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn is_kept_in_the_form_browsers_send() {
        assert_eq!(
            origin("HTTPS://Accounts.Example.ORG:443/").as_str(),
            "https://accounts.example.org"
        );
        assert_eq!(origin("http://127.0.0.1:8000").as_str(), "http://127.0.0.1:8000");
        assert_eq!(origin("http://[::1]:80").as_str(), "http://[::1]");
        assert_eq!(
            origin("https://a.example:8443").join("/verify/x"),
            "https://a.example:8443/verify/x"
        );
    }

    #[test]
    fn knows_which_hosts_are_this_machine() {
        for text in [
            "http://localhost",
            "http://127.8.9.1:1",
            "http://[::1]",
            "http://app.localhost:3000",
        ] {
            assert!(origin(text).is_loopback(), "{text}");
        }
        for text in [
            "http://localhost.example.org",
            "http://128.0.0.1",
            "http://notlocalhost",
        ] {
            assert!(!origin(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn more_than_an_origin_is_refused() {
        for text in [
            "accounts.example.org",
            "ftp://a.example",
            "https://a.example/base",
            "https://a.example/?q",
            "https://u:p@a.example",
            "https://",
            "",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_has_the_origin_a_browser_would_use() {
        for address in ["127.0.0.1:8000", "127.0.0.1:80", "[::1]:8000"] {
            let made = Origin::of_listener(address.parse().unwrap());
            assert_eq!(made, origin(&format!("http://{address}")), "{address}");
        }
    }
}
