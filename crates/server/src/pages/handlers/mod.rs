//! The pages' requests: what is shown, and what a form does.

mod files;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// All pages.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/assets/{name}", get(files::asset))
        .with_state(app)
}
