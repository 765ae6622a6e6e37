//! Where a request goes: aliases to their canonical path, browsers to pages, programs to the API.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::util::MapRequestLayer;
use tower::{ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tracing::Instrument;

use super::asker::HANDLE_HEADER;
use super::body::is_form;
use super::cross_site::{Standing, standing};
use super::finish::{Context, REQUEST_ID, finish};
use super::notes::Notes;
use super::problem::{Code, Problem};
use crate::aliases;
use crate::app::App;
use crate::config::Origin;

/// Puts pages and API behind one door.
pub fn dispatcher(app: App, api: Router, pages: Router) -> Router {
    let guard = |router: Router| {
        router
            .route_layer(MapRequestLayer::new(note_route))
            .layer(CatchPanicLayer::custom(|_| {
                Problem::new(Code::Internal).into_response()
            }))
    };
    let (mut api, pages) = (guard(api), guard(pages));
    if let Some(cors) = cors(&app.settings.server.cors_origins) {
        api = api.layer(cors);
    }
    Router::new().fallback_service(service_fn(move |request: Request| {
        let (app, api, pages) = (app.clone(), api.clone(), pages.clone());
        async move { Ok::<_, Infallible>(handle(&app, api, pages, request).await) }
    }))
}

/// What scripts of other sites may do: nothing, unless the operator has named the site.
fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    let named: Vec<HeaderValue> = origins
        .iter()
        .filter_map(|origin| origin.as_str().parse().ok())
        .collect();
    (!named.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(named)
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                HeaderName::from_static(HANDLE_HEADER),
            ])
            .expose_headers([REQUEST_ID, RETRY_AFTER])
            .allow_credentials(true)
            .max_age(Duration::from_hours(1))
    })
}

async fn handle(app: &App, api: Router, pages: Router, mut request: Request) -> Response {
    let started = Instant::now();
    let context = Context::of(app, &request);
    let span = context.span(request.method());
    let server = &app.settings.server;
    let standing = standing(
        request.method(),
        request.headers(),
        &server.public_url,
        &server.cors_origins,
    );
    request.extensions_mut().insert(standing);
    request.extensions_mut().insert(context.notes.clone());
    let answer = async {
        if standing == Standing::Foreign {
            return Problem::new(Code::CrossSite).into_response();
        }
        let (path, headers) = (request.uri().path(), request.headers());
        let beside_a_page = is_page(&Method::GET, path, headers);
        let router = if is_page(request.method(), path, headers) {
            pages
        } else {
            canonical(&mut request);
            api
        };
        let mut response = match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if beside_a_page && response.status() == StatusCode::METHOD_NOT_ALLOWED {
            allow_page(response.headers_mut());
        }
        response
    };
    let response = answer.instrument(span).await;
    finish(app, &context, response, started.elapsed())
}

/// Where the API has no such method, it does not know of the page on the same path.
fn allow_page(headers: &mut HeaderMap) {
    let allowed = headers.get(ALLOW).and_then(|value| value.to_str().ok());
    let allowed: Vec<_> = allowed
        .into_iter()
        .flat_map(|methods| methods.split(','))
        .collect();
    if !allowed.contains(&"GET") {
        let methods = [&["GET", "HEAD"], allowed.as_slice()].concat().join(",");
        if let Ok(value) = methods.parse() {
            headers.insert(ALLOW, value);
        }
    }
}

fn note_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(notes), Some(route)) = (extensions.get::<Notes>(), extensions.get::<MatchedPath>()) {
        notes.route(route.clone());
    }
    request
}

/// Writes an alias as the path it stands for.
fn canonical(request: &mut Request) {
    let Some(path) = aliases::canonical(request.uri().path()) else {
        return;
    };
    let mut parts = request.uri().clone().into_parts();
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    parts.path_and_query = format!("{path}{query}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

/// Whether a request belongs to a page: a page is looked at, or its form comes back.
fn is_page(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let link = path
        .strip_prefix("/auth/verify/")
        .is_some_and(|token| !token.is_empty());
    let under = |prefix: &str| path.starts_with(prefix);
    if matches!(*method, Method::GET | Method::HEAD) {
        return link
            || matches!(path, "/register" | "/login" | "/verify" | "/account" | "/mailbox")
            || matches!(path, "/docs" | "/redoc" | "/favicon.ico" | "/link" | "/link/me")
            || under("/assets/")
            || under("/mailbox/message/")
            || (under("/mailbox/email/") && path.ends_with("/html"))
            || (path == "/" && wants_page(headers));
    }
    let form = is_form(headers);
    under("/account/")
        || matches!(path, "/mailbox/clear" | "/link/me")
        || (form
            && (link
                || matches!(
                    path,
                    "/register" | "/login" | "/verify" | "/auth/resend" | "/auth/logout"
                )))
}

/// Whether the client would rather see a page than data.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.split(',').any(|kind| kind.trim().starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(method: &Method, path: &str, kind: &str) -> bool {
        let mut headers = HeaderMap::new();
        let name = if *method == Method::POST {
            "content-type"
        } else {
            "accept"
        };
        headers.insert(name, kind.parse().unwrap());
        is_page(method, path, &headers)
    }

    #[test]
    fn browsers_get_pages_and_programs_the_api() {
        let form = "application/x-www-form-urlencoded";
        assert!(page(&Method::GET, "/", "text/html,*/*"));
        assert!(!page(&Method::GET, "/", "*/*"));
        assert!(page(&Method::POST, "/register", form));
        assert!(!page(&Method::POST, "/register", "application/json"));
        assert!(
            !page(&Method::POST, "/auth/register", form),
            "canonical paths take no forms"
        );
        assert!(page(&Method::GET, "/auth/verify/token", "*/*"));
        assert!(!page(&Method::POST, "/auth/verify/token", "application/json"));
        assert!(!page(&Method::POST, "/auth/verify", "application/json"));
        assert!(!page(&Method::GET, "/sessions", "text/html"));
    }
}
