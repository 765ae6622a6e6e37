//! `usher worker`

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::watch;
use usher_mail::Transport;
use usher_service::Usher;

use super::{Common, outside};
use crate::config::{self, DatabaseUrl, Settings};
use crate::net::stop_signal;
use crate::{metrics, telemetry, wiring};

/// How long the health page waits for the mail server.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(common: Common) -> Result<()> {
    let settings = common.settings()?;
    judge(&settings)?;
    telemetry::init(settings.log.format, settings.log.level)?;
    let outside = outside();
    let secrets = wiring::open_secrets(&settings, &*outside.dice)?;
    let db = wiring::await_database(&settings, &outside).await?;
    let usher = Arc::new(wiring::build_usher(&settings, &secrets, db, outside).await?);
    let transport = Arc::new(wiring::mail_transport(&settings)?);
    let templates = Arc::new(wiring::mail_templates(&settings)?);
    if let Some(address) = settings.metrics {
        metrics::serve(
            address,
            health(&usher, &transport, settings.queue.broker.is_some()),
        )
        .await?;
    }
    let signal = stop_signal()?;
    let (stop, stopped) = watch::channel(false);
    let worker = wiring::worker(&settings, Arc::clone(&usher), transport, templates);
    let working = tokio::spawn(worker.run(stopped.clone()));
    // Servers on the same PostgreSQL tell of their mail, broker or not.
    let hearing = tokio::spawn(Arc::clone(&usher).hear_nodes(stopped.clone()));
    let observing = tokio::spawn(metrics::observe(Arc::clone(&usher), stopped));
    tracing::info!("sending the mail that waits");
    signal.await;
    // The receivers live as long as the tasks do.
    let _ = stop.send(true);
    working.await?;
    hearing.await?;
    observing.await?;
    usher.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// What a worker cannot be of use with.
fn judge(settings: &Settings) -> Result<()> {
    if settings.mail.transport == config::Transport::Mailbox {
        bail!("the development mailbox is inside the server; set mail.transport to \"smtp\" or \"file\"");
    }
    let embedded_only = matches!(settings.database, DatabaseUrl::Sqlite(_)) && !settings.queue.is_shared();
    if embedded_only {
        bail!(
            "the server has this database to itself; set queue.embedded = false or queue.broker = \"amqp\" \
             for the server and the worker"
        );
    }
    Ok(())
}

/// `/health` beside the metrics.
fn health(usher: &Arc<Usher>, transport: &Arc<Transport>, has_broker: bool) -> Router {
    let (usher, transport) = (Arc::clone(usher), Arc::clone(transport));
    let answer = move || {
        let (usher, transport) = (Arc::clone(&usher), Arc::clone(&transport));
        async move {
            let word = |up| if up { "ok" } else { "down" };
            let database = usher.db.is_up().await;
            let mail = tokio::time::timeout(PATIENCE, transport.check())
                .await
                .is_ok_and(|checked| checked.is_ok());
            let broker = if has_broker {
                word(usher.broker.consumer_is_up())
            } else {
                "none"
            };
            let (status, said) = if database {
                (StatusCode::OK, "ok")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            };
            let body = json!({
                "status": said,
                "version": env!("CARGO_PKG_VERSION"),
                "database": word(database),
                "mail": word(mail),
                "broker": broker,
            });
            (status, Json(body))
        }
    };
    Router::new().route("/health", get(answer))
}
