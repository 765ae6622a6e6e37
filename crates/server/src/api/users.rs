//! Accounts, as administrators and their owners see them.

use axum::Json as Answer;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use usher_accounts::id::SessionId;
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use usher_service::profile::Changes;
use usher_service::users::{Export, NewUser};
use utoipa::{IntoParams, ToSchema};

use super::fields::{Fields, NewPerson, id};
use super::inputs;
use super::profile::current_password;
use super::schema::{ProblemBody, ProfileBody};
use super::sessions::SessionBody;
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::body::Json;
use crate::web::problem::Problem;

const PER_PAGE: i64 = 50;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `next_cursor` of the page before.
    #[param(format = Uuid)]
    cursor: Option<String>,
    /// Accounts per page, 1 to 200; 50 without it. Less counts as 1, more as 200.
    limit: Option<i64>,
    /// Part of an address or a username; a whole address finds its account alone.
    search: Option<String>,
}

/// A page of accounts, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserList {
    users: Vec<ProfileBody>,
    /// Ask with it as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A new account. No mail is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "user@example.com", "username": "user123", "password": "Password123"}))]
pub struct CreateRequest {
    #[schema(required = true, value_type = inputs::EmailAddress)]
    email: Option<String>,
    #[serde(alias = "user", alias = "name")]
    #[schema(value_type = Option<inputs::Username>)]
    username: Option<String>,
    #[schema(required = true, value_type = inputs::NewPassword)]
    password: Option<String>,
    /// `user` (default) or `admin`.
    #[schema(value_type = Option<String>, pattern = "^(user|admin)$")]
    role: Option<Role>,
    /// Whether the address counts as proven; true without it.
    verified: Option<bool>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "user124"}))]
pub struct UpdateRequest {
    #[serde(alias = "user", alias = "name")]
    #[schema(value_type = Option<inputs::Username>)]
    username: Option<String>,
    #[schema(value_type = Option<inputs::EmailAddress>)]
    email: Option<String>,
    #[schema(value_type = Option<inputs::NewPassword>)]
    password: Option<String>,
    /// Needed to change one's own address or password.
    current_password: Option<String>,
    /// Administrators only.
    #[schema(value_type = Option<String>, pattern = "^(user|admin)$")]
    role: Option<Role>,
}

/// Something that happened to an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventBody {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(example = "account.verified")]
    kind: String,
    detail: Option<String>,
}

/// Everything stored about a person, less the hashes of their secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportBody {
    profile: ProfileBody,
    sessions: Vec<SessionBody>,
    events: Vec<EventBody>,
}

/// Lists accounts; administrators only.
#[utoipa::path(get, path = "/users", tag = "users", params(ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A page.", body = UserList),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(app): State<App>,
    asker: Asker,
    Query(query): Query<ListQuery>,
) -> Result<Answer<UserList>, Problem> {
    let caller = asker.caller(&app).await?;
    let mut fields = Fields::default();
    let after = query.cursor.map(|cursor| cursor.parse());
    let after = after.transpose().map_err(|_| {
        fields.wrong("cursor", "malformed", "This is no cursor of an earlier page.");
    });
    fields.check()?;
    let limit = query
        .limit
        .unwrap_or(PER_PAGE)
        .clamp(1, usher_service::users::MOST_PER_PAGE);
    let search = query.search.unwrap_or_default();
    let page = app
        .usher
        .list_users(&caller, after.unwrap_or_default(), &search, limit)
        .await?;
    let full = page.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = page.last().filter(|_| full).map(|last| last.id.to_string());
    Ok(Answer(UserList {
        users: page.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

/// Makes an account; administrators only.
#[utoipa::path(post, path = "/users", tag = "users", request_body = CreateRequest, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The account.", body = ProfileBody),
        (status = 400, description = "`email_taken`, `username_taken`, `weak_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn create(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<CreateRequest>,
) -> Result<(StatusCode, Answer<ProfileBody>), Problem> {
    let caller = asker.caller(&app).await?;
    let person = NewPerson {
        email: request.email,
        username: request.username,
        password: request.password,
        verify_password: None,
    };
    let (email, username, password) = person.parse()?;
    let new = NewUser {
        email,
        username,
        password,
        role: request.role.unwrap_or_default(),
        verified: request.verified.unwrap_or(true),
    };
    let made = app.usher.create_user(&caller, new).await?;
    Ok((StatusCode::CREATED, Answer(made.into())))
}

/// An account: its owner's, or anybody's for an administrator.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The account.", body = ProfileBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
) -> Result<Answer<ProfileBody>, Problem> {
    let caller = asker.caller(&app).await?;
    Ok(Answer(app.usher.view(&caller, id(&person)?).await?.into()))
}

/// Changes an account.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)), request_body = UpdateRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The account as it is now.", body = ProfileBody),
        (status = 400, description = "`email_taken`, `username_taken`, `weak_password`, `current_password_wrong`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn update(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
    Json(request): Json<UpdateRequest>,
) -> Result<Answer<ProfileBody>, Problem> {
    let caller = asker.caller(&app).await?;
    let mut fields = Fields::default();
    let changes = Changes {
        username: fields.username("username", request.username),
        email: request.email.and_then(|text| fields.email("email", Some(text))),
        password: request.password,
        current_password: current_password(request.current_password),
        role: request.role,
    };
    fields.check()?;
    Ok(Answer(
        app.usher
            .change(&caller, id(&person)?, changes, &asker.client)
            .await?
            .into(),
    ))
}

/// Changes an account, as `PATCH` does.
#[utoipa::path(put, path = "/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)), request_body = UpdateRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The account as it is now.", body = ProfileBody),
        (status = 400, description = "`email_taken`, `username_taken`, `weak_password`, `current_password_wrong`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn replace(
    app: State<App>,
    person: Path<String>,
    asker: Asker,
    request: Json<UpdateRequest>,
) -> Result<Answer<ProfileBody>, Problem> {
    update(app, person, asker, request).await
}

/// Deletes an account with all that belongs to it: its verified owner, or an administrator.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn delete(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
) -> Result<StatusCode, Problem> {
    let caller = asker.caller(&app).await?;
    app.usher.delete_user(&caller, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything stored about a person.
#[utoipa::path(get, path = "/users/{id}/export", tag = "users", params(("id" = uuid::Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Profile, sessions and events.", body = ExportBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn export(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
) -> Result<Answer<ExportBody>, Problem> {
    let caller = asker.caller(&app).await?;
    let export = app.usher.export(&caller, id(&person)?).await?;
    Ok(Answer(ExportBody::of(export, Some(caller.id))))
}

impl ExportBody {
    /// As it is told to whoever asks in a session, or in none.
    pub(crate) fn of(export: Export, asker: Option<SessionId>) -> Self {
        let sessions = export.sessions.into_iter();
        let events = export.events.into_iter().map(|event| EventBody {
            at: event.at,
            kind: event.kind,
            detail: event.detail,
        });
        Self {
            profile: export.profile.into(),
            sessions: sessions.map(|row| SessionBody::of(row, asker)).collect(),
            events: events.collect(),
        }
    }
}
