//! The registration form.

use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;
use usher_service::register::{Application, Registered};
use usher_store::sessions::Owner;

use super::complaints::Complaints;
use super::told::Told;
use super::visit::Visit;
use crate::api::fields::NewPerson;
use crate::api::register::handle_of;
use crate::api::sign_in::signed_in_cookies;
use crate::pages::view::{Register, View};
use crate::web::body::Form;
use crate::web::cookies::Purpose;
use crate::web::problem::Problem;

/// What the form holds.
#[derive(Deserialize)]
pub(super) struct Applicant {
    email: Option<String>,
    #[serde(alias = "user", alias = "name")]
    username: Option<String>,
    password: Option<String>,
    #[serde(alias = "confirm_password", alias = "confirmPassword")]
    verify_password: Option<String>,
}

/// `GET /register`
pub(super) async fn show(visit: Visit) -> Result<Response, Problem> {
    visit.page(&View::Register(Register::default()))
}

/// `POST /register`
pub(super) async fn submit(visit: Visit, Form(applicant): Form<Applicant>) -> Result<Response, Problem> {
    let typed = (applicant.email.clone(), applicant.username.clone());
    match register(&visit, applicant).await {
        Ok(registered) if registered.mailed => Ok(await_code(&visit, &registered)),
        Ok(registered) => enter(&visit, &registered).await,
        Err(problem) => refuse(&visit, &problem, typed),
    }
}

async fn register(visit: &Visit, applicant: Applicant) -> Result<Registered, Problem> {
    let person = NewPerson {
        email: applicant.email,
        username: applicant.username,
        password: applicant.password,
        verify_password: applicant.verify_password,
    };
    let (email, username, password) = person.parse()?;
    let application = Application {
        email,
        username,
        password,
    };
    Ok(visit.app.usher.register(application, &visit.asker.client).await?)
}

fn await_code(visit: &Visit, registered: &Registered) -> Response {
    let app = &visit.app;
    let handle = handle_of(registered);
    let cookie = app
        .cookies
        .set(Purpose::Registration, &handle, app.usher.policy.pending_ttl);
    (AppendHeaders([(SET_COOKIE, cookie)]), visit.to("/verify")).into_response()
}

/// Where no proof is asked for, the account is there, and whoever made it is in.
async fn enter(visit: &Visit, registered: &Registered) -> Result<Response, Problem> {
    let app = &visit.app;
    let owner = Owner::Account(registered.id);
    let signed_in = app.usher.start_session(owner, &visit.asker.client, None).await?;
    Ok(match signed_in {
        Some(signed_in) => {
            let account = Redirect::to(&Told::Welcome.at("/account"));
            (signed_in_cookies(app, &signed_in), account).into_response()
        }
        None => visit.to("/login"),
    })
}

fn refuse(
    visit: &Visit,
    problem: &Problem,
    (email, username): (Option<String>, Option<String>),
) -> Result<Response, Problem> {
    let mut complaints = Complaints::of(problem);
    let form = Register {
        email: complaints.text("email", email.unwrap_or_default()),
        username: complaints.text("username", username.unwrap_or_default()),
        password: complaints.secret("password"),
        verify_password: complaints.secret("verify_password"),
    };
    visit.refused(problem, complaints.rest(), &View::Register(form))
}
