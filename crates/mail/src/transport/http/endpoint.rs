//! Where a provider's interface is.

use hyper::Uri;

use crate::transport::connect::is_loopback;

/// What is wrong with the settings of a provider. Quotes neither URL nor key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpSetupError {
    /// The provider is at no fixed place.
    #[error("the provider {0} needs a url")]
    NoUrl(&'static str),
    /// Not an address of the web.
    #[error("the url must start with https:// and name a host")]
    Url,
    /// Not a host's name.
    #[error("the url names no valid host")]
    Host,
    /// It would be shown.
    #[error("the url holds credentials; they belong into the key")]
    Credentials,
    /// Keys and codes in clear over a network.
    #[error("plain http is for an interface on this machine only (localhost, 127.0.0.1, [::1])")]
    PlainBeyondLoopback,
    /// The provider lets nobody in without.
    #[error("the provider {0} needs a key")]
    NoKey(&'static str),
    /// Line breaks, or nothing at all.
    #[error("the key is empty or holds characters that no provider takes")]
    Key,
    /// The system's certificates cannot be used.
    #[error("encryption for this provider cannot be set up")]
    Tls,
}

/// Host, port and path, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_encrypted: bool,
    /// As the `Host` header has it.
    pub(super) authority: String,
    /// Without a slash at its end.
    path: String,
    query: Option<String>,
}

impl Endpoint {
    pub(super) fn parse(url: &str) -> Result<Self, HttpSetupError> {
        let uri: Uri = url.parse().map_err(|_| HttpSetupError::Url)?;
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(HttpSetupError::Url),
        };
        let authority = uri.authority().ok_or(HttpSetupError::Url)?;
        if authority.as_str().contains('@') {
            return Err(HttpSetupError::Credentials);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(HttpSetupError::Host);
        }
        if !is_encrypted && !is_loopback(host) {
            return Err(HttpSetupError::PlainBeyondLoopback);
        }
        let usual_port = if is_encrypted { 443 } else { 80 };
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(usual_port),
            is_encrypted,
            authority: authority.as_str().to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// What stands in the first line of a request to `below` it; `""` is the endpoint itself.
    pub(super) fn target(&self, below: &str) -> String {
        let path = if self.path.ends_with(below) {
            self.path.clone()
        } else {
            format!("{}{below}", self.path)
        };
        let path = if path.is_empty() { "/".to_owned() } else { path };
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> HttpSetupError {
        Endpoint::parse(url).expect_err(url)
    }

    #[test]
    fn an_endpoint_is_a_host_a_port_and_a_path() {
        let endpoint = Endpoint::parse("https://api.eu.mailgun.net/v3/mg.example.org/").unwrap();
        assert_eq!(
            (endpoint.host.as_str(), endpoint.port),
            ("api.eu.mailgun.net", 443)
        );
        assert_eq!(endpoint.target("/messages"), "/v3/mg.example.org/messages");
        let whole = Endpoint::parse("https://api.mailgun.net/v3/mg.example.org/messages").unwrap();
        assert_eq!(whole.target("/messages"), "/v3/mg.example.org/messages");
        let local = Endpoint::parse("http://[::1]:8025?tenant=7").unwrap();
        assert_eq!((local.host.as_str(), local.port), ("::1", 8025));
        assert_eq!(local.authority, "[::1]:8025");
        assert_eq!(local.target(""), "/?tenant=7");
    }

    #[test]
    fn plain_http_leaves_no_machine_and_credentials_stand_in_no_url() {
        assert_eq!(
            refused("http://api.example.org"),
            HttpSetupError::PlainBeyondLoopback
        );
        assert_eq!(
            refused("http://127.0.0.1.example.org"),
            HttpSetupError::PlainBeyondLoopback
        );
        assert_eq!(
            refused("https://api:key@api.example.org"),
            HttpSetupError::Credentials
        );
        for url in ["", "api.example.org", "ftp://api.example.org", "/v3", "https://"] {
            assert_eq!(refused(url), HttpSetupError::Url, "{url}");
        }
    }
}
