//! Entering the code, and asking for another one.

use axum::response::Response;
use serde::Deserialize;
use usher_service::verify::{Proof, Verified};

use super::arrival::arrive;
use super::complaints::Complaints;
use super::told::Told;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::api::fields::Fields;
use crate::api::verify::wanted_mail;
use crate::pages::view::{CodeEntry, Registrant, Verify, View};
use crate::web::body::Form;
use crate::web::problem::{Code, Problem};

/// What the form holds.
#[derive(Clone, Deserialize)]
pub(super) struct Entry {
    email: Option<String>,
    #[serde(alias = "code")]
    verification_code: Option<String>,
    password: Option<String>,
}

/// Whose mail is to be sent again, where the browser does not say.
#[derive(Deserialize)]
pub(super) struct Address {
    email: Option<String>,
}

/// `GET /verify`
pub(super) async fn show(visit: Visit) -> Result<Response, Problem> {
    let form = form(&visit, &mut Complaints::default(), String::new()).await?;
    visit.page(&form)
}

/// `POST /verify`
pub(super) async fn submit(visit: Visit, Form(entry): Form<Entry>) -> Result<Response, Problem> {
    let own = visit.registration().await?.map(|row| row.id);
    let email = entry.email.clone().unwrap_or_default();
    match prove(&visit, entry).await {
        Ok(verified) => arrive(&visit, &verified, &email, own).await,
        Err(problem) => refuse(&visit, &problem, email).await,
    }
}

/// `POST /auth/resend`
pub(super) async fn resend(visit: Visit, Form(address): Form<Address>) -> Result<Response, Problem> {
    let email = address.email.clone().unwrap_or_default();
    match send_again(&visit, address).await {
        Ok(()) if visit.caller().is_some() => Ok(visit.to(&Told::Resent.at("/account"))),
        Ok(()) => Ok(visit.to(&Told::Resent.at("/verify"))),
        Err(problem) => refuse(&visit, &problem, email).await,
    }
}

async fn prove(visit: &Visit, entry: Entry) -> Result<Verified, Problem> {
    let mut fields = Fields::default();
    let email = fields.email("email", entry.email);
    let code = fields.required("verification_code", entry.verification_code);
    let password = entry
        .password
        .and_then(|text| fields.password("password", Some(text)));
    fields.check()?;
    let (Some(email), Some(code)) = (email, code) else {
        return Err(Problem::new(Code::InvalidInput));
    };
    let (usher, client) = (&visit.app.usher, &visit.asker.client);
    if let Some(password) = password {
        return Ok(usher.verify_by_password(&email, password, &code, client).await?);
    }
    let handle = visit.asker.handle(None);
    let proof = Proof {
        handle: handle.as_ref().map(|handle| handle.secret.as_str()),
        password: None,
        caller: visit.caller(),
    };
    Ok(usher.verify_by_address(&email, &code, &proof, client).await?)
}

async fn send_again(visit: &Visit, address: Address) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let typed = address.email.filter(|text| !text.is_empty());
    let address = typed.and_then(|text| fields.email("email", Some(text)));
    fields.check()?;
    let handle = visit.asker.handle(None);
    let wanted = wanted_mail(&visit.app, handle, visit.caller(), address).await?;
    if let Some(wants) = wanted {
        visit.app.usher.resend(wants, &visit.asker.client).await?;
    }
    Ok(())
}

async fn refuse(visit: &Visit, problem: &Problem, email: String) -> Result<Response, Problem> {
    let mut complaints = Complaints::of_code(problem, "verification_code");
    let form = form(visit, &mut complaints, email).await?;
    visit.refused(problem, complaints.rest(), &form)
}

/// The form as this browser needs it: one that did not register is asked for address and password.
async fn form(visit: &Visit, complaints: &mut Complaints, email: String) -> Result<View, Problem> {
    let digits = visit.app.usher.policy.code.digits;
    let code = complaints.secret("verification_code");
    let form = match Waiting::of(visit).await? {
        Some(waiting) => Verify {
            registrant: Registrant::Known {
                email: waiting.email.clone(),
            },
            entry: waiting.entry(digits, code),
        },
        None => Verify {
            registrant: Registrant::Unknown {
                email: complaints.text("email", email),
            },
            entry: CodeEntry {
                digits,
                code,
                password: Some(complaints.secret("password")),
                tag: None,
                delivery: None,
            },
        },
    };
    Ok(View::Verify(form))
}
