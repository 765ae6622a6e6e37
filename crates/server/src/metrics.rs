//! Figures for Prometheus, on a listener of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::sync::watch;
use usher_service::Usher;

/// Name, kind, labels and meaning of every figure.
const FIGURES: [(&str, &str, &str, &str); 6] = [
    (
        "usher_http_requests_total",
        "counter",
        "method, route, status",
        "Requests answered.",
    ),
    (
        "usher_http_request_seconds",
        "histogram",
        "method, route",
        "Time from the head of a request to its answer.",
    ),
    ("usher_hash_queue", "gauge", "", "Passwords waiting to be hashed."),
    ("usher_outbox_waiting", "gauge", "", "Mails due or under way."),
    ("usher_outbox_dead", "gauge", "", "Mails given up."),
    (
        "usher_outbox_oldest_seconds",
        "gauge",
        "",
        "Age of the oldest mail that waits.",
    ),
];

/// How often the gauges are read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const BUCKETS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5,
];

/// Serves them until the program ends.
pub async fn serve(address: SocketAddr) -> Result<()> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()?;
    let render = move || {
        let handle = handle.clone();
        async move {
            handle.run_upkeep();
            ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
        }
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for metrics; see metrics.listen"))?;
    let limits = crate::net::NetLimits {
        max_connections: 16,
        header_timeout: Duration::from_secs(5),
        body_timeout: Duration::from_secs(5),
        drain_timeout: Duration::ZERO,
        exempt: Vec::new(),
    };
    let app = Router::new().route("/metrics", get(render));
    tokio::spawn(crate::net::serve(listener, app, limits, std::future::pending()));
    Ok(())
}

/// Counts an answer.
pub fn count(method: &Method, route: &str, status: StatusCode, took: Duration) {
    let labels = [
        ("method", method.as_str().to_owned()),
        ("route", route.to_owned()),
    ];
    metrics::histogram!("usher_http_request_seconds", &labels).record(took.as_secs_f64());
    let [method, route] = labels;
    let labels = [method, route, ("status", status.as_str().to_owned())];
    metrics::counter!("usher_http_requests_total", &labels).increment(1);
}

/// Keeps the gauges up to date until `stopped` turns true.
pub async fn observe(usher: Arc<Usher>, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    while !*stopped.borrow() {
        tokio::select! {
            _ = look.tick() => {}
            _ = stopped.changed() => {}
        }
        metrics::gauge!("usher_hash_queue").set(usher.hashing.waiting() as f64);
        if let Ok(depth) = usher_store::outbox::depth(&usher.db).await {
            let age = depth
                .oldest
                .map_or(0.0, |oldest| usher.now().since(oldest).as_secs_f64());
            metrics::gauge!("usher_outbox_waiting").set(depth.waiting as f64);
            metrics::gauge!("usher_outbox_dead").set(depth.dead as f64);
            metrics::gauge!("usher_outbox_oldest_seconds").set(age);
        }
    }
}

/// The page of the reference.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\nServed at `/metrics` on `metrics.listen`, in the text format of Prometheus.\n\n\
         | name | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for (name, kind, labels, meaning) in FIGURES {
        page.push_str(&["| `", name, "` | ", kind, " | ", labels, " | ", meaning, " |\n"].concat());
    }
    page
}
