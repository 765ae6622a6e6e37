//! The shared link beside the accounts: what the gateway is told, what it reports, and who watches.

#[cfg(unix)]
mod agent;
mod hub;
mod portal;
mod record;

pub use hub::{Agent, Event, Hub};

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;

/// Starts everything the link needs, until `stop` turns true; nothing where it is off.
pub async fn start(app: &App, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) -> Result<()> {
    let (Some(settings), Some(hub)) = (&app.settings.link, &app.link) else {
        return Ok(());
    };
    let recorder = record::Recorder::new(app.clone());
    #[cfg(unix)]
    tasks.spawn(agent::follow(
        app.clone(),
        Arc::clone(hub),
        recorder,
        stop.clone(),
    ));
    if let Some(address) = settings.portal {
        let listener = crate::wiring::bind(address)
            .await
            .context("cannot open link.portal")?;
        tasks.spawn(portal::serve(app.clone(), listener, stop.clone()));
    }
    Ok(())
}
