//! Proving an address: by code, by password and code, by link; another mail; how the mail fares.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use usher_accounts::email::EmailAddress;
use usher_accounts::time::Timestamp;
use usher_service::resend::{Delivery, MailStatus, Wants};
use usher_service::verify::Proof;
use usher_store::sessions::Signed;
use utoipa::ToSchema;

use super::fields::Fields;
use super::inputs;
use super::schema::{MessageBody, ProblemBody};
use crate::app::App;
use crate::web::asker::{Asker, Basic, Handle};
use crate::web::body::Json;
use crate::web::cookies::Purpose;
use crate::web::problem::{Code, Problem};

const VERIFIED: &str = "Email verified successfully. Registration completed.";
const RESENT: &str = "If a registration waits for this address, another mail is on its way.";

/// An address and the code that was mailed to it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "user@example.com", "verification_code": "1234"}))]
pub struct VerifyRequest {
    #[schema(required = true, value_type = inputs::EmailAddress)]
    email: Option<String>,
    /// Also read from `code`.
    #[serde(alias = "code")]
    #[schema(required = true, value_type = String)]
    verification_code: Option<String>,
    /// The handle from registration, where the code alone may not be enough.
    handle: Option<String>,
}

/// A code.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"code": "1234"}))]
pub struct ActivateRequest {
    #[serde(alias = "verification_code")]
    #[schema(required = true, value_type = String)]
    code: Option<String>,
}

/// What goes with a link.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"code": "1234", "password": "Password123"}))]
pub struct LinkRequest {
    #[serde(alias = "verification_code")]
    code: Option<String>,
    /// The password, for a client that has no handle.
    #[schema(value_type = Option<inputs::GivenPassword>)]
    password: Option<String>,
    /// The handle from registration.
    handle: Option<String>,
}

/// Whose mail is to be sent again; nothing, where a cookie, a handle or a token says so.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "user@example.com"}))]
pub struct ResendRequest {
    #[schema(value_type = Option<inputs::EmailAddress>)]
    email: Option<String>,
    /// The handle from registration.
    handle: Option<String>,
}

/// How the mail fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistrationStatus)]
pub struct StatusBody {
    /// `queued`, `sent`, `deferred` (tried again) or `failed`.
    #[schema(example = "sent")]
    mail: &'static str,
    /// When the mail server took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    /// When its code stops being right.
    #[schema(value_type = Option<String>, format = DateTime)]
    code_expires_at: Option<Timestamp>,
    /// When another may be asked for.
    #[schema(value_type = String, format = DateTime)]
    resend_after: Timestamp,
}

impl From<MailStatus> for StatusBody {
    fn from(status: MailStatus) -> Self {
        let mail = match status.mail {
            Delivery::Queued => "queued",
            Delivery::Sent => "sent",
            Delivery::Deferred => "deferred",
            Delivery::Failed => "failed",
        };
        let MailStatus {
            sent_at,
            code_expires_at,
            resend_after,
            ..
        } = status;
        Self {
            mail,
            sent_at,
            code_expires_at,
            resend_after,
        }
    }
}

/// Verifies by address and code.
///
/// The code proves the mailbox. Who registered is proven by the handle (in the body, the header
/// `registration-handle` or the cookie), or by coming from where the one registration for this address
/// was made; otherwise the answer is `registration_ambiguous`. Somebody signed in proves a new address
/// of theirs in the same way.
#[utoipa::path(post, path = "/auth/verify", tag = "registration", request_body = VerifyRequest,
    responses(
        (status = 200, description = "The account exists.", body = MessageBody),
        (status = 400, description = "`code_invalid`, `code_expired`, `registration_ambiguous`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn verify(
    State(app): State<App>,
    asker: Asker,
    Json(request): Json<VerifyRequest>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let email = fields.email("email", request.email);
    let code = fields.required("verification_code", request.verification_code);
    fields.check()?;
    let (Some(email), Some(code)) = (email, code) else {
        return Err(Problem::new(Code::InvalidInput));
    };
    let handle = asker.handle(request.handle.as_deref());
    let caller = asker.perhaps_caller(&app).await?;
    let secret = handle.as_ref().map(|handle| handle.secret.as_str());
    let proof = Proof {
        handle: secret,
        password: None,
        caller: caller.as_deref(),
    };
    app.usher
        .verify_by_address(&email, &code, &proof, &asker.client)
        .await?;
    Ok(verified(&app))
}

/// Activates by e-mail, password (HTTP Basic) and code.
#[utoipa::path(method(post, patch), path = "/auth/activate", tag = "registration", request_body = ActivateRequest,
    security(("basic" = [])),
    responses(
        (status = 200, description = "The account exists.", body = MessageBody),
        (status = 400, description = "`code_invalid`, `code_expired`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`, `not_authenticated`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`already_verified`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn activate(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
    Json(request): Json<ActivateRequest>,
) -> Result<Response, Problem> {
    let basic = Basic::read(&headers).ok_or_else(|| Problem::new(Code::NotAuthenticated))??;
    let mut fields = Fields::default();
    let code = fields.required("code", request.code);
    fields.check()?;
    let code = code.unwrap_or_default();
    let email = EmailAddress::parse(&basic.name).map_err(|_| Problem::new(Code::InvalidCredentials))?;
    app.usher
        .verify_by_password(&email, basic.password, &code, &asker.client)
        .await?;
    Ok(verified(&app))
}

/// Verifies by the link in the mail and the code beside it.
///
/// The registrant proves to be one by handle, password, or by coming from where the one registration was
/// made. `GET` on the same path shows a page and changes nothing.
#[utoipa::path(post, path = "/auth/verify/{token}", tag = "registration", request_body = LinkRequest,
    params(("token" = String, Path, description = "The secret of the link.")),
    responses(
        (status = 200, description = "The account exists.", body = MessageBody),
        (status = 400, description = "`code_invalid`, `code_expired`, `registration_ambiguous`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the link is not valid any more", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn verify_link(
    State(app): State<App>,
    Path(token): Path<String>,
    asker: Asker,
    Json(request): Json<LinkRequest>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let password = request
        .password
        .and_then(|text| fields.password("password", Some(text)));
    fields.check()?;
    let handle = asker.handle(request.handle.as_deref());
    let caller = asker.perhaps_caller(&app).await?;
    let secret = handle.as_ref().map(|handle| handle.secret.as_str());
    let proof = Proof {
        handle: secret,
        password: password.map(Into::into),
        caller: caller.as_deref(),
    };
    app.usher
        .verify_by_link(&token, request.code.as_deref(), &proof, &asker.client)
        .await?;
    Ok(verified(&app))
}

/// Sends another mail with a new code.
///
/// The answer is the same whether or not there is anything to send.
#[utoipa::path(post, path = "/auth/resend", tag = "registration", request_body = ResendRequest,
    security((), ("basic" = []), ("bearer" = [])),
    responses((status = 202, description = "Always the same.", body = MessageBody)))]
pub async fn resend(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
    Json(request): Json<ResendRequest>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let address = request.email.and_then(|text| fields.email("email", Some(text)));
    fields.check()?;
    let handle = asker.handle(request.handle.as_deref());
    let caller = asker.perhaps_caller(&app).await?;
    let wants = if let Some(basic) = Basic::read(&headers) {
        let Basic { name, password } = basic?;
        let email = EmailAddress::parse(&name).map_err(|_| Problem::new(Code::InvalidCredentials))?;
        Some(Wants::Password(email, password))
    } else {
        wanted_mail(&app, handle, caller.as_deref(), address).await?
    };
    if let Some(wants) = wants {
        app.usher.resend(wants, &asker.client).await?;
    }
    Ok(accepted())
}

/// Whose mail is to be sent again: the caller's change of address, the registration the handle proves or
/// the caller is signed in as, or what waits for the address. `None` when there is only a handle and its registration is over.
pub(crate) async fn wanted_mail<'a>(
    app: &App,
    handle: Option<Handle>,
    caller: Option<&'a Signed>,
    address: Option<EmailAddress>,
) -> Result<Option<Wants<'a>>, Problem> {
    if let Some(caller) = caller.filter(|caller| caller.is_account) {
        return Ok(Some(Wants::Caller(caller)));
    }
    let registration = match &handle {
        Some(handle) => app.usher.registration_of(handle.id, &handle.secret).await?,
        None => None,
    };
    if let Some(row) = registration {
        return Ok(Some(Wants::Registration(row)));
    }
    if let Some(caller) = caller {
        return Ok(Some(Wants::Caller(caller)));
    }
    if handle.is_some() && address.is_none() {
        return Ok(None);
    }
    let Some(address) = address else {
        let mut fields = Fields::default();
        fields.required("email", None);
        return fields.check().map(|()| None);
    };
    Ok(Some(Wants::Address(address)))
}

/// How the mail of this client's registration fares.
#[utoipa::path(get, path = "/auth/registration", tag = "registration",
    params(("registration-handle" = Option<String>, Header, description = "The handle, for clients without the cookie.")),
    responses(
        (status = 200, description = "Only the registrant sees it.", body = StatusBody),
        (status = 401, description = "`not_authenticated`: there is no handle", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the registration is over", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn registration(State(app): State<App>, asker: Asker) -> Result<axum::Json<StatusBody>, Problem> {
    let usher = &app.usher;
    let status = if let Some(handle) = asker.handle(None) {
        match usher.registration_of(handle.id, &handle.secret).await? {
            Some(row) => Some(usher.mail_status(row.id.as_bytes(), row.created_at).await?),
            None => usher.mail_status_of_nobody(handle.id),
        }
    } else {
        let caller = asker.caller(&app).await?;
        Some(
            usher
                .mail_status(caller.person_id.as_bytes(), caller.created_at)
                .await?,
        )
    };
    let status = status.ok_or_else(|| Problem::new(Code::NotFound).because("This registration is over."))?;
    Ok(axum::Json(status.into()))
}

fn verified(app: &App) -> Response {
    let cookie = app.cookies.remove(Purpose::Registration);
    (
        [("set-cookie", cookie)],
        axum::Json(MessageBody { message: VERIFIED }),
    )
        .into_response()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(MessageBody { message: RESENT })).into_response()
}
