//! The cookies: their names, what they may do, and reading them.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use cookie::{Cookie, SameSite};

/// A year: how long a browser is remembered as known to an account.
const DEVICE_LIFE: Duration = Duration::from_hours(365 * 24);

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// The handle of a registration.
    Registration,
    /// That this browser has signed in to an account before.
    Device,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Access, Self::Refresh, Self::Registration, Self::Device];

    const fn name(self, plain: bool) -> &'static str {
        match (self, plain) {
            (Self::Access, false) => "__Host-usher_session",
            (Self::Access, true) => "usher_session",
            (Self::Refresh, false) => "__Host-usher_refresh",
            (Self::Refresh, true) => "usher_refresh",
            (Self::Registration, false) => "__Host-usher_registration",
            (Self::Registration, true) => "usher_registration",
            (Self::Device, false) => "__Host-usher_device",
            (Self::Device, true) => "usher_device",
        }
    }
}

/// Makes cookies. Only development mode, where there is no TLS, goes without `Secure` and its prefix.
#[derive(Clone, Copy, Debug)]
pub struct CookieJar {
    /// Development mode.
    pub plain: bool,
}

/// Our cookies of one request.
#[derive(Clone, Debug, Default)]
pub struct Cookies {
    values: [Option<String>; 4],
}

impl Cookies {
    /// The value of a cookie.
    pub fn get(&self, purpose: Purpose) -> Option<&str> {
        self.values[purpose as usize].as_deref()
    }

    /// Whether the request proves anything by a cookie.
    pub fn any(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }
}

impl CookieJar {
    /// Reads our cookies.
    pub fn read(self, headers: &HeaderMap) -> Cookies {
        let mut cookies = Cookies::default();
        let lines = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        for cookie in lines.flat_map(Cookie::split_parse).flatten() {
            let known = Purpose::ALL
                .into_iter()
                .find(|purpose| purpose.name(self.plain) == cookie.name());
            if let Some(purpose) = known {
                // The first one counts: a second of the same name was put there by somebody else.
                cookies.values[purpose as usize].get_or_insert_with(|| cookie.value().to_owned());
            }
        }
        cookies
    }

    /// A `Set-Cookie` line.
    pub fn set(self, purpose: Purpose, value: &str, life: Duration) -> String {
        let life = if purpose == Purpose::Device {
            DEVICE_LIFE
        } else {
            life
        };
        Cookie::build((purpose.name(self.plain), value))
            .path("/")
            .http_only(true)
            .secure(!self.plain)
            .same_site(SameSite::Lax)
            .max_age(life.try_into().unwrap_or(time::Duration::MAX))
            .build()
            .to_string()
    }

    /// A `Set-Cookie` line that removes it.
    pub fn remove(self, purpose: Purpose) -> String {
        Cookie::build((purpose.name(self.plain), ""))
            .path("/")
            .http_only(true)
            .secure(!self.plain)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::ZERO)
            .build()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m11_cookies_are_host_bound_http_only_and_lax_outside_development() {
        let line = CookieJar { plain: false }.set(Purpose::Access, "x", Duration::from_mins(30));
        assert_eq!(
            line,
            "__Host-usher_session=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1800"
        );
    }

    #[test]
    fn t57_development_cookies_are_not_read_in_production() {
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            "usher_session=planted; __Host-usher_session=ours"
                .parse()
                .unwrap(),
        );
        assert_eq!(
            CookieJar { plain: false }.read(&headers).get(Purpose::Access),
            Some("ours")
        );
        assert_eq!(
            CookieJar { plain: true }.read(&headers).get(Purpose::Access),
            Some("planted")
        );
    }
}
