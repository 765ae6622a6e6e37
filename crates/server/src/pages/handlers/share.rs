//! The shared link: its dashboard, and one's own share of it.

use axum::response::Response;
use usher_service::link::{Here, OwnPlan};

use super::told::Told;
use super::visit::{Member, Visit};
use crate::api::link::{hub, operated};
use crate::pages::view::{Dashboard, Share, View};
use crate::web::problem::Problem;

/// `GET /link`
pub(super) async fn dashboard(visit: Visit) -> Result<Response, Problem> {
    operated(&visit.app, &visit.asker).await?;
    visit.page(&View::Dashboard(Dashboard { name: name(&visit) }))
}

/// `GET /link/me`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    let Member { visit, caller } = member;
    hub(&visit.app)?;
    let plan = visit.app.usher.plan_of(caller.person_id).await?;
    let here = visit.app.usher.here(&caller, &visit.asker.client).await?;
    visit.page(&View::Share(Share {
        name: name(&visit),
        bound: here == Here::Sharing,
        idle: here == Here::Waiting,
        plan: plan.map(|plan| spoken(&plan)).unwrap_or_default(),
    }))
}

/// `POST /link/me`: wakes a device that had fallen idle.
pub(super) async fn resume(member: Member) -> Result<Response, Problem> {
    let Member { visit, caller } = member;
    hub(&visit.app)?;
    if visit.app.usher.resume(&caller, &visit.asker.client).await? {
        return Ok(visit.to("/link/me"));
    }
    // The session began on another device. Only a password brings a share to this one.
    visit.app.usher.end_session(caller.person_id, caller.id).await?;
    Ok(visit.to(&Told::Ended.at("/login")))
}

fn name(visit: &Visit) -> String {
    let link = visit.app.settings.link.as_ref();
    let name = link.map(|link| link.link.name.as_str()).unwrap_or_default();
    if name.is_empty() { "Shared link" } else { name }.to_owned()
}

fn spoken(own: &OwnPlan) -> String {
    let (floor, cap) = (own.plan.down.floor(), own.plan.down.cap());
    let most = cap.map_or("all there is".to_owned(), |cap| format!("at most {cap}"));
    if floor.get() == 0 {
        most
    } else {
        format!("{floor} for sure, {most}")
    }
}
