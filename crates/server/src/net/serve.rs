//! The accept loop: lets connections in up to the caps, and sees them out when the server stops.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::census::{Census, Seat};
use super::connection::Host;
use super::network::Network;

/// One source gets at most this part of all connections.
const SHARE: usize = 4;

/// Waits after an accept that failed for want of something: first and longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How much clients may ask of the network side of the server.
#[derive(Clone, Debug)]
pub struct NetLimits {
    /// Connections open at once; a quarter of them for one source.
    pub max_connections: usize,
    /// For the head of a request, and between two requests.
    pub header_timeout: Duration,
    /// For the body of a request, and for each part of the answer to be taken.
    pub body_timeout: Duration,
    /// For open requests when the server stops.
    pub drain_timeout: Duration,
    /// Peers that may use every connection: the trusted proxies.
    pub exempt: Vec<Network>,
}

/// What became of the connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServeReport {
    /// Let in.
    pub served: u64,
    /// Closed at once, because their source had its share.
    pub turned_away: u64,
    /// Broken off, because they did not finish in time when the server stopped.
    pub abandoned: usize,
}

/// Serves until `shutdown` is ready, then lets open requests finish.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: NetLimits,
    shutdown: impl Future<Output = ()>,
) -> ServeReport {
    let host = Host::new(app, &limits);
    let census = Census::new((limits.max_connections / SHARE).max(1), limits.exempt);
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let mut open = JoinSet::new();
    let mut report = ServeReport::default();
    let mut shutdown = pin!(shutdown);
    while let Some((slot, stream, peer)) = next(&listener, &slots, shutdown.as_mut()).await {
        while open.try_join_next().is_some() {}
        let Some(seat) = census.admit(peer.ip()) else {
            report.turned_away += 1;
            tracing::debug!(%peer, "connection refused: its source has its share");
            continue;
        };
        report.served += 1;
        let conversation = graceful.watch(host.serve(stream, peer));
        open.spawn(converse(conversation, (slot, seat)));
    }
    drop(listener);
    report.abandoned = drain(graceful, open, limits.drain_timeout).await;
    report
}

/// The next connection, or none when it is time to stop. A connection that would be one too many is
/// left with the system: it is not accepted before another one ends.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    shutdown: impl Future<Output = ()>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let admitted = async {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        let (stream, peer) = accept(listener).await;
        Some((slot, stream, peer))
    };
    tokio::select! {
        biased;
        () = shutdown => None,
        admitted = admitted => admitted,
    }
}

/// Accepts, whatever goes wrong: a server that is out of file descriptors gets some back.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let (mut wait, longest) = BACK_OFF;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers go out whole; waiting to fill a packet would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(longest);
            }
        }
    }
}

/// Whether only the connection failed, before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

async fn converse(
    conversation: impl Future<Output = hyper::Result<()>>,
    _held: (OwnedSemaphorePermit, Seat),
) {
    if let Err(error) = conversation.await {
        tracing::debug!(%error, "connection broken off");
    }
}

/// Lets open requests finish, and counts those that did not.
async fn drain(graceful: GracefulShutdown, mut open: JoinSet<()>, time: Duration) -> usize {
    if tokio::time::timeout(time, graceful.shutdown()).await.is_ok() {
        return 0;
    }
    while open.try_join_next().is_some() {}
    let abandoned = open.len();
    open.shutdown().await;
    abandoned
}
