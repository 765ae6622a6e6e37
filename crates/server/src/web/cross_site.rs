//! Requests that other sites make a browser send. An unsafe method is refused unless the browser says
//! it comes from this site; where nothing says anything, the cookies count for nothing.

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, Method};

use crate::config::Origin;

/// What is believed about where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This site, or a method that changes nothing: cookies count.
    Ours,
    /// Nobody says: a program, or a very old browser. Cookies do not count.
    Unknown,
    /// Another site: refused.
    Foreign,
}

/// Judges a request. `origins` are this site's and those of sites that may call it.
pub fn standing(method: &Method, headers: &HeaderMap, site: &Origin, allowed: &[Origin]) -> Standing {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Standing::Ours;
    }
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let fetch = headers
        .get("sec-fetch-site")
        .map(|value| value.to_str().unwrap_or("cross-site"));
    let is_ours =
        |origin: &str| origin == site.as_str() || allowed.iter().any(|allowed| allowed.as_str() == origin);
    match (fetch, origin) {
        (Some("same-origin" | "none"), _) => Standing::Ours,
        (_, Some(origin)) if is_ours(origin) => Standing::Ours,
        (None, None) => Standing::Unknown,
        _ => Standing::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(method: &Method, fetch: Option<&str>, origin: Option<&str>) -> Standing {
        let mut headers = HeaderMap::new();
        if let Some(fetch) = fetch {
            headers.insert("sec-fetch-site", fetch.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let site = "https://a.example".parse().unwrap();
        standing(method, &headers, &site, &["https://app.example".parse().unwrap()])
    }

    #[test]
    fn t31_only_this_site_and_named_ones_may_change_anything() {
        let post = |fetch, origin| judge(&Method::POST, fetch, origin);
        assert_eq!(post(Some("same-origin"), None), Standing::Ours);
        assert_eq!(post(Some("none"), None), Standing::Ours);
        assert_eq!(post(None, Some("https://a.example")), Standing::Ours);
        assert_eq!(
            post(Some("cross-site"), Some("https://app.example")),
            Standing::Ours
        );
        assert_eq!(post(None, None), Standing::Unknown);
        assert_eq!(post(Some("cross-site"), None), Standing::Foreign);
        assert_eq!(
            post(Some("same-site"), Some("https://b.a.example")),
            Standing::Foreign
        );
        assert_eq!(post(None, Some("null")), Standing::Foreign);
        assert_eq!(post(None, Some("https://a.example.evil")), Standing::Foreign);
        assert_eq!(judge(&Method::GET, Some("cross-site"), None), Standing::Ours);
    }
}
