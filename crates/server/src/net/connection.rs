//! One connection: HTTP/1.1 with timers on the head and the body of each request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use serde_json::json;
use tokio::net::TcpStream;
use tower::Service;

use super::body::{Lateness, TimedBody};
use super::serve::NetLimits;
use super::stall::Stalling;

/// Room for the head of a request. Every open connection may fill it.
const HEAD_BYTES: usize = 32 * 1024;

const REQUEST_ID: &str = "x-request-id";

/// The other end of the connection a request came by; every request carries one as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Serves connections, all in the same way.
pub(super) struct Host {
    http: http1::Builder,
    app: Router,
    body_timeout: Duration,
}

impl Host {
    pub(super) fn new(app: Router, limits: &NetLimits) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_buf_size(HEAD_BYTES);
        Self {
            http,
            app,
            body_timeout: limits.body_timeout,
        }
    }

    /// The conversation on one connection. Without upgrades: with them a silent client has no timer.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
        let (app, body_timeout) = (self.app.clone(), self.body_timeout);
        let service = service_fn(move |request| answer(app.clone(), Peer(peer), body_timeout, request));
        self.http
            .serve_connection(TokioIo::new(Stalling::new(stream, body_timeout)), service)
    }
}

async fn answer(
    mut app: Router,
    peer: Peer,
    body_timeout: Duration,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(peer);
    if request.body().is_end_stream() {
        return app.call(request.map(|_| Body::empty())).await;
    }
    let lateness = Lateness::default();
    let timed = |body| Body::new(TimedBody::new(body, body_timeout, lateness.clone()));
    let response = app.call(request.map(timed)).await?;
    // Whatever the handler made of a body that broke off, the reason is known here.
    Ok(if lateness.is_late() {
        too_slow(response)
    } else {
        response
    })
}

/// What was answered, with the true reason in its place; the headers that protect the reader stay.
fn too_slow(answered: Response) -> Response {
    const DETAIL: &str = "The request took too long to arrive.";
    let (mut parts, _) = answered.into_parts();
    let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let problem = json!({
        "type": "urn:usher:error:request_timeout",
        "title": "Request timeout",
        "status": 408,
        "detail": DETAIL,
        "message": DETAIL,
        "code": "request_timeout",
        "request_id": id,
        "errors": [],
    });
    parts.status = StatusCode::REQUEST_TIMEOUT;
    for stale in [CONTENT_LENGTH, SET_COOKIE] {
        parts.headers.remove(stale);
    }
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts
        .headers
        .insert(CONNECTION, HeaderValue::from_static("close"));
    Response::from_parts(parts, Body::from(problem.to_string()))
}
