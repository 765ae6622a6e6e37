//! The documentation of the API.

use axum::response::Response;

use super::visit::Visit;
use crate::pages::view::{ApiDocs, View};
use crate::web::problem::Problem;

/// `GET /docs`
pub(super) async fn swagger_ui(visit: Visit) -> Result<Response, Problem> {
    visit.page(&View::ApiDocs(ApiDocs::SWAGGER_UI))
}

/// `GET /redoc`
pub(super) async fn redoc(visit: Visit) -> Result<Response, Problem> {
    visit.page(&View::ApiDocs(ApiDocs::REDOC))
}
