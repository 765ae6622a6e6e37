//! How every answer leaves: refusals are written out, headers that protect the reader are added, and one
//! line is logged.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use serde_json::json;
use tracing::Span;

use super::dispatch::wants_page;
use super::notes::Notes;
use super::problem::{Code, Problem};
use crate::app::App;
use crate::pages::view::{Failure, Frame, View, WayOut};
use crate::spans::{self, Begun};

/// Names a request in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const CLOSED: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// What is remembered of a request until its answer leaves.
#[derive(Debug)]
pub struct Context {
    /// Made here, never taken from the client.
    pub request_id: String,
    /// Filled in on the way.
    pub notes: Notes,
    method: Method,
    wants_page: bool,
    span: Option<Begun>,
}

impl Context {
    /// Reads what is needed.
    pub fn of(app: &App, request: &Request) -> Self {
        Self {
            request_id: app.usher.request_id(),
            notes: Notes::default(),
            method: request.method().clone(),
            wants_page: wants_page(request.headers()),
            span: app
                .spans
                .as_ref()
                .map(|_| Begun::of(request, &app.settings.server.trusted_proxies, app.usher.now())),
        }
    }

    /// Ties what the stories log to the request. One that changes nothing has only its own line.
    pub fn span(&self, method: &Method) -> Span {
        if matches!(*method, Method::GET | Method::HEAD) {
            Span::none()
        } else {
            tracing::info_span!("request", id = %self.request_id)
        }
    }
}

/// Finishes an answer.
pub fn finish(app: &App, context: &Context, response: Response, took: Duration) -> Response {
    let mut response = match refusal(&response) {
        Some(problem) => write_out(app, context, &problem, response),
        None => response,
    };
    protect(app, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if app.is_stopping() {
        // The proxy shall not keep a connection for later that will be gone by then.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    note(app, context, response.status(), took);
    response
}

/// The refusal in an answer: one of ours, or the router's own.
fn refusal(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let kind = response.headers().get(CONTENT_TYPE);
    let (bare, plain) = (
        kind.is_none(),
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain")),
    );
    match response.status() {
        // Only the framework speaks plain text: of a path or a query that cannot be read.
        StatusCode::BAD_REQUEST if plain => Some(Problem::new(Code::InvalidInput)),
        StatusCode::NOT_FOUND if bare => Some(Problem::new(Code::NotFound)),
        StatusCode::METHOD_NOT_ALLOWED => Some(Problem::new(Code::MethodNotAllowed)),
        _ => None,
    }
}

/// The refusal in place of the body; headers that were set on the way stay.
fn write_out(app: &App, context: &Context, problem: &Problem, before: Response) -> Response {
    let (mut parts, _) = before.into_parts();
    let status = problem.code.status();
    let (kind, body) = match failure_page(app, context, problem) {
        Some(page) => ("text/html; charset=utf-8", page),
        None => ("application/problem+json", document(context, problem).to_string()),
    };
    parts.status = status;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = problem.retry_seconds() {
        parts.headers.insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        parts
            .headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    Response::from_parts(parts, Body::from(body))
}

fn document(context: &Context, problem: &Problem) -> serde_json::Value {
    json!({
        "type": format!("urn:usher:error:{}", problem.code.as_str()),
        "title": problem.code.title(),
        "status": problem.code.status().as_u16(),
        "detail": problem.detail,
        "message": problem.detail,
        "code": problem.code.as_str(),
        "request_id": context.request_id,
        "errors": problem.errors,
    })
}

fn failure_page(app: &App, context: &Context, problem: &Problem) -> Option<String> {
    if !context.wants_page {
        return None;
    }
    let frame = Frame {
        now: app.usher.now().into(),
        viewer: None,
        development: app.settings.is_development(),
        link: app.link.is_some(),
        notice: None,
    };
    let way_out = match problem.code {
        Code::NotAuthenticated | Code::SessionEnded => WayOut::LOGIN,
        _ => WayOut::HOME,
    };
    let view = View::Failure(Failure {
        status: problem.code.status().as_u16(),
        title: problem.code.title().to_owned(),
        sentence: problem.detail.clone(),
        request_id: Some(context.request_id.clone()),
        way_out,
    });
    let page = app.templates.render(&frame, &view);
    page.inspect_err(|error| tracing::error!(%error, "an error page cannot be shown"))
        .ok()
}

/// Nothing is sniffed, framed, kept or told to other sites, unless a handler has said otherwise.
fn protect(app: &App, headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let html = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let policy = if html {
            HeaderValue::from_static(crate::pages::policy::PAGE)
        } else {
            CLOSED
        };
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if app.settings.server.public_url.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

fn note(app: &App, context: &Context, status: StatusCode, took: Duration) {
    let (method, route) = (&context.method, context.notes.route_name());
    if app.settings.metrics.is_some() {
        crate::metrics::count(method, route, status, took);
    }
    let id = context.request_id.as_str();
    if let (Some(spans), Some(begun)) = (&app.spans, &context.span) {
        spans.note(
            begun,
            spans::Finished {
                id,
                method,
                route,
                status,
                took,
            },
        );
    }
    let account = context.notes.who().map(tracing::field::display);
    let (status, micros) = (status.as_u16(), took.as_micros() as u64);
    if status >= 500 {
        tracing::error!(id, %method, route, status, micros, account, "answered");
    } else {
        tracing::info!(id, %method, route, status, micros, account, "answered");
    }
}
