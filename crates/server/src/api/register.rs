//! `POST /auth/register`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use usher_accounts::id::PersonId;
use usher_accounts::time::Timestamp;
use usher_service::register::{Application, Registered};
use utoipa::ToSchema;

use super::fields::NewPerson;
use super::inputs;
use super::schema::ProblemBody;
use crate::app::App;
use crate::web::asker::{Asker, Handle};
use crate::web::body::Json;
use crate::web::cookies::Purpose;
use crate::web::problem::Problem;

/// Somebody who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"username": "user123", "email": "user@example.com",
    "password": "Password123", "verify_password": "Password123"}))]
pub struct RegisterRequest {
    #[schema(required = true, value_type = inputs::EmailAddress)]
    email: Option<String>,
    /// Also read from `user` and `name`.
    #[serde(alias = "user", alias = "name")]
    #[schema(value_type = Option<inputs::Username>)]
    username: Option<String>,
    #[schema(required = true, value_type = inputs::NewPassword)]
    password: Option<String>,
    /// The password again, where the form asks for it. Also read from `confirm_password` and
    /// `confirmPassword`.
    #[serde(alias = "confirm_password", alias = "confirmPassword")]
    verify_password: Option<String>,
}

/// A registration that waits for its proof.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisterResponse {
    /// The id the account will have.
    #[schema(value_type = uuid::Uuid)]
    id: PersonId,
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "Registration successful. Verification email sent.")]
    message: &'static str,
    registration: PendingRegistration,
}

/// What the registrant needs to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingRegistration {
    /// The registration, and later the account.
    #[schema(value_type = uuid::Uuid)]
    id: PersonId,
    /// Proof of being the registrant: send it with the code as `handle`, or in the header
    /// `registration-handle`. Keep it secret.
    #[schema(example = "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f.9f86d081884c7d659a2feaa0c55ad015")]
    handle: String,
    /// The mail shows the same word.
    #[schema(example = "k7pm")]
    tag: String,
    /// When another mail may be asked for.
    #[schema(value_type = String, format = DateTime)]
    resend_after: Timestamp,
    /// When the registration lapses.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Registers somebody and mails a code.
///
/// The registration is temporary: it reserves neither address nor username, and only verification makes
/// the account. `id` becomes the account's id.
#[utoipa::path(post, path = "/auth/register", tag = "registration", request_body = RegisterRequest,
    responses(
        (status = 201, description = "A mail with a code and a link leaves in a moment.", body = RegisterResponse),
        (status = 400, description = "`email_taken`, `passwords_differ`, `weak_password`, `username_taken`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn register(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<RegisterRequest>,
) -> Result<Response, Problem> {
    let person = NewPerson {
        email: request.email,
        username: request.username,
        password: request.password,
        verify_password: request.verify_password,
    };
    let (email, username, password) = person.parse()?;
    let registered = app
        .usher
        .register(
            Application {
                email,
                username,
                password,
            },
            &asker.client,
        )
        .await?;
    let handle = handle_of(&registered);
    let cookie = app
        .cookies
        .set(Purpose::Registration, &handle, app.usher.policy.pending_ttl);
    let message = if registered.mailed {
        "Registration successful. Verification email sent."
    } else {
        "Registration successful."
    };
    let body = RegisterResponse {
        id: registered.id,
        email: registered.email,
        message,
        registration: PendingRegistration {
            id: registered.id,
            handle,
            tag: registered.tag,
            resend_after: registered.resend_after,
            expires_at: registered.expires_at,
        },
    };
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], axum::Json(body)).into_response())
}

/// The handle as the client keeps it.
pub fn handle_of(registered: &Registered) -> String {
    Handle {
        id: registered.id,
        secret: registered.handle.clone(),
    }
    .text()
}
