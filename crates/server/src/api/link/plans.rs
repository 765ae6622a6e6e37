//! What an account may count on when the link is full.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use usher_service::link::OwnPlan;
use usher_sharing::plan::{Band, Plan, Weight};
use usher_sharing::rate::BitsPerSecond;
use utoipa::ToSchema;

use super::hub;
use crate::api::fields::{Fields, id};
use crate::api::schema::ProblemBody;
use crate::app::App;
use crate::web::asker::Asker;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::whole;

/// What one may count on in one direction, bit/s.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BandBody {
    /// Committed rate (CIR), bit/s.
    #[serde(default, deserialize_with = "whole::number")]
    #[schema(maximum = 1_000_000_000_000_u64)]
    cir: u64,
    /// Maximum rate (MIR), bit/s, not below the committed one; null for all there is.
    #[serde(default, deserialize_with = "whole::perhaps")]
    #[schema(maximum = 1_000_000_000_000_u64)]
    mir: Option<u64>,
}

/// What an account may count on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"weight": 2, "down": {"cir": 1_000_000, "mir": 10_000_000}, "up": {"cir": 0, "mir": null}, "quota_bytes": null}))]
pub struct PlanBody {
    /// How much it counts when the link is full.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 1, maximum = 100)]
    weight: u16,
    down: BandBody,
    up: BandBody,
    /// Bytes a day before others come first; null: no end.
    #[serde(default, deserialize_with = "whole::perhaps")]
    #[schema(maximum = 9_223_372_036_854_775_807_u64)]
    quota_bytes: Option<u64>,
}

/// What an account may count on: its owner's, or anybody's for an administrator.
#[utoipa::path(get, path = "/link/api/plans/{id}", tag = "link", params(("id" = uuid::Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Its own plan, or everybody's.", body = PlanBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn plan(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
) -> Result<Answer<PlanBody>, Problem> {
    hub(&app)?;
    let caller = asker.caller(&app).await?;
    Ok(Answer(app.usher.view_plan(&caller, id(&person)?).await?.into()))
}

/// Gives an account a plan of its own; administrators only.
#[utoipa::path(put, path = "/link/api/plans/{id}", tag = "link", params(("id" = uuid::Uuid, Path)), request_body = PlanBody,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "In force within a second.", body = PlanBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn set_plan(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
    body: Result<Json<PlanBody>, Problem>,
) -> Result<Answer<PlanBody>, Problem> {
    hub(&app)?;
    let caller = asker.caller(&app).await?;
    // Whoever may not is told so, whatever they sent.
    app.usher.must_be_admin(&caller)?;
    let plan = body?.0.parse()?;
    app.usher.set_plan(&caller, id(&person)?, Some(plan)).await?;
    Ok(Answer(plan.into()))
}

/// Gives an account everybody's plan again; administrators only.
#[utoipa::path(delete, path = "/link/api/plans/{id}", tag = "link", params(("id" = uuid::Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "In force within a second."),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn remove_plan(
    State(app): State<App>,
    Path(person): Path<String>,
    asker: Asker,
) -> Result<StatusCode, Problem> {
    hub(&app)?;
    let caller = asker.caller(&app).await?;
    app.usher.set_plan(&caller, id(&person)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<OwnPlan> for PlanBody {
    fn from(own: OwnPlan) -> Self {
        let band = |band: Band| BandBody {
            cir: band.floor().get(),
            mir: band.cap().map(BitsPerSecond::get),
        };
        Self {
            weight: own.plan.weight.into(),
            down: band(own.plan.down),
            up: band(own.plan.up),
            quota_bytes: own.quota_bytes,
        }
    }
}

impl PlanBody {
    fn parse(self) -> Result<OwnPlan, Problem> {
        let mut fields = Fields::default();
        let mut hold = |field: &'static str, error: &dyn std::fmt::Display| {
            fields.wrong(field, "out_of_range", &error.to_string());
        };
        let weight = Weight::new(self.weight)
            .map_err(|error| hold("weight", &error))
            .ok();
        let down = band(self.down).map_err(|error| hold("down", &error)).ok();
        let up = band(self.up).map_err(|error| hold("up", &error)).ok();
        if self
            .quota_bytes
            .is_some_and(|bytes| i64::try_from(bytes).is_err())
        {
            hold("quota_bytes", &"A quota is at most 9 EB.");
        }
        fields.check()?;
        match (weight, down, up) {
            (Some(weight), Some(down), Some(up)) => Ok(OwnPlan {
                plan: Plan { weight, down, up },
                quota_bytes: self.quota_bytes,
            }),
            _ => Err(Problem::new(Code::InvalidInput)),
        }
    }
}

fn band(written: BandBody) -> Result<Band, String> {
    let rate = |bits| BitsPerSecond::new(bits).map_err(|error| error.to_string());
    let cap = written.mir.map(rate).transpose()?;
    Band::new(rate(written.cir)?, cap).map_err(|error| error.to_string())
}
