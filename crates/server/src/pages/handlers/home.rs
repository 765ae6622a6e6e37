//! The first page.

use axum::response::Response;

use super::visit::Visit;
use crate::pages::view::View;
use crate::web::problem::Problem;

/// `GET /`
pub(super) async fn show(visit: Visit) -> Result<Response, Problem> {
    visit.page(&View::Home)
}
