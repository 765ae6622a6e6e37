//! After the right code: whoever registered in this browser is signed in, everybody else is told.

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use usher_accounts::id::PersonId;
use usher_service::verify::Verified;

use super::told::Told;
use super::visit::Visit;
use crate::api::sign_in::signed_in_cookies;
use crate::pages::view::{self, View};
use crate::web::cookies::Purpose;
use crate::web::problem::Problem;

/// Answers a verification that went through. `own` is the registration this browser had proven to be its
/// own before it was used up.
pub(super) async fn arrive(
    visit: &Visit,
    verified: &Verified,
    email: &str,
    own: Option<PersonId>,
) -> Result<Response, Problem> {
    let person = verified.owner.person();
    let caller = visit.caller().filter(|caller| caller.person_id == person);
    if caller.is_some_and(|caller| caller.is_account) {
        return Ok(visit.to(&Told::AddressChanged.at("/account")));
    }
    let app = &visit.app;
    let registered_here = own == Some(person) || caller.is_some();
    let signed_in = if registered_here {
        app.usher
            .start_session(verified.owner, &visit.asker.client, None)
            .await?
    } else {
        None
    };
    let forget = AppendHeaders([(SET_COOKIE, app.cookies.remove(Purpose::Registration))]);
    let Some(signed_in) = signed_in else {
        let page = View::Verified(view::Verified {
            email: email.to_owned(),
            signed_in: false,
        });
        return Ok((forget, visit.outcome(StatusCode::OK, &page)?).into_response());
    };
    let account = Redirect::to(&Told::Welcome.at("/account"));
    Ok((forget, signed_in_cookies(app, &signed_in), account).into_response())
}
