//! The conversation with a provider: a connection, a request, an answer.

use std::io;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Http;
use super::answer::Answer;
use super::call::Call;
use crate::error::{SendError, Stage};
use crate::transport::connect::{addresses, network, reach};
use crate::transport::deadline::Deadline;
use crate::transport::fault::Fault;

/// The most that is read of an answer's head, and of its body.
const MOST: usize = 64 * 1024;

/// An open connection.
pub(super) type Sender = http1::SendRequest<Full<Bytes>>;

impl Http {
    /// Makes the call over a kept connection, or over a fresh one when that turns out to be closed.
    pub(super) async fn deliver(&self, call: &Call, deadline: Deadline) -> Result<Answer, Fault> {
        if let Some(kept) = self.kept().await {
            match self.exchange(kept, call, deadline).await {
                Err(fault) if fault.is_lost && !deadline.is_over() => {
                    tracing::debug!(reason = %fault.error, "kept connection lost, asking over a fresh one");
                }
                done => return done,
            }
        }
        let fresh = self.dial(deadline).await?;
        self.exchange(fresh, call, deadline).await
    }

    /// Whether a connection stands or can be made.
    pub(super) async fn greet(&self, deadline: Deadline) -> Result<(), Fault> {
        let sender = match self.kept().await {
            Some(kept) => kept,
            None => self.dial(deadline).await?,
        };
        self.pool.keep(sender);
        Ok(())
    }

    async fn kept(&self) -> Option<Sender> {
        let mut kept = self.pool.take()?;
        kept.ready().await.is_ok().then_some(kept)
    }

    async fn exchange(&self, mut sender: Sender, call: &Call, deadline: Deadline) -> Result<Answer, Fault> {
        let head = sender.send_request(call.request());
        let head = deadline.step(Stage::Data, head, |error| broken(&error)).await?;
        let answer = read(head, deadline).await?;
        if !sender.is_closed() {
            self.pool.keep(sender);
        }
        Ok(answer)
    }

    async fn dial(&self, deadline: Deadline) -> Result<Sender, Fault> {
        let (host, port) = (&self.endpoint.host, self.endpoint.port);
        let addresses = addresses(host, port, self.tls.is_none(), deadline).await?;
        let (tcp, _) = reach(&addresses, deadline).await?;
        match &self.tls {
            None => greeted(tcp, deadline).await,
            Some((connector, name)) => {
                let handshake = connector.connect(name.clone(), tcp);
                let encrypted = deadline.step(Stage::Tls, handshake, network(Stage::Tls)).await?;
                greeted(encrypted, deadline).await
            }
        }
    }
}

async fn greeted<S>(stream: S, deadline: Deadline) -> Result<Sender, Fault>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let shake = http1::Builder::new()
        .max_buf_size(MOST)
        .handshake(TokioIo::new(stream));
    let (sender, connection) = deadline.step(Stage::Tcp, shake, |error| broken(&error)).await?;
    // Ends with its sender; what goes wrong on it is told to whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// An answer whose body cannot be read is still an answer when it says no.
async fn read(head: Response<Incoming>, deadline: Deadline) -> Result<Answer, Fault> {
    let (head, body) = head.into_parts();
    let whole = Limited::new(body, MOST).collect();
    let lost = |_| Fault::plain(SendError::transient(Stage::Data, "the answer breaks off"));
    let body = match deadline.step(Stage::Data, whole, lost).await {
        Ok(body) => body.to_bytes(),
        Err(fault) if head.status.is_success() => return Err(Fault::plain(fault.error)),
        Err(_) => Bytes::new(),
    };
    Ok(Answer {
        status: head.status,
        retry_after: head
            .headers
            .get(hyper::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok().map(str::to_owned)),
        body,
    })
}

/// Told in our own words: what cannot be read as an answer may be anything, the mail itself included.
fn broken(error: &hyper::Error) -> Fault {
    let said = if error.is_parse() || error.is_parse_too_large() {
        "unreadable answer"
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "connection closed before the answer"
    } else {
        let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
        return Fault::lost(SendError::transient(
            Stage::Data,
            &source.map_or_else(|| "connection lost".to_owned(), ToString::to_string),
        ));
    };
    Fault::lost(SendError::transient(Stage::Data, said))
}
