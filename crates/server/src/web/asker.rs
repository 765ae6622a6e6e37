//! Who asks: the client behind a request, and the person, if one is signed in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use usher_accounts::id::PersonId;
use usher_accounts::password::Password;
use usher_service::client::Client;
use usher_store::sessions::Signed;

use super::cookies::{Cookies, Purpose};
use super::cross_site::Standing;
use super::notes::Notes;
use super::problem::{Code, Problem};
use crate::app::App;
use crate::net::{Peer, Source};

/// A registration's handle as a header, for clients without cookies.
pub const HANDLE_HEADER: &str = "registration-handle";

/// The other end of a request.
#[derive(Clone, Debug)]
pub struct Asker {
    /// As far as the network tells.
    pub client: Client,
    /// Its cookies, where they count.
    pub cookies: Cookies,
    /// True when there were cookies that do not count.
    pub ignored_cookies: bool,
    /// For the line in the log.
    pub notes: Notes,
    bearer: Option<String>,
    handle: Option<String>,
}

impl FromRequestParts<App> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::of(parts, app))
    }
}

impl Asker {
    /// Reads who asks.
    pub fn of(parts: &Parts, app: &App) -> Self {
        let headers = &parts.headers;
        let cookies = app.cookies.read(headers);
        let counts = parts.extensions.get() == Some(&Standing::Ours);
        let ignored_cookies = !counts && cookies.any();
        let cookies = if counts { cookies } else { Cookies::default() };
        Self {
            client: client(parts, app, &cookies),
            notes: parts.extensions.get::<Notes>().cloned().unwrap_or_default(),
            bearer: authorization(headers, "bearer").map(str::to_owned),
            handle: headers
                .get(HANDLE_HEADER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            cookies,
            ignored_cookies,
        }
    }

    /// The person signed in; a refusal when there is none.
    pub async fn caller(&self, app: &App) -> Result<Arc<Signed>, Problem> {
        let token = self.bearer.as_deref().or(self.cookies.get(Purpose::Access));
        let Some(token) = token else {
            let code = if self.ignored_cookies {
                Code::CrossSite
            } else {
                Code::NotAuthenticated
            };
            return Err(Problem::new(code));
        };
        let caller = app.usher.authenticate(token).await?;
        self.notes.account(caller.person_id);
        Ok(caller)
    }

    /// The person signed in, if there is one. Storage trouble is still trouble.
    pub async fn perhaps_caller(&self, app: &App) -> Result<Option<Arc<Signed>>, Problem> {
        match self.caller(app).await {
            Ok(caller) => Ok(Some(caller)),
            Err(problem) if problem.code == Code::Busy => Err(problem),
            Err(_) => Ok(None),
        }
    }

    /// The registration this client holds the handle of: from the body, the header or the cookie.
    pub fn handle(&self, from_body: Option<&str>) -> Option<Handle> {
        let text = from_body
            .or(self.handle.as_deref())
            .or(self.cookies.get(Purpose::Registration))?;
        Handle::parse(text)
    }
}

/// What the registrant was given: the registration and the secret that proves it.
#[derive(Clone)]
pub struct Handle {
    /// The registration.
    pub id: PersonId,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Handle {
    /// Reads `id.secret`.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        let well_formed = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            id: id.parse().ok()?,
            secret: well_formed.then(|| secret.to_owned())?,
        })
    }

    /// Writes `id.secret`.
    pub fn text(&self) -> String {
        format!("{}.{}", self.id, self.secret)
    }
}

/// Name and password of HTTP Basic.
#[derive(Debug)]
pub struct Basic {
    /// What stands before the first colon.
    pub name: String,
    /// All that stands after it.
    pub password: Password,
}

impl Basic {
    /// Reads the header; `None` when there is none of this kind.
    pub fn read(headers: &HeaderMap) -> Option<Result<Self, Problem>> {
        let encoded = authorization(headers, "basic")?;
        let refused = || Problem::new(Code::InvalidCredentials);
        let decoded = STANDARD
            .decode(encoded)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = decoded.as_deref().and_then(|text| text.split_once(':'));
        Some(parts.ok_or_else(refused).and_then(|(name, password)| {
            let password = Password::given(password.to_owned()).map_err(|_| refused())?;
            Ok(Self {
                name: name.to_owned(),
                password,
            })
        }))
    }
}

fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (word, rest) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn client(parts: &Parts, app: &App, cookies: &Cookies) -> Client {
    // Without a peer there is no network: a test that calls the router directly.
    let peer = parts
        .extensions
        .get::<Peer>()
        .map_or([127, 0, 0, 1].into(), |peer| peer.0.ip());
    let trusted = &app.settings.server.trusted_proxies;
    let through_proxy = trusted.iter().any(|network| network.contains(peer));
    let source = Source::of(peer, &parts.headers, trusted);
    let agent = parts
        .headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Client {
        peer: (!through_proxy).then(|| peer.to_canonical()),
        ip: source.to_string(),
        source: source.exact(),
        bucket: source.bucket(),
        user_agent: agent.map(str::to_owned),
        device: cookies.get(Purpose::Device).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(value: &str) -> Option<Result<(String, String), Code>> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        let read = Basic::read(&headers)?;
        Some(
            read.map(|basic| (basic.name, basic.password.expose().to_owned()))
                .map_err(|problem| problem.code),
        )
    }

    #[test]
    fn t50_a_password_may_hold_colons_and_any_letters() {
        let header = format!("basic {}", STANDARD.encode("a@example.org:pä:ss:"));
        assert_eq!(
            basic(&header),
            Some(Ok(("a@example.org".to_owned(), "pä:ss:".to_owned())))
        );
    }

    #[test]
    fn t50_a_malformed_header_is_refused_not_ignored() {
        for value in ["Basic !!!", "Basic YQ==", "Basic /w==", "Basic "] {
            assert_eq!(basic(value), Some(Err(Code::InvalidCredentials)), "{value}");
        }
        assert_eq!(basic("Bearer x"), None);
    }
}
