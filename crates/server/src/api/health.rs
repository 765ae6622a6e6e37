//! Whether the server lives, and what it is.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `unavailable` while a part is missing.
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// `ok` or `down`.
    #[schema(example = "ok")]
    database: &'static str,
    /// `ok`, or `down` while the mail server does not answer: mail then waits, and registration goes on.
    #[schema(example = "ok")]
    mail: &'static str,
}

/// What the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    #[schema(example = "usher")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    #[schema(example = "/docs")]
    docs: &'static str,
    #[schema(example = "/redoc")]
    redoc: &'static str,
    #[schema(example = "/openapi.json")]
    openapi: &'static str,
    #[schema(example = "/health")]
    health: &'static str,
}

/// What this server is. Browsers get a page.
#[utoipa::path(get, path = "/", tag = "server", responses((status = 200, description = "Name and addresses.", body = About)))]
pub async fn root() -> Json<About> {
    Json(About {
        name: "usher",
        version: env!("CARGO_PKG_VERSION"),
        docs: "/docs",
        redoc: "/redoc",
        openapi: "/openapi.json",
        health: "/health",
    })
}

/// How the server is.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, description = "It answers.", body = Health)))]
pub async fn health(State(app): State<App>) -> Json<Health> {
    Json(look(&app).await)
}

/// Whether the program lives.
#[utoipa::path(get, path = "/health/live", tag = "server", responses((status = 200, description = "It does.", body = Health)))]
pub async fn live(State(app): State<App>) -> Json<Health> {
    Json(look(&app).await)
}

/// Whether requests should be sent here.
#[utoipa::path(get, path = "/health/ready", tag = "server",
    responses(
        (status = 200, description = "They should.", body = Health),
        (status = 503, description = "The database is missing, or the server stops.", body = Health),
    ))]
pub async fn ready(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let health = look(&app).await;
    let ready = health.status == "ok" && app.ready.load(Ordering::SeqCst);
    (
        if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        Json(health),
    )
}

async fn look(app: &App) -> Health {
    let word = |up| if up { "ok" } else { "down" };
    let database = app.usher.db.is_up().await;
    Health {
        status: if database { "ok" } else { "unavailable" },
        version: env!("CARGO_PKG_VERSION"),
        database: word(database),
        mail: word(app.mail_is_up.load(Ordering::Relaxed)),
    }
}
