//! The pages' requests: what is shown, and what a form does. Handlers translate between forms and the
//! stories, as those of the API do between JSON and the stories.

mod account;
mod arrival;
mod changes;
mod complaints;
mod docs;
mod files;
mod home;
mod link;
mod login;
mod mailbox;
mod register;
mod sessions;
mod share;
mod told;
mod verify;
mod visit;
mod waiting;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::web::cross_site::Standing;
use crate::web::problem::{Code, Problem};

/// All pages.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/register", get(register::show).post(register::submit))
        .route("/verify", get(verify::show).post(verify::submit))
        .route("/auth/verify/{token}", get(link::show).post(link::submit))
        .route("/auth/resend", post(verify::resend))
        .route("/login", get(login::show).post(login::submit))
        .route("/auth/logout", post(login::sign_out))
        .merge(own())
        .route("/mailbox", get(mailbox::list))
        .route("/mailbox/clear", post(mailbox::clear))
        .route("/mailbox/message/{id}", get(mailbox::message))
        .route("/mailbox/email/{id}/html", get(mailbox::html))
        .route("/docs", get(docs::swagger_ui))
        .route("/redoc", get(docs::redoc))
        .route("/favicon.ico", get(files::icon))
        .route("/assets/{name}", get(files::asset))
        .route_layer(middleware::from_fn(only_from_here))
        .with_state(app)
}

/// The pages of somebody who is signed in.
fn own() -> Router<App> {
    Router::new()
        .route("/account", get(account::show))
        .route("/account/profile", post(changes::username))
        .route("/account/email", post(changes::email))
        .route("/account/email/verify", post(changes::verify_email))
        .route("/account/password", post(changes::password))
        .route("/account/sessions/end", post(sessions::end))
        .route("/account/sessions/end-others", post(sessions::end_others))
        .route("/account/sessions/end-all", post(sessions::end_all))
        .route("/link", get(share::dashboard))
        .route("/link/me", get(share::show).post(share::resume))
}

/// A form counts only when the browser says that it comes from this site: a sign-in, too, may be
/// somebody else's idea, and it needs no cookie to do harm.
async fn only_from_here(request: Request, next: Next) -> Response {
    if request.extensions().get() == Some(&Standing::Ours) {
        next.run(request).await
    } else {
        Problem::new(Code::CrossSite).into_response()
    }
}
