//! The development mailbox as JSON, in the shape of MailDev. There is none where mail really leaves.

use axum::Json;
use axum::extract::{Path, State};
use usher_mail::{Mailbox, MailboxEmail};

use super::schema::ProblemBody;
use crate::app::App;
use crate::web::problem::{Code, Problem};

/// The development mailbox, where there is one.
pub(crate) fn mailbox(app: &App) -> Result<&Mailbox, Problem> {
    app.mailbox.as_ref().ok_or_else(|| Problem::new(Code::NotFound))
}

/// All mails in the development mailbox.
#[utoipa::path(get, path = "/mailbox/email", tag = "development",
    responses(
        (status = 200, description = "In the shape of MailDev's API.", body = Vec<serde_json::Value>,
            example = json!([{"id": "5f0c2e6b", "subject": "Your verification code: 1234", "to": [{"address": "user@example.com", "name": ""}]}])),
        (status = 404, description = "`not_found`: mail leaves for real here", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<MailboxEmail>>, Problem> {
    Ok(Json(mailbox(&app)?.list()))
}

/// One mail in the development mailbox.
#[utoipa::path(get, path = "/mailbox/email/{id}", tag = "development", params(("id" = String, Path)),
    responses(
        (status = 200, description = "In the shape of MailDev's API.", body = serde_json::Value,
            example = json!({"id": "5f0c2e6b", "subject": "Your verification code: 1234", "to": [{"address": "user@example.com", "name": ""}]})),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn show(State(app): State<App>, Path(id): Path<String>) -> Result<Json<MailboxEmail>, Problem> {
    mailbox(&app)?
        .get(&id)
        .map(Json)
        .ok_or_else(|| Problem::new(Code::NotFound))
}

/// Empties the development mailbox.
#[utoipa::path(delete, path = "/mailbox/email/all", tag = "development",
    responses(
        (status = 200, description = "`true`, as MailDev answers.", body = bool, content_type = "application/json", example = json!(true)),
        (status = 404, description = "`not_found`: mail leaves for real here", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn clear(State(app): State<App>) -> Result<Json<bool>, Problem> {
    mailbox(&app)?.clear();
    Ok(Json(true))
}
