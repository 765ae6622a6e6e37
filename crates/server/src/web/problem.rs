//! Every way of saying no, once: the code that programs read, its status, and the sentence for people.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use usher_accounts::password::PasswordError;
use usher_service::Trouble;
use usher_service::log_in::LogInError;
use usher_service::profile::ChangeError;
use usher_service::refresh::RefreshError;
use usher_service::register::RegisterError;
use usher_service::sessions::AuthenticateError;
use usher_service::verify::VerifyError;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// A stable name for a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name),+ }

        impl Code {
            /// All of them, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in `code`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The status it comes with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// The same few words each time.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// What it means and what to do about it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),+ }
            }
        }
    };
}

codes! {
    /// The address belongs to an account. Sign in, or register another one.
    EmailTaken = "email_taken", BAD_REQUEST, "Address in use";
    /// The two passwords of the form are not the same.
    PasswordsDiffer = "passwords_differ", BAD_REQUEST, "Passwords differ";
    /// The password is too short, too common, or the same as the address or the username.
    WeakPassword = "weak_password", BAD_REQUEST, "Weak password";
    /// The username belongs to somebody else.
    UsernameTaken = "username_taken", BAD_REQUEST, "Username in use";
    /// The code is not right, was used, has no attempts left, or nothing waits for one.
    CodeInvalid = "code_invalid", BAD_REQUEST, "Wrong code";
    /// The time of the code is over. Ask for a new one.
    CodeExpired = "code_expired", BAD_REQUEST, "Code expired";
    /// The code is right, but address and code alone do not say who registered: send the registration's handle, the password (Basic), or use the browser that registered.
    RegistrationAmbiguous = "registration_ambiguous", BAD_REQUEST, "Second proof needed";
    /// The current password is missing or wrong.
    CurrentPasswordWrong = "current_password_wrong", BAD_REQUEST, "Wrong current password";
    /// Address or password are wrong. Which of them is not said.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "Wrong address or password";
    /// There is no good token with the request.
    NotAuthenticated = "not_authenticated", UNAUTHORIZED, "Not signed in";
    /// The token is good, but its session is over. Sign in again.
    SessionEnded = "session_ended", UNAUTHORIZED, "Session ended";
    /// This is not yours, or takes an administrator.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// This takes a verified address.
    NotVerified = "not_verified", FORBIDDEN, "Not verified";
    /// A browser sent this on behalf of another site, or it cannot be told. Send the token in the Authorization header, or the request from the site itself.
    CrossSite = "cross_site", FORBIDDEN, "Cross-site request";
    /// There is nothing here.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The path exists, the method does not. `Allow` says which do.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The address is verified already.
    AlreadyVerified = "already_verified", CONFLICT, "Already verified";
    /// The body is larger than any honest one.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "Body too large";
    /// The body is in a form that is not understood here. Send JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// Something in the input is missing or malformed; `errors` says what.
    InvalidInput = "invalid_input", UNPROCESSABLE_ENTITY, "Invalid input";
    /// The body of the request did not arrive in time.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "Request timeout";
    /// Too many attempts. `Retry-After` says when to try again.
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    /// The server has more to do than it can in good time, or the database does not answer. `Retry-After` says when to try again.
    Busy = "busy", SERVICE_UNAVAILABLE, "Busy";
    /// Something went wrong here. The log knows it by the request id.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Its name in the request.
    #[schema(example = "email")]
    pub field: String,
    /// A stable name for what is wrong.
    #[schema(example = "malformed")]
    pub code: &'static str,
    /// A plain sentence.
    #[schema(example = "This is not an e-mail address.")]
    pub detail: String,
}

/// A refusal, before it knows the request it answers.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What programs read.
    pub code: Code,
    /// What people read.
    pub detail: String,
    /// What is wrong with the input, field by field.
    pub errors: Vec<FieldError>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A refusal with its common sentence.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: sentence(code).to_owned(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// The same, with a sentence of its own.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Input that cannot be taken.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(Code::InvalidInput);
        if let [only] = errors.as_slice() {
            problem.detail.clone_from(&only.detail);
        }
        problem.errors = errors;
        problem
    }

    /// A refusal that one field is to blame for.
    pub fn of_field(code: Code, field: &str) -> Self {
        let mut problem = Self::new(code);
        problem.errors = vec![FieldError {
            field: field.to_owned(),
            code: code.as_str(),
            detail: problem.detail.clone(),
        }];
        problem
    }

    fn later(code: Code, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(code)
        }
    }

    /// `Retry-After`: whole seconds, at least one.
    pub fn retry_seconds(&self) -> Option<u64> {
        self.retry_after
            .map(|span| span.as_secs_f64().ceil().max(1.0) as u64)
    }
}

/// The refusal travels beside an empty body; the last layer knows the request id and writes it out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

const fn sentence(code: Code) -> &'static str {
    match code {
        Code::EmailTaken => "This e-mail address already belongs to an account.",
        Code::PasswordsDiffer => "The passwords are not the same.",
        Code::WeakPassword => "This password is too easy to guess.",
        Code::UsernameTaken => "This username is taken.",
        Code::CodeInvalid => "This code is not right.",
        Code::CodeExpired => "This code has expired. Ask for a new one.",
        Code::RegistrationAmbiguous => {
            "The code is right, but it does not say who registered. Use the browser you registered with, \
             or send your password with the code."
        }
        Code::CurrentPasswordWrong => "The current password is missing or wrong.",
        Code::InvalidCredentials => "The e-mail address or the password is wrong.",
        Code::NotAuthenticated => "Please sign in.",
        Code::SessionEnded => "This session has ended. Please sign in again.",
        Code::Forbidden => "You may not do that.",
        Code::NotVerified => "Please verify your e-mail address first.",
        Code::CrossSite => "This request came from another site.",
        Code::NotFound => "There is nothing here.",
        Code::MethodNotAllowed => "This cannot be done here.",
        Code::AlreadyVerified => "This e-mail address is verified already.",
        Code::BodyTooLarge => "This is too large.",
        Code::UnsupportedMediaType => "Please send JSON.",
        Code::InvalidInput => "Some of the input cannot be used.",
        Code::RequestTimeout => "The request took too long to arrive.",
        Code::TooManyRequests => "Too many attempts. Please try again later.",
        Code::Busy => "The server is busy. Please try again in a moment.",
        Code::Internal => "Something went wrong on our side.",
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::TooMany(wait) => Self::later(Code::TooManyRequests, wait),
            Trouble::Busy(wait) => Self::later(Code::Busy, wait),
            Trouble::Store(cause) => {
                tracing::error!(%cause, "storage trouble");
                Self::later(Code::Busy, Duration::from_secs(1))
            }
            Trouble::Hash(cause) => {
                tracing::error!(%cause, "hashing trouble");
                Self::new(Code::Internal)
            }
            Trouble::Token(cause) => {
                tracing::error!(%cause, "signing trouble");
                Self::new(Code::Internal)
            }
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        let mut problem = Self::of_field(Code::WeakPassword, "password").because(error.to_string());
        for field in &mut problem.errors {
            field.detail.clone_from(&problem.detail);
        }
        problem
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Self::of_field(Code::EmailTaken, "email"),
            RegisterError::UsernameTaken => Self::of_field(Code::UsernameTaken, "username"),
            RegisterError::WeakPassword(error) => error.into(),
            RegisterError::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::CodeInvalid => Self::new(Code::CodeInvalid),
            VerifyError::CodeExpired => Self::new(Code::CodeExpired),
            VerifyError::CodesClosed(wait) => Self::later(Code::TooManyRequests, wait).because(
                "Too many wrong codes for this address. Use the link in the mail, or try again later.",
            ),
            VerifyError::Ambiguous => Self::new(Code::RegistrationAmbiguous),
            VerifyError::InvalidCredentials => Self::new(Code::InvalidCredentials),
            VerifyError::AlreadyVerified => Self::new(Code::AlreadyVerified),
            VerifyError::EmailTaken => Self::new(Code::EmailTaken),
            VerifyError::LinkInvalid => Self::new(Code::NotFound).because("This link is not valid any more."),
            VerifyError::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => Self::new(Code::InvalidCredentials),
            LogInError::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotAuthenticated => Self::new(Code::NotAuthenticated),
            RefreshError::SessionEnded => Self::new(Code::SessionEnded),
            RefreshError::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::NotAuthenticated => Self::new(Code::NotAuthenticated),
            AuthenticateError::SessionEnded => Self::new(Code::SessionEnded),
            AuthenticateError::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::new(Code::NotFound),
            ChangeError::Forbidden => Self::new(Code::Forbidden),
            ChangeError::NotVerified => Self::new(Code::NotVerified),
            ChangeError::CurrentPasswordWrong => {
                Self::of_field(Code::CurrentPasswordWrong, "current_password")
            }
            ChangeError::WeakPassword(error) => error.into(),
            ChangeError::EmailTaken => Self::of_field(Code::EmailTaken, "email"),
            ChangeError::UsernameTaken => Self::of_field(Code::UsernameTaken, "username"),
            ChangeError::Trouble(trouble) => trouble.into(),
        }
    }
}

/// The catalogue as a page of the reference.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Errors\n\nErrors are `application/problem+json` (RFC 9457). `code` is stable; read it, not the \
         sentence.\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        page.push_str(&format_row(*code));
    }
    page
}

fn format_row(code: Code) -> String {
    format!(
        "| `{}` | {} | {} |\n",
        code.as_str(),
        code.status().as_u16(),
        code.meaning().trim()
    )
}
