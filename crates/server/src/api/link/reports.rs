//! What the gateway reports: now, as it comes, and what is kept of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::{Path, Query, State};
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;
use usher_accounts::id::RunId;
use usher_accounts::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::operated;
use crate::api::schema::ProblemBody;
use crate::app::App;
use crate::link::{Agent, Event, Hub};
use crate::web::asker::Asker;
use crate::web::problem::{Code, Problem};

/// Reports in one answer.
const REPORTS: i64 = 600;
/// How long a watcher hears nothing at most.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How the gateway is, and its latest reports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"agent": {"connected": true, "program": "0.1.0", "generation": 3, "detail": null}, "reports": []}))]
pub struct RecentBody {
    agent: Agent,
    /// The last quarter of an hour, the oldest first: as the gateway sends them.
    #[schema(value_type = Vec<Object>)]
    reports: Vec<Box<RawValue>>,
}

/// Reports that belong together.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBody {
    #[schema(value_type = uuid::Uuid)]
    id: RunId,
    /// The link, or the simulated scenario.
    name: String,
    /// `live` or `simulation`.
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// How many are kept.
    reports: i64,
}

/// The latest runs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"runs": [{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Village link", "kind": "live",
    "started_at": "2026-11-20T10:00:00Z", "last_at": "2026-11-20T12:00:00Z", "reports": 720}]}))]
pub struct RunList {
    runs: Vec<RunBody>,
}

/// Which reports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// `next` of the answer before.
    after: Option<i64>,
}

/// A part of a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reports": [], "next": null}))]
pub struct ReportList {
    /// As the gateway sent them.
    #[schema(value_type = Vec<Object>)]
    reports: Vec<Box<RawValue>>,
    /// Ask with it as `after` for the next part; null on the last.
    next: Option<i64>,
}

/// How the gateway is, and its latest reports; administrators only.
#[utoipa::path(get, path = "/link/api/recent", tag = "link", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The last quarter of an hour.", body = RecentBody),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn recent(State(app): State<App>, asker: Asker) -> Result<Answer<RecentBody>, Problem> {
    let hub = operated(&app, &asker).await?;
    Ok(Answer(RecentBody {
        agent: hub.agent(),
        reports: hub.recent().iter().filter_map(|text| raw(text)).collect(),
    }))
}

/// Every report as it comes, as server-sent events `agent` and `report`; administrators only.
#[utoipa::path(get, path = "/link/api/stream", tag = "link", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Events until one side closes.", body = String, content_type = "text/event-stream",
            example = "event: agent\ndata: {\"connected\": true}\n\n"),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn stream(State(app): State<App>, asker: Asker) -> Result<Response, Problem> {
    let hub = Arc::clone(operated(&app, &asker).await?);
    let events = watch(app, asker, &hub);
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Sse::new(events).keep_alive(alive)).into_response())
}

/// Events for one watcher: while they may watch, and the server runs.
fn watch(app: App, asker: Asker, hub: &Hub) -> impl Stream<Item = Result<sse::Event, Infallible>> + use<> {
    let first = serde_json::to_string(&hub.agent()).unwrap_or_default();
    let first = Some(sse::Event::default().event("agent").data(first));
    let state = (first, hub.watch(), hub.closed(), app, asker);
    stream::unfold(state, |(first, mut events, mut closed, app, asker)| async move {
        if let Some(event) = first {
            return Some((Ok(event), (None, events, closed, app, asker)));
        }
        let event = loop {
            let event = tokio::select! {
                event = events.recv() => event,
                _ = closed.wait_for(|closed| *closed) => return None,
            };
            match event {
                Ok(event) => break event,
                // Who cannot keep up misses reports, not the link.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        };
        operated(&app, &asker).await.ok()?;
        let (name, text) = match &event {
            Event::Agent(text) => ("agent", text),
            Event::Report(text) => ("report", text),
        };
        let event = sse::Event::default().event(name).data(&**text);
        Some((Ok(event), (None, events, closed, app, asker)))
    })
}

/// Stored runs; administrators only.
#[utoipa::path(get, path = "/link/api/runs", tag = "link", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The newest first.", body = RunList),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn runs(State(app): State<App>, asker: Asker) -> Result<Answer<RunList>, Problem> {
    operated(&app, &asker).await?;
    let runs = app.usher.runs().await?;
    let runs = runs.into_iter().map(|run| RunBody {
        id: run.id,
        name: run.name,
        kind: if run.simulation == 1 { "simulation" } else { "live" },
        started_at: run.started_at,
        last_at: run.last_at,
        reports: run.reports,
    });
    Ok(Answer(RunList { runs: runs.collect() }))
}

/// The reports of a run; administrators only.
#[utoipa::path(get, path = "/link/api/runs/{id}", tag = "link", params(("id" = uuid::Uuid, Path), ReportQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A part of them, in order.", body = ReportList),
        (status = 401, description = "`not_authenticated`, `session_ended`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no such run, or the link is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub async fn run(
    State(app): State<App>,
    Path(run): Path<String>,
    Query(query): Query<ReportQuery>,
    asker: Asker,
) -> Result<Answer<ReportList>, Problem> {
    operated(&app, &asker).await?;
    let run = run.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let after = Timestamp::from_micros(query.after.unwrap_or(i64::MIN));
    let page = app.usher.reports_of(run, after, REPORTS).await?;
    let page = page.ok_or_else(|| Problem::new(Code::NotFound))?;
    let full = page.len() == usize::try_from(REPORTS).unwrap_or(usize::MAX);
    Ok(Answer(ReportList {
        next: page.last().filter(|_| full).map(|last| last.at.micros()),
        reports: page.iter().filter_map(|report| raw(&report.body)).collect(),
    }))
}

fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}
