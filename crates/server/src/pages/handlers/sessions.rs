//! Ending one's own sessions.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::account::refuse;
use super::told::Told;
use super::visit::Member;
use crate::api::sessions::end_one;
use crate::api::sign_in::signed_out;
use crate::web::body::Form;
use crate::web::problem::Problem;

/// Which session is to end.
#[derive(Deserialize)]
pub(super) struct Which {
    session_id: Option<String>,
}

/// `POST /account/sessions/end`
pub(super) async fn end(member: Member, Form(which): Form<Which>) -> Result<Response, Problem> {
    match end_one(&member.visit.app, &member.caller, which.session_id).await {
        Ok(()) => Ok(member.visit.to(&Told::OneEnded.at("/account"))),
        Err(problem) => refuse(&member, &problem, |_, _| ()).await,
    }
}

/// `POST /account/sessions/end-others`
pub(super) async fn end_others(Member { visit, caller }: Member) -> Result<Response, Problem> {
    visit
        .app
        .usher
        .end_other_sessions(caller.person_id, caller.id)
        .await?;
    Ok(visit.to(&Told::OthersEnded.at("/account")))
}

/// `POST /account/sessions/end-all`
pub(super) async fn end_all(Member { visit, caller }: Member) -> Result<Response, Problem> {
    visit.app.usher.end_all_sessions(caller.person_id).await?;
    let home = Redirect::to(&Told::AllEnded.at("/"));
    Ok((signed_out(&visit.app), home).into_response())
}
