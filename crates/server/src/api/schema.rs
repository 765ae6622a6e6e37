//! The JSON that leaves, one type each.

use serde::Serialize;
use usher_accounts::id::PersonId;
use usher_accounts::role::Role;
use usher_accounts::time::Timestamp;
use usher_service::profile::Profile;
use usher_service::sessions::SignedIn;
use utoipa::ToSchema;

use crate::web::problem::FieldError;

/// A refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:usher:error:code_expired")]
    pub kind: String,
    /// A few words, the same each time.
    #[schema(example = "Code expired")]
    pub title: String,
    /// The status of the answer.
    #[schema(example = 400)]
    pub status: u16,
    /// A plain sentence for people.
    #[schema(example = "This code has expired. Ask for a new one.")]
    pub detail: String,
    /// The same sentence, for older clients.
    #[schema(example = "This code has expired. Ask for a new one.")]
    pub message: String,
    /// Stable; what programs read.
    #[schema(example = "code_expired")]
    pub code: String,
    /// What to name when asking for help.
    #[schema(example = "5f0c2e6b9a1d4c37")]
    pub request_id: String,
    /// What is wrong with the input, field by field.
    pub errors: Vec<FieldError>,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileBody {
    /// UUIDv7; the same for life.
    #[schema(value_type = uuid::Uuid, example = "01936f2e-5c1a-7b3e-9f00-3a1b2c3d4e5f")]
    pub id: PersonId,
    /// As typed.
    #[schema(example = "user@example.com")]
    pub email: String,
    /// The name shown to others.
    #[schema(example = "user123")]
    pub username: Option<String>,
    /// `user` or `admin`.
    #[schema(value_type = String, example = "user")]
    pub role: Role,
    /// Whether the address is proven.
    #[schema(example = true)]
    pub is_verified: bool,
    /// When it was proven.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-20T10:00:00Z")]
    pub verified_at: Option<Timestamp>,
    /// When the last verification mail left.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-20T09:59:20Z")]
    pub verification_mail_sent_at: Option<Timestamp>,
    /// When the person registered.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T09:59:18Z")]
    pub created_at: Timestamp,
    /// An address that waits for its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id,
            email: profile.email,
            username: profile.username,
            role: profile.role,
            is_verified: profile.verified_at.is_some(),
            verified_at: profile.verified_at,
            verification_mail_sent_at: profile.mail_sent_at,
            created_at: profile.created_at,
            pending_email: profile.pending_email,
        }
    }
}

/// A fresh sign-in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInBody {
    /// A JWT (EdDSA) for the `Authorization` header.
    #[schema(example = "eyJhbGciOiJFZERTQSIs…")]
    pub access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    pub token_type: &'static str,
    /// Life of the access token in seconds.
    #[schema(example = 1800)]
    pub expires_in: u64,
    /// Exchange it once at `/auth/refresh`.
    #[schema(example = "AZNvLlwaez6fADobLD1OXwAAAAD…")]
    pub refresh_token: String,
    /// The session.
    #[schema(value_type = uuid::Uuid, example = "01936f2e-6a2b-7c4d-8e5f-0a1b2c3d4e5f")]
    pub session_id: usher_accounts::id::SessionId,
    /// Who signed in.
    pub user: ProfileBody,
}

impl From<SignedIn> for SignedInBody {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: "bearer",
            expires_in: signed_in.expires_in.as_secs(),
            refresh_token: signed_in.refresh_token,
            session_id: signed_in.session_id,
            user: signed_in.profile.into(),
        }
    }
}

/// Something was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageBody {
    /// A plain sentence.
    #[schema(example = "Email verified successfully. Registration completed.")]
    pub message: &'static str,
}
