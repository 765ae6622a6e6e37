//! Signing in, staying signed in, signing out.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use usher_accounts::email::EmailAddress;
use usher_accounts::password::Password;
use usher_service::client::Client;
use usher_service::sessions::SignedIn;
use utoipa::ToSchema;

use super::fields::Fields;
use super::inputs;
use super::schema::{MessageBody, ProblemBody, SignedInBody};
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::body::{Form, Json};
use crate::web::cookies::Purpose;
use crate::web::problem::{Code, Problem};

/// Address and password.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "user@example.com", "password": "Password123"}))]
pub struct LoginRequest {
    #[schema(required = true, value_type = String)]
    email: Option<String>,
    #[schema(required = true, value_type = inputs::GivenPassword)]
    password: Option<String>,
}

/// The password form of OAuth 2.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "password", "username": "user@example.com", "password": "Password123"}))]
pub struct TokenForm {
    /// `password`, where it is sent.
    #[schema(pattern = "^(password)?$")]
    grant_type: Option<String>,
    /// The e-mail address.
    #[schema(required = true, value_type = String)]
    username: Option<String>,
    #[schema(required = true, value_type = inputs::GivenPassword)]
    password: Option<String>,
}

/// A refresh token; nothing, where the cookie holds it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"refresh_token": "AZNvLlwaez6fADobLD1OXwAAAAD…"}))]
pub struct RefreshRequest {
    refresh_token: Option<String>,
}

/// Signs in with address and password.
#[utoipa::path(post, path = "/auth/login", tag = "sign-in", request_body = LoginRequest,
    responses(
        (status = 200, description = "A session. Browsers get it as HttpOnly cookies too.", body = SignedInBody),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn login(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Problem> {
    let signed_in = log_in(&app, &asker.client, request.email, request.password).await?;
    Ok(answer(&app, signed_in))
}

/// Signs in with the password form of OAuth 2.
#[utoipa::path(post, path = "/auth/access-token", tag = "sign-in",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A session.", body = SignedInBody),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn access_token(
    State(app): State<App>,
    asker: Asker,
    Form(form): Form<TokenForm>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    if form
        .grant_type
        .is_some_and(|kind| !kind.is_empty() && kind != "password")
    {
        fields.wrong(
            "grant_type",
            "unsupported",
            "Only the grant type password is known here.",
        );
    }
    let email = fields.required("username", form.username);
    let password = fields.password("password", form.password);
    fields.check()?;
    let signed_in = sign_in(&app, &asker.client, email.as_deref(), password).await?;
    Ok(answer(&app, signed_in))
}

/// Exchanges a refresh token for new tokens.
///
/// For ten seconds after its first use a token brings the same successor; used later again, it ends its
/// session.
#[utoipa::path(post, path = "/auth/refresh", tag = "sign-in", request_body = RefreshRequest,
    responses(
        (status = 200, description = "New tokens of the same session.", body = SignedInBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn refresh(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<RefreshRequest>,
) -> Result<Response, Problem> {
    let token = request
        .refresh_token
        .as_deref()
        .or(asker.cookies.get(Purpose::Refresh));
    let token = token.ok_or_else(|| {
        let code = if asker.ignored_cookies {
            Code::CrossSite
        } else {
            Code::NotAuthenticated
        };
        Problem::new(code)
    })?;
    let signed_in = app.usher.refresh(token).await?;
    Ok(answer(&app, signed_in))
}

/// Ends this session.
#[utoipa::path(post, path = "/auth/logout", tag = "sign-in", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The session has ended.", body = MessageBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn logout(State(app): State<App>, asker: Asker) -> Result<Response, Problem> {
    let caller = asker.caller(&app).await?;
    app.usher.end_session(caller.person_id, caller.id).await?;
    Ok((
        signed_out(&app),
        axum::Json(MessageBody {
            message: "Signed out.",
        }),
    )
        .into_response())
}

/// Signs in with what was sent as `email` and `password`.
pub(crate) async fn log_in(
    app: &App,
    client: &Client,
    email: Option<String>,
    password: Option<String>,
) -> Result<SignedIn, Problem> {
    let mut fields = Fields::default();
    let email = fields.required("email", email);
    let password = fields.password("password", password);
    fields.check()?;
    sign_in(app, client, email.as_deref(), password).await
}

async fn sign_in(
    app: &App,
    client: &Client,
    email: Option<&str>,
    password: Option<Password>,
) -> Result<SignedIn, Problem> {
    let (Some(email), Some(password)) = (email, password) else {
        return Err(Problem::new(Code::InvalidInput));
    };
    // What is no address belongs to nobody.
    let email = EmailAddress::parse(email).map_err(|_| Problem::new(Code::InvalidCredentials))?;
    Ok(app.usher.log_in(&email, password, client).await?)
}

fn answer(app: &App, signed_in: SignedIn) -> Response {
    (
        signed_in_cookies(app, &signed_in),
        axum::Json(SignedInBody::from(signed_in)),
    )
        .into_response()
}

type CookieLines<const N: usize> = AppendHeaders<[(axum::http::HeaderName, String); N]>;

/// The cookies of somebody who has signed in.
pub fn signed_in_cookies(app: &App, signed_in: &SignedIn) -> CookieLines<3> {
    let life = signed_in.session_expires_at.since(app.usher.now());
    let set = |purpose, value: &str, life| (SET_COOKIE, app.cookies.set(purpose, value, life));
    AppendHeaders([
        set(Purpose::Access, &signed_in.access_token, signed_in.expires_in),
        set(Purpose::Refresh, &signed_in.refresh_token, life),
        set(Purpose::Device, &signed_in.device_mark, life),
    ])
}

/// Removes the cookies of somebody who has signed out.
pub fn signed_out(app: &App) -> CookieLines<2> {
    AppendHeaders(
        [Purpose::Access, Purpose::Refresh].map(|purpose| (SET_COOKIE, app.cookies.remove(purpose))),
    )
}
