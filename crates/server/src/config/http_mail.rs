//! The provider that mail leaves by over HTTP.

use std::fmt;
use std::str::FromStr;

use url::Url;
use zeroize::Zeroizing;

use super::kind::text_kind;

/// Where a provider's interface is. What stands behind the question mark may be a secret and is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HttpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("its scheme is neither https nor http");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("credentials belong into mail.http.key");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('?') {
            Some((place, _)) => write!(f, "{place}?***"),
            None => f.write_str(&self.0),
        }
    }
}

text_kind!(
    HttpUrl,
    allowed: "an https address such as \"https://api.eu.mailgun.net/v3/mg.example.org\"",
    example: "https://api.eu.mailgun.net/v3/mg.example.org",
    secret: true
);

/// What lets us in at a provider; neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// The key itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it is empty or holds spaces or other characters that no key has");
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

text_kind!(
    ApiKey,
    allowed: "the provider's key (for Mailpit \"user:password\", for a webhook what signatures are made with)",
    example: "key-0123456789abcdef",
    secret: true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t16_neither_key_nor_parameters_are_shown() {
        let url: HttpUrl = "https://hook.example.org/mail?token=hunter2".parse().unwrap();
        assert_eq!(url.to_string(), "https://hook.example.org/mail?***");
        assert!(url.as_str().contains("hunter2"));
        let key: ApiKey = "hunter2".parse().unwrap();
        assert_eq!(format!("{key} {key:?}"), "*** ***");
    }

    #[test]
    fn what_is_no_address_or_no_key_is_refused() {
        for text in ["api.mailgun.net", "smtp://h", "https://api:hunter2@h", "https://"] {
            assert!(text.parse::<HttpUrl>().is_err(), "{text}");
        }
        for text in ["", "two words", "line\nbreak", "schlüssel"] {
            assert!(text.parse::<ApiKey>().is_err(), "{text}");
        }
    }
}
