//! One's own data.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Deserialize;
use usher_accounts::password::Password;
use usher_service::profile::Changes;
use utoipa::ToSchema;

use super::fields::{Fields, id};
use super::inputs;
use super::schema::{MessageBody, ProblemBody, ProfileBody};
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user": "user124", "email": "new@example.com", "password": "Password124",
    "current_password": "Password123"}))]
pub struct ProfileRequest {
    /// The username. Also read from `username` and `name`.
    #[serde(alias = "username", alias = "name")]
    #[schema(value_type = Option<inputs::Username>)]
    user: Option<String>,
    /// A new address waits for its own code.
    #[schema(value_type = Option<inputs::EmailAddress>)]
    email: Option<String>,
    #[schema(value_type = Option<inputs::NewPassword>)]
    password: Option<String>,
    /// Needed to change the address or the password.
    current_password: Option<String>,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "Password123", "password": "Password124"}))]
pub struct PasswordRequest {
    current_password: Option<String>,
    #[schema(required = true, value_type = inputs::NewPassword)]
    password: Option<String>,
}

impl ProfileRequest {
    fn changes(self) -> Result<Changes, Problem> {
        let mut fields = Fields::default();
        let username = fields.username("user", self.user);
        let email = self.email.and_then(|text| fields.email("email", Some(text)));
        let current_password = current_password(self.current_password);
        fields.check()?;
        Ok(Changes {
            username,
            email,
            password: self.password,
            current_password,
            role: None,
        })
    }
}

/// A current password that cannot be one is as good as none.
pub fn current_password(text: Option<String>) -> Option<Password> {
    text.and_then(|text| Password::given(text).ok())
}

/// Who is signed in.
#[utoipa::path(get, path = "/auth/me", tag = "profile", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The profile.", body = ProfileBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn me(State(app): State<App>, asker: Asker) -> Result<Answer<ProfileBody>, Problem> {
    let caller = asker.caller(&app).await?;
    Ok(Answer(usher_service::profile::Profile::from(&*caller).into()))
}

/// Changes one's password. All other sessions end.
#[utoipa::path(post, path = "/auth/password/change", tag = "profile", request_body = PasswordRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The password has changed.", body = MessageBody),
        (status = 400, description = "`current_password_wrong`, `weak_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`not_verified`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn change_password(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<PasswordRequest>,
) -> Result<Answer<MessageBody>, Problem> {
    let caller = asker.caller(&app).await?;
    let mut fields = Fields::default();
    let password = fields.required("password", request.password);
    fields.check()?;
    let current_password = current_password(request.current_password);
    let changes = Changes {
        password,
        current_password,
        ..Changes::default()
    };
    app.usher
        .change(&caller, caller.person_id, changes, &asker.client)
        .await?;
    Ok(Answer(MessageBody {
        message: "Password changed.",
    }))
}

/// A profile: one's own, or anybody's for an administrator.
#[utoipa::path(get, path = "/profile/{id}", tag = "profile", params(("id" = uuid::Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The profile.", body = ProfileBody),
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

/// Changes a profile.
///
/// A new e-mail address is pending until its own code is entered; a new password ends all other
/// sessions. Both need the current password.
#[utoipa::path(put, path = "/profile/{id}", tag = "profile", params(("id" = uuid::Uuid, Path)),
    request_body = ProfileRequest, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The profile as it is now.", body = ProfileBody),
        (status = 400, description = "`email_taken`, `username_taken`, `weak_password`, `current_password_wrong`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`, `not_verified`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn update(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
    Json(request): Json<ProfileRequest>,
) -> Result<Answer<ProfileBody>, Problem> {
    let caller = asker.caller(&app).await?;
    let person = id(&person).map_err(|_| Problem::new(Code::NotFound))?;
    let changes = request.changes()?;
    Ok(Answer(
        app.usher
            .change(&caller, person, changes, &asker.client)
            .await?
            .into(),
    ))
}
