//! Changing one's own account.

use axum::response::Response;
use serde::Deserialize;
use usher_accounts::email::EmailAddress;
use usher_service::profile::{Changes, Profile};
use usher_service::verify::Proof;

use super::account::refuse;
use super::told::Told;
use super::visit::Member;
use crate::api::fields::Fields;
use crate::api::profile::current_password;
use crate::web::body::Form;
use crate::web::problem::{Code, Problem};

/// A new username.
#[derive(Deserialize)]
pub(super) struct NewUsername {
    username: Option<String>,
}

/// A new address.
#[derive(Deserialize)]
pub(super) struct NewEmail {
    email: Option<String>,
    current_password: Option<String>,
}

/// The code that was sent to the new address.
#[derive(Deserialize)]
pub(super) struct NewEmailCode {
    code: Option<String>,
}

/// A new password.
#[derive(Deserialize)]
pub(super) struct NewPassword {
    current_password: Option<String>,
    password: Option<String>,
    verify_password: Option<String>,
}

/// `POST /account/profile`
pub(super) async fn username(
    member: Member,
    Form(NewUsername { username }): Form<NewUsername>,
) -> Result<Response, Problem> {
    let typed = username.clone().unwrap_or_default();
    match change_username(&member, username).await {
        Ok(_) => Ok(told(&member, Told::UsernameSaved)),
        Err(problem) => {
            refuse(&member, &problem, |complaints, edits| {
                edits.username = complaints.text("username", typed);
            })
            .await
        }
    }
}

/// `POST /account/email`
pub(super) async fn email(member: Member, Form(form): Form<NewEmail>) -> Result<Response, Problem> {
    let typed = form.email.clone().unwrap_or_default();
    match change_email(&member, form).await {
        Ok(profile) if profile.pending_email.as_ref() == Some(&typed) => {
            Ok(told(&member, Told::AddressPending))
        }
        Ok(_) => Ok(member.visit.to("/account")),
        Err(problem) => {
            refuse(&member, &problem, |complaints, edits| {
                edits.email.email = complaints.text("email", typed);
                edits.email.current_password = complaints.secret("current_password");
            })
            .await
        }
    }
}

/// `POST /account/email/verify`
pub(super) async fn verify_email(
    member: Member,
    Form(NewEmailCode { code }): Form<NewEmailCode>,
) -> Result<Response, Problem> {
    match confirm_email(&member, code).await {
        Ok(()) => Ok(told(&member, Told::AddressChanged)),
        Err(problem) => {
            refuse(&member, &problem, |complaints, edits| {
                if let Some(pending) = &mut edits.email.pending {
                    pending.code = complaints.secret("code");
                }
            })
            .await
        }
    }
}

/// `POST /account/password`
pub(super) async fn password(member: Member, Form(form): Form<NewPassword>) -> Result<Response, Problem> {
    match change_password(&member, form).await {
        Ok(_) => Ok(told(&member, Told::PasswordChanged)),
        Err(problem) => {
            refuse(&member, &problem, |complaints, edits| {
                edits.password.current_password = complaints.secret("current_password");
                edits.password.password = complaints.secret("password");
                edits.password.verify_password = complaints.secret("verify_password");
            })
            .await
        }
    }
}

fn told(member: &Member, told: Told) -> Response {
    member.visit.to(&told.at("/account"))
}

async fn change_username(member: &Member, username: Option<String>) -> Result<Profile, Problem> {
    let mut fields = Fields::default();
    let text = fields.required("username", username.filter(|text| !text.is_empty()));
    let username = fields.username("username", text);
    fields.check()?;
    change(
        member,
        Changes {
            username,
            ..Changes::default()
        },
    )
    .await
}

async fn change_email(member: &Member, form: NewEmail) -> Result<Profile, Problem> {
    let mut fields = Fields::default();
    let email = fields.email("email", form.email);
    fields.check()?;
    let current_password = current_password(form.current_password);
    change(
        member,
        Changes {
            email,
            current_password,
            ..Changes::default()
        },
    )
    .await
}

async fn change_password(member: &Member, form: NewPassword) -> Result<Profile, Problem> {
    let mut fields = Fields::default();
    let password = fields.required("password", form.password);
    fields.check()?;
    if form.verify_password != password {
        return Err(Problem::of_field(Code::PasswordsDiffer, "verify_password"));
    }
    let current_password = current_password(form.current_password);
    change(
        member,
        Changes {
            password,
            current_password,
            ..Changes::default()
        },
    )
    .await
}

async fn change(Member { visit, caller }: &Member, changes: Changes) -> Result<Profile, Problem> {
    let person = caller.person_id;
    Ok(visit
        .app
        .usher
        .change(caller, person, changes, &visit.asker.client)
        .await?)
}

async fn confirm_email(Member { visit, caller }: &Member, code: Option<String>) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let code = fields.required("code", code);
    fields.check()?;
    // A change that is over by now has no code that could be right.
    let over = || Problem::new(Code::CodeInvalid);
    let pending = caller.pending_email.as_deref().ok_or_else(over)?;
    let email = EmailAddress::parse(pending).map_err(|_| over())?;
    let proof = Proof {
        caller: Some(caller),
        ..Proof::default()
    };
    visit
        .app
        .usher
        .verify_by_address(&email, &code.unwrap_or_default(), &proof, &visit.asker.client)
        .await?;
    Ok(())
}
