//! One's own share of the link, and whether a device has one.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use usher_service::link::Here;
use usher_sharing::id::ClientId;
use usher_sharing::wire::{CapacityReport, ClientReport};
use utoipa::ToSchema;

use super::hub;
use super::plans::PlanBody;
use crate::api::schema::ProblemBody;
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::problem::{Code, Problem};

/// One's own share, now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareBody {
    /// Whether this device has one.
    bound: bool,
    /// What the last report says about oneself; null while idle.
    #[schema(value_type = Option<Object>)]
    client: Option<ClientReport>,
    /// How much the link carries, by the last report.
    #[schema(value_type = Option<Object>)]
    capacity: Option<CapacityReport>,
    /// The fair share now, bit/s.
    fair: u64,
    plan: PlanBody,
    today: TodayBody,
}

/// What was used today (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub struct TodayBody {
    used_bytes: u64,
    quota_bytes: Option<u64>,
}

/// The captive portal API (RFC 8908).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CaptiveBody {
    /// Whether the device has to sign in first.
    captive: bool,
    #[schema(example = "https://portal.example/link/me")]
    user_portal_url: String,
}

/// One's own share of the link, and why it is what it is.
#[utoipa::path(get, path = "/link/api/me", tag = "link", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Now.", body = ShareBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn me(State(app): State<App>, asker: Asker) -> Result<Answer<ShareBody>, Problem> {
    let hub = hub(&app)?;
    let caller = asker.caller(&app).await?;
    let plan = app.usher.plan_of(caller.person_id).await?;
    let plan = plan.ok_or_else(|| Problem::new(Code::NotFound))?;
    let here = app.usher.here(&caller, &asker.client).await?;
    let report = hub.latest();
    let mine = ClientId::from_bytes(*caller.person_id.as_bytes());
    let client = report
        .as_ref()
        .and_then(|report| report.clients.iter().find(|client| client.id == mine).cloned());
    let fair = report
        .as_ref()
        .map(|report| report.fair_share(mine, plan.plan.down))
        .unwrap_or_default();
    Ok(Answer(ShareBody {
        bound: here == Here::Sharing,
        client,
        capacity: report.map(|report| report.down.capacity),
        fair: fair.get(),
        plan: plan.into(),
        today: TodayBody {
            used_bytes: app.usher.used_today(caller.person_id).await?,
            quota_bytes: plan.quota_bytes,
        },
    }))
}

/// Whether this device has to sign in first (RFC 8908).
#[utoipa::path(get, path = "/link/api/captive", tag = "link",
    responses(
        (status = 200, description = "By the address the request comes from.", body = CaptiveBody, content_type = "application/captive+json"),
        (status = 404, description = "`not_found`: the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn captive(State(app): State<App>, asker: Asker) -> Result<Response, Problem> {
    hub(&app)?;
    let has_share = app.usher.has_share(&asker.client).await?;
    let body = CaptiveBody {
        captive: !has_share,
        user_portal_url: format!("{}/link/me", app.settings.server.public_url),
    };
    let headers = [
        (CONTENT_TYPE, "application/captive+json"),
        (CACHE_CONTROL, "private"),
    ];
    Ok((headers, serde_json::to_string(&body).unwrap_or_default()).into_response())
}
