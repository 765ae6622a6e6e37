//! Figures for Prometheus, on a listener of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::sync::watch;
use usher_service::Usher;
use usher_service::outbox::{BrokerFigures, Outcome};

use crate::app::App;
use crate::spans::method_word;

/// Name, kind, labels and meaning of every figure.
const FIGURES: &[(&str, Kind, &str, &str)] = &[
    (
        "usher_http_requests_total",
        Kind::Counter,
        "method, route, status",
        "Requests answered.",
    ),
    (
        "usher_http_request_seconds",
        Kind::Histogram,
        "method, route",
        "Time from the head of a request to its answer.",
    ),
    (
        "usher_hash_queue",
        Kind::Gauge,
        "",
        "Passwords waiting to be hashed.",
    ),
    (
        "usher_hash_jobs_total",
        Kind::Counter,
        "outcome (done, shed)",
        "Passwords hashed, and requests turned away because they would have waited too long.",
    ),
    (
        "usher_hash_recent_seconds",
        Kind::Gauge,
        "",
        "What one hash takes lately.",
    ),
    (
        "usher_session_checks_total",
        Kind::Counter,
        "from (memory, database)",
        "Sessions found to live, by where the answer came from.",
    ),
    (
        "usher_database_connections",
        Kind::Gauge,
        "state (busy, idle)",
        "Connections to the database; of an embedded one, those that read.",
    ),
    (
        "usher_database_up",
        Kind::Gauge,
        "",
        "1 while the database answers.",
    ),
    (
        "usher_mail_server_up",
        Kind::Gauge,
        "",
        "1 while the mail server answered last time.",
    ),
    (
        "usher_mail_results_total",
        Kind::Counter,
        "outcome (sent, deferred, dead), stage",
        "Tries to send a mail, by what came of them and how far they came.",
    ),
    (
        "usher_mail_send_seconds",
        Kind::Histogram,
        "outcome",
        "Time a try took, from the first word to the mail server or provider.",
    ),
    ("usher_outbox_waiting", Kind::Gauge, "", "Mails due or under way."),
    ("usher_outbox_leased", Kind::Gauge, "", "Mails under way."),
    ("usher_outbox_dead", Kind::Gauge, "", "Mails given up."),
    (
        "usher_outbox_oldest_seconds",
        Kind::Gauge,
        "",
        "Age of the oldest mail that waits.",
    ),
    (
        "usher_node_listening",
        Kind::Gauge,
        "",
        "1 while this node hears the others at once; otherwise it looks every second.",
    ),
    (
        "usher_session_end_heard_seconds",
        Kind::Histogram,
        "",
        "Time from the end of a session on another node until this one heard of it, by the clocks of both.",
    ),
    (
        "usher_broker_connected",
        Kind::Gauge,
        "part",
        "1 while the relay (which announces mails) or the worker (which hears of them) has the broker.",
    ),
    (
        "usher_broker_published_total",
        Kind::Counter,
        "",
        "Mails announced.",
    ),
    (
        "usher_broker_confirmed_total",
        Kind::Counter,
        "",
        "Announcements the broker has confirmed.",
    ),
    (
        "usher_broker_returned_total",
        Kind::Counter,
        "",
        "Announcements there was no queue for.",
    ),
    (
        "usher_broker_refused_total",
        Kind::Counter,
        "",
        "Announcements the broker could not keep.",
    ),
    (
        "usher_broker_consumed_total",
        Kind::Counter,
        "",
        "Messages received.",
    ),
    (
        "usher_broker_redelivered_total",
        Kind::Counter,
        "",
        "Messages received that somebody had received before.",
    ),
    (
        "usher_broker_dead_lettered_total",
        Kind::Counter,
        "",
        "Messages put aside because they were no announcement.",
    ),
    (
        "usher_spans_total",
        Kind::Counter,
        "outcome (sent, dropped)",
        "Spans for the collector.",
    ),
    ("usher_ready", Kind::Gauge, "", "0 while the server stops."),
    (
        "usher_build_info",
        Kind::Gauge,
        "version, database",
        "Always 1; its labels say what runs.",
    ),
];

/// What kind of figure it is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// Gives the figure its line of help.
    fn describe(self, name: &'static str, meaning: &'static str) {
        match self {
            Self::Counter => metrics::describe_counter!(name, meaning),
            Self::Gauge => metrics::describe_gauge!(name, meaning),
            Self::Histogram => metrics::describe_histogram!(name, meaning),
        }
    }
}

/// How often the gauges are read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const BUCKETS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5,
];

/// A mail server may take its time.
const MAIL_BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Serves them until the program ends, beside whatever else the program tells on this listener.
pub async fn serve(address: SocketAddr, beside: Router) -> Result<()> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .set_buckets_for_metric(Matcher::Full("usher_mail_send_seconds".to_owned()), &MAIL_BUCKETS)?
        .install_recorder()?;
    for (name, kind, _, meaning) in FIGURES {
        kind.describe(name, meaning);
    }
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
    let app = beside.route("/metrics", get(render));
    tokio::spawn(crate::net::serve(listener, app, limits, std::future::pending()));
    Ok(())
}

/// Counts an answer.
pub fn count(method: &Method, route: &str, status: StatusCode, took: Duration) {
    let labels = [
        ("method", method_word(method).to_owned()),
        ("route", route.to_owned()),
    ];
    metrics::histogram!("usher_http_request_seconds", &labels).record(took.as_secs_f64());
    let [method, route] = labels;
    let labels = [method, route, ("status", status.as_str().to_owned())];
    metrics::counter!("usher_http_requests_total", &labels).increment(1);
}

/// Counts a try to send a mail.
pub fn count_mail(outcome: Outcome) {
    let Outcome { name, stage, took } = outcome;
    metrics::counter!("usher_mail_results_total", "outcome" => name, "stage" => stage).increment(1);
    metrics::histogram!("usher_mail_send_seconds", "outcome" => name).record(took.as_secs_f64());
}

/// Keeps the gauges up to date until `stopped` turns true.
pub async fn observe(usher: Arc<Usher>, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("database", usher.db.name()),
    ];
    metrics::gauge!("usher_build_info", &labels).set(1.0);
    while !*stopped.borrow() {
        tokio::select! {
            _ = look.tick() => {}
            _ = stopped.changed() => {}
        }
        observe_threads(&usher);
        observe_broker(&usher.broker);
        observe_outbox(&usher).await;
    }
}

/// The same for what only a server has.
pub async fn observe_server(app: App, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let number = |yes| f64::from(u8::from(yes));
    while !*stopped.borrow() {
        tokio::select! {
            _ = look.tick() => {}
            _ = stopped.changed() => {}
        }
        metrics::gauge!("usher_mail_server_up").set(number(app.mail_is_up.load(Ordering::Relaxed)));
        metrics::gauge!("usher_ready").set(number(!app.is_stopping()));
    }
}

fn observe_threads(usher: &Usher) {
    let hashing = usher.hashing.figures();
    metrics::gauge!("usher_hash_queue").set(hashing.waiting as f64);
    metrics::gauge!("usher_hash_recent_seconds").set(hashing.took.as_secs_f64());
    metrics::counter!("usher_hash_jobs_total", "outcome" => "done").absolute(hashing.done);
    metrics::counter!("usher_hash_jobs_total", "outcome" => "shed").absolute(hashing.shed);
    let checks = usher.session_checks();
    metrics::counter!("usher_session_checks_total", "from" => "memory").absolute(checks.remembered);
    metrics::counter!("usher_session_checks_total", "from" => "database").absolute(checks.asked);
    let (open, idle) = usher.db.connections();
    metrics::gauge!("usher_database_connections", "state" => "idle").set(idle as f64);
    metrics::gauge!("usher_database_connections", "state" => "busy")
        .set((open as usize).saturating_sub(idle) as f64);
}

async fn observe_outbox(usher: &Usher) {
    let depth = usher_store::outbox::depth(&usher.db).await;
    metrics::gauge!("usher_database_up").set(f64::from(u8::from(depth.is_ok())));
    if let Ok(depth) = depth {
        let age = depth
            .oldest
            .map_or(0.0, |oldest| usher.now().since(oldest).as_secs_f64());
        metrics::gauge!("usher_outbox_waiting").set(depth.waiting as f64);
        metrics::gauge!("usher_outbox_leased").set(depth.leased as f64);
        metrics::gauge!("usher_outbox_dead").set(depth.dead as f64);
        metrics::gauge!("usher_outbox_oldest_seconds").set(age);
    }
}

fn observe_broker(figures: &BrokerFigures) {
    for (part, up) in [
        ("relay", figures.relay_is_up()),
        ("worker", figures.consumer_is_up()),
    ] {
        metrics::gauge!("usher_broker_connected", "part" => part).set(f64::from(u8::from(up)));
    }
    for (name, count) in figures.counts() {
        metrics::counter!(format!("usher_broker_{name}_total")).absolute(count);
    }
}

/// The page of the reference.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\nServed at `/metrics` on `metrics.listen`, in the text format of Prometheus.\n\n\
         | name | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for (name, kind, labels, meaning) in FIGURES {
        page.push_str(
            &[
                "| `",
                name,
                "` | ",
                kind.word(),
                " | ",
                labels,
                " | ",
                meaning,
                " |\n",
            ]
            .concat(),
        );
    }
    page
}
