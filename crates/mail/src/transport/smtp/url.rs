//! The mail server as settings name it: `smtp://user:pass@host:587?tls=starttls`.

use std::fmt;
use std::net::IpAddr;

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;

use crate::transport::connect::is_loopback;

/// What is wrong with a mail server's URL. Never quotes it: it holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// Another scheme, or none.
    #[error("a mail server's URL starts with smtp:// or smtps://")]
    Scheme,
    /// No host, or not a host's name.
    #[error("the mail server's URL names no valid host")]
    Host,
    /// Not a port.
    #[error("the port in the mail server's URL is not a number from 1 to 65535")]
    Port,
    /// Half of a pair, or characters that no server takes.
    #[error("the credentials in the mail server's URL must be user:password, percent-encoded")]
    Credentials,
    /// More than the host and what is known about it.
    #[error("the mail server's URL may end in ?tls=starttls, ?tls=tls or ?tls=none and nothing else")]
    Parameter,
    /// `smtps` with anything but TLS.
    #[error("smtps:// means tls=tls; write smtp:// for another kind")]
    Contradiction,
    /// Passwords and codes in clear over a network.
    #[error(
        "tls=none is for a mail server on this machine (localhost, 127.0.0.1, [::1]), or, without credentials, \
         for another container (a name without dots)"
    )]
    PlainBeyondLoopback,
    /// The system's certificates or the host's name cannot be used.
    #[error("encryption for this mail server cannot be set up")]
    Tls,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// Plain at first, encrypted before anything is said. Refused when the server does not offer it.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Never: only within this machine.
    None,
}

/// A mail server and how to speak to it.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
}

impl Server {
    pub(super) fn parse(url: &str) -> Result<Self, SmtpUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(SmtpUrlError::Scheme)?;
        let (authority, query) = match rest.split_once('?') {
            Some((authority, query)) => (authority, Some(query)),
            None => (rest, None),
        };
        let protection = protection(scheme, query)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place)?;
        // A name without dots is known in a private network only, such as that of containers.
        let is_near = is_loopback(host) || (user_info.is_none() && is_container(host));
        if protection == Protection::None && !is_near {
            return Err(SmtpUrlError::PlainBeyondLoopback);
        }
        let default_port = if protection == Protection::Tls { 465 } else { 587 };
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(default_port),
            protection,
            credentials: user_info.map(credentials).transpose()?,
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protection", &self.protection)
            .field(
                "credentials",
                &self.credentials.as_ref().map(|_| format_args!("***").to_string()),
            )
            .finish()
    }
}

fn protection(scheme: &str, query: Option<&str>) -> Result<Protection, SmtpUrlError> {
    let wish = match query {
        None | Some("") => None,
        Some("tls=starttls") => Some(Protection::StartTls),
        Some("tls=tls") => Some(Protection::Tls),
        Some("tls=none") => Some(Protection::None),
        Some(_) => return Err(SmtpUrlError::Parameter),
    };
    match (scheme, wish) {
        ("smtp", wish) => Ok(wish.unwrap_or(Protection::StartTls)),
        ("smtps", None | Some(Protection::Tls)) => Ok(Protection::Tls),
        ("smtps", Some(_)) => Err(SmtpUrlError::Contradiction),
        _ => Err(SmtpUrlError::Scheme),
    }
}

fn is_container(host: &str) -> bool {
    host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains(['.', ':'])
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), SmtpUrlError> {
    let (host, port) = if let Some(bracketed) = place.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']').ok_or(SmtpUrlError::Host)?;
        if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
            return Err(SmtpUrlError::Host);
        }
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(SmtpUrlError::Host),
        }
    } else {
        let (host, port) = place
            .split_once(':')
            .map_or((place, None), |(host, port)| (host, Some(port)));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_name) {
            return Err(SmtpUrlError::Host);
        }
        (host, port)
    };
    let port = port.map(|text| {
        text.parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or(SmtpUrlError::Port)
    });
    Ok((host, port.transpose()?))
}

fn credentials(user_info: &str) -> Result<Credentials, SmtpUrlError> {
    let decoded = |text: &str| {
        let plain = percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| SmtpUrlError::Credentials)?;
        if plain.is_empty() || plain.contains(char::is_control) {
            return Err(SmtpUrlError::Credentials);
        }
        Ok(plain.into_owned())
    };
    let (user, password) = user_info.split_once(':').ok_or(SmtpUrlError::Credentials)?;
    Ok(Credentials::new(decoded(user)?, decoded(password)?))
}

#[cfg(test)]
mod tests;
