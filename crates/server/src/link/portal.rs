//! Where browsers of people who are not signed in end up: whatever they ask for, they are sent to the portal.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;

/// The page of one's own share; whoever is not signed in is sent on from there.
const PORTAL: &str = "/link/me";

/// Sends everybody on, until `stop` turns true.
pub(super) async fn serve(app: App, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let target = format!("{}{PORTAL}", app.settings.server.public_url);
    let sent_on = Router::new().fallback(move || {
        let target = target.clone();
        // 302 and no-store: the browser must ask again once it is signed in.
        async move {
            (
                StatusCode::FOUND,
                [(LOCATION, target), (CACHE_CONTROL, "no-store".to_owned())],
            )
        }
    });
    let limits = crate::wiring::net_limits(&app.settings);
    let stopped = async move {
        let _ = stop.wait_for(|stopped| *stopped).await.is_ok();
    };
    crate::net::serve(listener, sent_on, limits, stopped).await;
}
