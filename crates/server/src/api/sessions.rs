//! Signed-in devices.

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use usher_accounts::id::SessionId;
use usher_accounts::time::Timestamp;
use usher_store::sessions::{Session, Signed};
use utoipa::ToSchema;

use super::fields::Fields;
use super::schema::ProblemBody;
use super::sign_in::signed_out;
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};

/// A signed-in device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    #[schema(value_type = uuid::Uuid)]
    session_id: SessionId,
    /// Whether it is the one that asks.
    #[schema(example = true)]
    current: bool,
    #[schema(example = "Firefox on Linux")]
    device: String,
    #[schema(example = "192.0.2.7")]
    ip: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_accessed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl SessionBody {
    /// A session as the holder of `current` sees it, or somebody who holds none.
    pub fn of(row: Session, current: Option<SessionId>) -> Self {
        Self {
            session_id: row.id,
            current: current == Some(row.id),
            device: row.device,
            ip: row.ip,
            created_at: row.created_at,
            last_accessed_at: row.last_accessed_at,
            expires_at: row.expires_at,
        }
    }
}

/// All devices of a person, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    sessions: Vec<SessionBody>,
    #[schema(example = 1)]
    total: usize,
}

/// Which session is to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"session_id": "01936f2e-6a2b-7c4d-8e5f-0a1b2c3d4e5f"}))]
pub struct TerminateRequest {
    #[schema(required = true, value_type = uuid::Uuid)]
    session_id: Option<String>,
}

/// A session has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Terminated {
    #[schema(example = "Session terminated.")]
    message: &'static str,
    #[schema(example = true)]
    success: bool,
}

/// Sessions have ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerminatedMany {
    #[schema(example = "Sessions terminated.")]
    message: &'static str,
    #[schema(example = true)]
    success: bool,
    /// How many.
    #[schema(example = 2)]
    terminated: usize,
}

impl TerminatedMany {
    fn new(terminated: usize) -> Self {
        Self {
            message: "Sessions terminated.",
            success: true,
            terminated,
        }
    }
}

/// Lists one's own sessions.
#[utoipa::path(get, path = "/sessions", tag = "sessions", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "All live sessions.", body = SessionList),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn list(State(app): State<App>, asker: Asker) -> Result<Answer<SessionList>, Problem> {
    let caller = asker.caller(&app).await?;
    let rows = app.usher.list_sessions(caller.person_id).await?;
    let sessions: Vec<_> = rows
        .into_iter()
        .map(|row| SessionBody::of(row, Some(caller.id)))
        .collect();
    Ok(Answer(SessionList {
        total: sessions.len(),
        sessions,
    }))
}

/// Ends one of one's own sessions, at once.
#[utoipa::path(method(post, delete), path = "/sessions/terminate", tag = "sessions", request_body = TerminateRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "It has ended.", body = Terminated),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no such session of yours", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn terminate(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<TerminateRequest>,
) -> Result<Answer<Terminated>, Problem> {
    let caller = asker.caller(&app).await?;
    end_one(&app, &caller, request.session_id).await?;
    Ok(Answer(Terminated {
        message: "Session terminated.",
        success: true,
    }))
}

/// Ends the session of the caller that was sent as `session_id`.
pub(crate) async fn end_one(app: &App, caller: &Signed, session_id: Option<String>) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let id = fields.required("session_id", session_id).and_then(|text| {
        let id = text.parse::<SessionId>();
        id.map_err(|_| fields.wrong("session_id", "malformed", "This is no session id."))
            .ok()
    });
    fields.check()?;
    let id = id.ok_or_else(|| Problem::new(Code::InvalidInput))?;
    if !app.usher.end_session(caller.person_id, id).await? {
        return Err(Problem::new(Code::NotFound).because("You have no such session."));
    }
    Ok(())
}

/// Ends all of one's sessions but this one.
#[utoipa::path(method(post, delete), path = "/sessions/terminate-others", tag = "sessions",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "They have ended.", body = TerminatedMany),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn terminate_others(
    State(app): State<App>,
    asker: Asker,
) -> Result<Answer<TerminatedMany>, Problem> {
    let caller = asker.caller(&app).await?;
    let ended = app.usher.end_other_sessions(caller.person_id, caller.id).await?;
    Ok(Answer(TerminatedMany::new(ended)))
}

/// Ends all of one's sessions, this one too.
#[utoipa::path(method(post, delete), path = "/sessions/terminate-all", tag = "sessions",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "They have ended.", body = TerminatedMany),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn terminate_all(State(app): State<App>, asker: Asker) -> Result<Response, Problem> {
    let caller = asker.caller(&app).await?;
    let ended = app.usher.end_all_sessions(caller.person_id).await?;
    Ok((signed_out(&app), Answer(TerminatedMany::new(ended))).into_response())
}
