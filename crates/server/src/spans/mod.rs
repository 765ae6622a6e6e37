//! One span for each request, for an OpenTelemetry collector: its route, its answer, its id and how long it
//! took. Never a path, an address or anything a client has written; a `traceparent` is believed from trusted
//! proxies only.

mod parent;
mod send;
mod wire;

use std::time::Duration;

use anyhow::Result;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use tokio::sync::mpsc;
use usher_accounts::keys::sha256;
use usher_accounts::time::Timestamp;

use crate::config::Origin;
use crate::net::{Network, Peer};
use parent::Parent;

pub use send::Sender;

/// Spans that may wait for the collector; more are dropped and counted.
const WAITING: usize = 4096;

/// A finished request.
#[derive(Debug)]
struct Span {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    method: &'static str,
    route: String,
    status: u16,
    request_id: String,
    begun: Timestamp,
    took: Duration,
}

/// Takes what is known of finished requests. Never waits.
#[derive(Clone, Debug)]
pub struct Spans {
    queue: mpsc::Sender<Span>,
    share: u32,
}

/// What is known of a request when it arrives.
#[derive(Debug)]
pub struct Begun {
    at: Timestamp,
    parent: Option<Parent>,
}

/// What is known of a request when its answer leaves.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// Its id.
    pub id: &'a str,
    /// How.
    pub method: &'a Method,
    /// The route it matched.
    pub route: &'a str,
    /// What was answered.
    pub status: StatusCode,
    /// How long that took.
    pub took: Duration,
}

/// The way to a collector: where spans are noted, and the task that sends them.
pub fn to(collector: &Origin, share: u32) -> Result<(Spans, Sender)> {
    let (queue, waiting) = mpsc::channel(WAITING);
    Ok((Spans { queue, share }, Sender::new(collector, waiting)?))
}

impl Begun {
    /// Reads what the proxy says about the trace the request belongs to.
    pub fn of(request: &Request, trusted: &[Network], at: Timestamp) -> Self {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        let believed = peer.is_some_and(|peer| trusted.iter().any(|network| network.contains(peer)));
        let parent = if believed {
            Parent::read(request.headers())
        } else {
            None
        };
        Self { at, parent }
    }
}

impl Spans {
    /// Notes a finished request, if it is one of those that are traced.
    pub fn note(&self, begun: &Begun, request: Finished<'_>) {
        // The request's id is unlike any other's; so is what follows from it.
        let made = sha256(request.id.as_bytes());
        let (own_trace, id) = halves(&made);
        let sampled = match &begun.parent {
            Some(parent) => parent.sampled,
            None => u32::from(made[31]) * 100 / 256 < self.share,
        };
        if !sampled {
            return;
        }
        let span = Span {
            trace: begun.parent.as_ref().map_or(own_trace, |parent| parent.trace),
            id,
            parent: begun.parent.as_ref().map(|parent| parent.span),
            method: method_word(request.method),
            route: request.route.to_owned(),
            status: request.status.as_u16(),
            request_id: request.id.to_owned(),
            begun: begun.at,
            took: request.took,
        };
        if self.queue.try_send(span).is_err() {
            send::dropped(1);
        }
    }
}

/// Clients may make up methods; figures and spans know the usual ones.
pub fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn halves(digest: &[u8; 32]) -> ([u8; 16], [u8; 8]) {
    let (mut trace, mut id) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&digest[..16]);
    id.copy_from_slice(&digest[16..24]);
    (trace, id)
}
