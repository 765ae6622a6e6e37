//! Signing in and out.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::complaints::Complaints;
use super::told::Told;
use super::visit::Visit;
use crate::api::sign_in::{log_in, signed_in_cookies, signed_out};
use crate::pages::view::{Login, View};
use crate::web::body::Form;
use crate::web::problem::Problem;

/// What the form holds.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: Option<String>,
    password: Option<String>,
}

/// `GET /login`
pub(super) async fn show(visit: Visit) -> Result<Response, Problem> {
    if visit.caller().is_some() {
        return Ok(visit.to("/account"));
    }
    visit.page(&View::Login(Login::default()))
}

/// `POST /login`
pub(super) async fn submit(visit: Visit, Form(typed): Form<Credentials>) -> Result<Response, Problem> {
    let email = typed.email.clone().unwrap_or_default();
    match log_in(&visit.app, &visit.asker.client, typed.email, typed.password).await {
        Ok(signed_in) => {
            let cookies = signed_in_cookies(&visit.app, &signed_in);
            let next = if visit.app.shares_with(&visit.asker.client) {
                "/link/me"
            } else {
                "/account"
            };
            Ok((cookies, Redirect::to(next)).into_response())
        }
        Err(problem) => {
            let mut complaints = Complaints::of(&problem);
            let form = Login {
                email: complaints.text("email", email),
                password: complaints.secret("password"),
            };
            visit.refused(&problem, complaints.rest(), &View::Login(form))
        }
    }
}

/// `POST /auth/logout`: whoever is not signed in has nothing to end, and is out as well.
pub(super) async fn sign_out(visit: Visit) -> Result<Response, Problem> {
    if let Some(caller) = visit.caller() {
        visit.app.usher.end_session(caller.person_id, caller.id).await?;
    }
    let home = Redirect::to(&Told::SignedOut.at("/"));
    Ok((signed_out(&visit.app), home).into_response())
}
