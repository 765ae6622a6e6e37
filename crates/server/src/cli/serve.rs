//! `usher serve`

use std::net::SocketAddr;

use anyhow::Result;

use super::{Common, outside, say};
use crate::config::Settings;
use crate::net::stop_signal;
use crate::secrets::Secrets;
use crate::telemetry;
use crate::wiring::{self, Server};

pub(super) async fn run(mut common: Common) -> Result<()> {
    let mut settings = common.settings()?;
    telemetry::init(settings.log.format, settings.log.level)?;
    let outside = outside();
    let secrets = wiring::open_secrets(&settings, &*outside.dice)?;
    let listener = wiring::bind(settings.server.listen).await?;
    if settings.server.listen.port() == 0 {
        // The system has chosen a port; whatever follows from it follows from that one.
        common.listen = Some(listener.local_addr()?.to_string());
        settings = common.settings()?;
    }
    let db = wiring::await_database(&settings, &outside).await?;
    let usher = wiring::build_usher(&settings, &secrets, db, outside).await?;
    if let Some(address) = settings.metrics {
        crate::metrics::serve(address, axum::Router::new()).await?;
    }
    let stop = stop_signal()?;
    greet(&settings, &secrets, listener.local_addr()?);
    let report = Server::build(settings, usher, None)?.run(listener, stop).await;
    tracing::info!(
        connections = report.served,
        abandoned = report.abandoned,
        "stopped"
    );
    Ok(())
}

/// The addresses that matter, and where secrets were made; never what they are.
fn greet(settings: &Settings, secrets: &Secrets, address: SocketAddr) {
    for path in &secrets.created {
        say(&format!("made {}", path.display()));
    }
    if !settings.is_development() {
        tracing::info!(%address, url = %settings.server.public_url, "serving");
        return;
    }
    let url = &settings.server.public_url;
    say(&format!(
        "usher {version}, development mode\n\n  \
         home      {url}/\n  \
         register  {url}/register\n  \
         mailbox   {url}/mailbox\n  \
         API docs  {url}/docs\n  \
         health    {url}/health\n",
        version = env!("CARGO_PKG_VERSION"),
    ));
}
