//! Who mail is from, and the mail server it leaves by.

use std::fmt;
use std::str::FromStr;

use url::Url;
use zeroize::Zeroizing;

use super::database::masked;
use super::kind::text_kind;

/// The sender of every mail: a bare address, or a name and an address in angle brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(String);

impl Sender {
    pub(super) fn unconfigured() -> Self {
        Self("Usher <usher@localhost>".to_owned())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(char::is_control) {
            return Err("it holds a control character");
        }
        let address = match text.split_once('<') {
            Some((_, rest)) => rest.strip_suffix('>').ok_or("a bracket is missing")?,
            None => text,
        };
        match address.split_once('@') {
            Some((local, domain)) if is_part(local) && is_part(domain) => Ok(Self(text.to_owned())),
            _ => Err("it holds no address"),
        }
    }
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && !text.contains(['@', '<', '>', ' '])
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_kind!(
    Sender,
    allowed: "an address, with or without a name, such as \"Usher <usher@example.org>\"",
    example: "Usher <usher@example.org>"
);

/// A mail server with its credentials, which are neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(Zeroizing<String>);

impl SmtpUrl {
    /// The whole URL, password and all.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for SmtpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        if url.scheme() != "smtp" {
            return Err("its scheme is not smtp");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("it names no host");
        }
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "starttls" | "tls" | "none") => {}
                ("tls", _) => return Err("tls is neither starttls, tls nor none"),
                _ => return Err("tls is its only parameter"),
            }
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_kind!(
    SmtpUrl,
    allowed: "\"smtp://user:password@host:port?tls=starttls\" (or tls=tls, tls=none)",
    example: "smtp://usher:password@mail.example.org:587?tls=starttls",
    secret: true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_with_and_without_a_name_are_read() {
        for text in ["usher@localhost", "Usher <usher@example.org>", "<a@b>"] {
            assert_eq!(text.parse::<Sender>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn t15_a_sender_cannot_smuggle_a_header() {
        for text in [
            "Usher\r\nBcc: c <a@b>",
            "a@b\r\n",
            "Usher",
            "Usher <a@b",
            "a@b@c",
            "<@>",
            "a b@c",
            "",
        ] {
            assert!(text.parse::<Sender>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn mail_servers_are_read_and_their_password_is_not_shown() {
        let url: SmtpUrl = "smtp://u:hunter2@mail.example.org:587?tls=tls".parse().unwrap();
        assert_eq!(format!("{url:?}"), "smtp://u:***@mail.example.org:587?tls=tls");
        assert!(url.expose().contains("hunter2"));
        for text in [
            "mail.example.org",
            "http://mail",
            "smtp://",
            "smtp://h?tls=maybe",
            "smtp://h?verify=no",
        ] {
            assert!(text.parse::<SmtpUrl>().is_err(), "{text}");
        }
    }
}
