//! Sends spans to the collector, many at once. A collector that is away costs spans, never requests.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{Span, wire};
use crate::config::Origin;

const PATH: &str = "/v1/traces";
/// Spans in one request to the collector.
const MOST: usize = 512;
const EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the same spans are offered.
const TRIES: u32 = 3;

/// Either kind of connection.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The task that sends.
#[derive(Debug)]
pub struct Sender {
    collector: Collector,
    waiting: mpsc::Receiver<Span>,
    reached: bool,
}

#[derive(Debug)]
struct Collector {
    host: String,
    port: u16,
    /// For the `Host` header.
    authority: String,
    tls: Option<(Tls, ServerName<'static>)>,
}

struct Tls(TlsConnector);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Counts spans that nobody will see.
pub(super) fn dropped(count: usize) {
    metrics::counter!("usher_spans_total", "outcome" => "dropped").increment(count as u64);
}

impl Sender {
    pub(super) fn new(collector: &Origin, waiting: mpsc::Receiver<Span>) -> Result<Self> {
        Ok(Self {
            collector: Collector::at(collector).context("cannot use telemetry.otlp_endpoint")?,
            waiting,
            reached: true,
        })
    }

    /// Sends until `stopped` turns true, then what is left.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stopped.borrow() {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stopped.changed() => {}
            }
            let mut spans = Vec::new();
            while self.take(&mut spans) {
                self.offer(&spans, &mut tick).await;
                spans.clear();
            }
        }
    }

    /// Takes what waits, up to one request's worth. Whether there was anything.
    fn take(&mut self, spans: &mut Vec<Span>) -> bool {
        while spans.len() < MOST
            && let Ok(span) = self.waiting.try_recv()
        {
            spans.push(span);
        }
        !spans.is_empty()
    }

    async fn offer(&mut self, spans: &[Span], tick: &mut tokio::time::Interval) {
        let body = wire::export(spans);
        for again in 1..=TRIES {
            let sent = timeout(PATIENCE, self.collector.post(body.clone())).await;
            match sent.context("no answer in time").flatten() {
                Ok(()) => {
                    self.say(None);
                    let count = spans.len() as u64;
                    metrics::counter!("usher_spans_total", "outcome" => "sent").increment(count);
                    return;
                }
                Err(error) => self.say(Some(&error)),
            }
            if again < TRIES {
                tick.tick().await;
            }
        }
        dropped(spans.len());
    }

    /// One line when the collector goes away, one when it is back.
    fn say(&mut self, error: Option<&anyhow::Error>) {
        match error {
            Some(error) if self.reached => tracing::warn!("spans cannot be sent: {error:#}"),
            None if !self.reached => tracing::info!("spans can be sent again"),
            _ => {}
        }
        self.reached = error.is_none();
    }
}

impl Collector {
    fn at(origin: &Origin) -> Result<Self> {
        let url = Url::parse(origin.as_str())?;
        let host = url.host_str().context("it names no host")?.to_owned();
        let bare = host.trim_matches(['[', ']']).to_owned();
        let tls = if origin.is_https() {
            Some((connector()?, ServerName::try_from(bare.clone())?))
        } else {
            None
        };
        Ok(Self {
            authority: url.authority().to_owned(),
            port: url.port_or_known_default().context("it names no port")?,
            host: bare,
            tls,
        })
    }

    async fn connect(&self) -> Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some((tls, name)) => Box::new(tls.0.connect(name.clone(), stream).await?),
        })
    }

    async fn post(&self, body: Vec<u8>) -> Result<()> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.connect().await?)).await?;
        let request = Request::post(PATH)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Body::from(body))?;
        let answer = async {
            let status = sender.send_request(request).await?.status();
            ensure!(
                status == StatusCode::OK || status == StatusCode::ACCEPTED,
                "the collector answered {status}"
            );
            Ok(())
        };
        tokio::select! {
            answer = answer => answer,
            Err(error) = connection => Err(error.into()),
        }
    }
}

fn connector() -> Result<Tls> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Tls(TlsConnector::from(std::sync::Arc::new(config))))
}
