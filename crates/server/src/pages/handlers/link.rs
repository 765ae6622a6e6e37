//! The page behind the link in a mail. Opening it changes nothing, however often and whoever does:
//! mail scanners open links too. The link's secret stays in the address and appears on no page.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use usher_accounts::id::PersonId;
use usher_service::verify::{Linked, Proof, Verified, VerifyError};

use super::arrival::arrive;
use super::complaints::Complaints;
use super::visit::Visit;
use crate::api::fields::Fields;
use crate::pages::view::{CodeEntry, Failure, LinkSubject, VerifyLink, View, WayOut};
use crate::web::body::Form;
use crate::web::problem::Problem;

/// What the form holds.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(alias = "verification_code")]
    code: Option<String>,
    password: Option<String>,
}

/// `GET /auth/verify/{token}`
pub(super) async fn show(visit: Visit, Path(token): Path<String>) -> Result<Response, Problem> {
    match visit.app.usher.open_link(&token).await {
        Ok(linked) => {
            let own = own_registration(&visit).await?;
            visit.page(&form(&visit, &linked, own, &mut Complaints::default()))
        }
        Err(error) => dead(&visit, error),
    }
}

/// `POST /auth/verify/{token}`
pub(super) async fn submit(
    visit: Visit,
    Path(token): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Problem> {
    let linked = match visit.app.usher.open_link(&token).await {
        Ok(linked) => linked,
        Err(error) => return dead(&visit, error),
    };
    let own = own_registration(&visit).await?;
    match prove(&visit, &token, entry).await {
        Ok(verified) => arrive(&visit, &verified, linked.email(), own).await,
        Err(problem) => {
            let mut complaints = Complaints::of_code(&problem, "code");
            let form = form(&visit, &linked, own, &mut complaints);
            visit.refused(&problem, complaints.rest(), &form)
        }
    }
}

async fn own_registration(visit: &Visit) -> Result<Option<PersonId>, Problem> {
    Ok(visit.registration().await?.map(|row| row.id))
}

async fn prove(visit: &Visit, token: &str, entry: Entry) -> Result<Verified, Problem> {
    let mut fields = Fields::default();
    let password = entry
        .password
        .and_then(|text| fields.password("password", Some(text)));
    fields.check()?;
    let handle = visit.asker.handle(None);
    let proof = Proof {
        handle: handle.as_ref().map(|handle| handle.secret.as_str()),
        password: password.map(Into::into),
        caller: visit.caller(),
    };
    let (usher, client) = (&visit.app.usher, &visit.asker.client);
    Ok(usher
        .verify_by_link(token, entry.code.as_deref(), &proof, client)
        .await?)
}

fn form(visit: &Visit, linked: &Linked, own: Option<PersonId>, complaints: &mut Complaints) -> View {
    let caller = visit.caller().map(|caller| caller.person_id);
    let (subject, is_known, tag) = match linked {
        Linked::Registration(row) => (
            LinkSubject::Registration,
            own == Some(row.id) || caller == Some(row.id),
            Some(row.tag.clone()),
        ),
        Linked::Change(row) => (LinkSubject::Change, caller == Some(row.account_id), None),
    };
    View::VerifyLink(VerifyLink {
        subject,
        email: linked.email().to_owned(),
        entry: CodeEntry {
            digits: visit.app.usher.policy.code.digits,
            code: complaints.secret("code"),
            password: (!is_known).then(|| complaints.secret("password")),
            tag,
            delivery: None,
        },
    })
}

fn dead(visit: &Visit, error: VerifyError) -> Result<Response, Problem> {
    if !matches!(error, VerifyError::LinkInvalid) {
        return Err(error.into());
    }
    let page = View::Failure(Failure {
        status: 404,
        title: "This link no longer works".to_owned(),
        sentence: "It was used already, or it is too old.".to_owned(),
        request_id: None,
        way_out: WayOut::VERIFY,
    });
    visit.outcome(StatusCode::NOT_FOUND, &page)
}
