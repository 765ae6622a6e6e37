//! A registration that waits for its code, as far as this browser may know of it.

use usher_accounts::id::PersonId;
use usher_accounts::time::Timestamp;
use usher_service::resend::{self, MailStatus};
use usher_store::registrations::Registration;
use usher_store::sessions::Signed;

use super::visit::Visit;
use crate::pages::view::{CodeEntry, Delivery, DeliveryStatus, SecretField};
use crate::web::problem::Problem;

/// A registration that waits for its code.
pub(super) struct Waiting {
    /// The address, as typed.
    pub(super) email: String,
    tag: Option<String>,
    delivery: Delivery,
}

impl Waiting {
    /// The one this browser made, or the one it is signed in to.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, Problem> {
        let registration = visit.registration().await?;
        match (registration, visit.caller().filter(|caller| !caller.is_account)) {
            (Some(row), _) => Self::registered(visit, row).await.map(Some),
            (None, Some(caller)) => Self::signed_in(visit, caller).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The one somebody is signed in to; none when they have an account.
    pub(super) async fn of_caller(visit: &Visit, caller: &Signed) -> Result<Option<Self>, Problem> {
        if caller.is_account {
            return Ok(None);
        }
        let own = visit.registration().await?;
        match own.filter(|row| row.id == caller.person_id) {
            Some(row) => Self::registered(visit, row).await.map(Some),
            None => Self::signed_in(visit, caller).await.map(Some),
        }
    }

    /// The place to enter its code.
    pub(super) fn entry(self, digits: u8, code: SecretField) -> CodeEntry {
        CodeEntry {
            digits,
            code,
            password: None,
            tag: self.tag,
            delivery: Some(self.delivery),
        }
    }

    async fn registered(visit: &Visit, row: Registration) -> Result<Self, Problem> {
        Ok(Self {
            delivery: delivery(visit, row.id, row.created_at).await?,
            email: row.email,
            tag: Some(row.tag),
        })
    }

    async fn signed_in(visit: &Visit, caller: &Signed) -> Result<Self, Problem> {
        Ok(Self {
            delivery: delivery(visit, caller.person_id, caller.created_at).await?,
            email: caller.email.clone(),
            tag: None,
        })
    }
}

async fn delivery(visit: &Visit, id: PersonId, created_at: Timestamp) -> Result<Delivery, Problem> {
    let status: MailStatus = visit.app.usher.mail_status(id.as_bytes(), created_at).await?;
    Ok(Delivery {
        status: match status.mail {
            resend::Delivery::Queued => DeliveryStatus::Queued,
            resend::Delivery::Sent => DeliveryStatus::Sent,
            resend::Delivery::Deferred => DeliveryStatus::Deferred,
            resend::Delivery::Failed => DeliveryStatus::Failed,
        },
        code_expires_at: status.code_expires_at.map(Into::into),
        resend_after: Some(status.resend_after.into()),
    })
}
