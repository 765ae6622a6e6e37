//! One's own account.

use axum::response::Response;
use usher_service::profile;
use usher_store::sessions::Session;

use super::complaints::Complaints;
use super::visit::Member;
use super::waiting::Waiting;
use crate::pages::view::{
    Account, Edits, EmailChange, PendingEmail, Profile, SecretField, SessionRow, TextField, View,
};
use crate::web::problem::Problem;

/// `GET /account`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    let page = page(&member).await?;
    member.visit.page(&View::Account(Box::new(page)))
}

/// The page again, after one of its forms was refused; `fill` puts what is wrong where it belongs.
pub(super) async fn refuse(
    member: &Member,
    problem: &Problem,
    fill: impl FnOnce(&mut Complaints, &mut Edits),
) -> Result<Response, Problem> {
    let mut page = page(member).await?;
    let mut complaints = Complaints::of_code(problem, "code");
    if let Some(edits) = &mut page.edits {
        fill(&mut complaints, edits);
    }
    let view = View::Account(Box::new(page));
    member.visit.refused(problem, complaints.rest(), &view)
}

async fn page(member: &Member) -> Result<Account, Problem> {
    let Member { visit, caller } = member;
    let usher = &visit.app.usher;
    let digits = usher.policy.code.digits;
    let waiting = Waiting::of_caller(visit, caller).await?;
    let may_change = caller.verified_at.is_some() || !usher.asks_for_proof();
    Ok(Account {
        profile: profile_of(caller.as_ref().into()),
        verification: waiting.map(|waiting| waiting.entry(digits, SecretField::default())),
        edits: may_change.then(|| edits(member, digits)),
        sessions: sessions(member).await?,
    })
}

fn profile_of(profile: profile::Profile) -> Profile {
    Profile {
        id: profile.id,
        email: profile.email,
        username: profile.username,
        verified_at: profile.verified_at.map(Into::into),
        created_at: profile.created_at.into(),
    }
}

fn edits(Member { caller, .. }: &Member, digits: u8) -> Edits {
    let pending = caller.pending_email.clone().map(|email| PendingEmail {
        email,
        code: SecretField::default(),
        digits,
    });
    Edits {
        username: TextField::filled(caller.username.clone().unwrap_or_default()),
        email: EmailChange {
            pending,
            ..EmailChange::default()
        },
        ..Edits::default()
    }
}

async fn sessions(Member { visit, caller }: &Member) -> Result<Vec<SessionRow>, Problem> {
    let mut rows: Vec<_> = visit
        .app
        .usher
        .list_sessions(caller.person_id)
        .await?
        .into_iter()
        .map(|session: Session| SessionRow {
            current: session.id == caller.id,
            id: session.id,
            device: session.device,
            address: session.ip,
            created_at: session.created_at.into(),
            last_seen_at: session.last_accessed_at.into(),
        })
        .collect();
    rows.sort_by_key(|row| !row.current);
    Ok(rows)
}
