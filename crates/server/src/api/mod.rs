//! The HTTP API: handlers translate between JSON and the stories, and decide nothing.

pub mod document;
pub mod fields;
pub mod health;
pub mod inputs;
pub mod keys;
pub mod link;
pub mod mailbox;
mod page_documents;
pub mod profile;
pub mod register;
pub mod schema;
pub mod sessions;
pub mod sign_in;
pub mod users;
pub mod verify;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// All endpoints, and their description.
pub fn router(app: App) -> Router {
    let (router, document) = parts();
    let text = document.to_pretty_json().unwrap_or_default();
    router
        .route(
            "/openapi.json",
            get(move || {
                let text = text.clone();
                async move { ([(CONTENT_TYPE, "application/json")], text) }
            }),
        )
        .with_state(app)
}

/// The description alone.
pub fn document() -> OpenApi {
    parts().1
}

fn parts() -> (Router<App>, OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(document::base())
        .routes(routes!(register::register))
        .routes(routes!(verify::verify))
        .routes(routes!(verify::activate))
        .routes(routes!(verify::verify_link))
        .routes(routes!(verify::resend))
        .routes(routes!(verify::registration))
        .routes(routes!(sign_in::login))
        .routes(routes!(sign_in::access_token))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_in::logout))
        .routes(routes!(profile::me))
        .routes(routes!(profile::change_password))
        .routes(routes!(profile::show, profile::update))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::update, users::replace, users::delete))
        .routes(routes!(users::export))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::terminate))
        .routes(routes!(sessions::terminate_others))
        .routes(routes!(sessions::terminate_all))
        .routes(routes!(keys::jwks))
        .routes(routes!(health::root))
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(link::reports::recent))
        .routes(routes!(link::reports::stream))
        .routes(routes!(link::reports::runs))
        .routes(routes!(link::reports::run))
        .routes(routes!(link::share::me))
        .routes(routes!(link::share::captive))
        .routes(routes!(
            link::plans::plan,
            link::plans::set_plan,
            link::plans::remove_plan
        ))
        .routes(routes!(mailbox::list))
        .routes(routes!(mailbox::show))
        .routes(routes!(mailbox::clear))
        .split_for_parts();
    document::complete(&mut document);
    (router, document)
}
