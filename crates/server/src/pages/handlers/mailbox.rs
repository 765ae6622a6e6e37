//! The development mailbox. There is none where mail really leaves.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::response::{Html, IntoResponse, Response};
use usher_mail::{MailboxAddress, MailboxEmail};

use super::told::Told;
use super::visit::Visit;
use crate::api::mailbox::mailbox;
use crate::app::App;
use crate::pages::policy;
use crate::pages::view::{MailText, Mailbox, Message, MessageRow, View};
use crate::web::problem::{Code, Problem};

/// `GET /mailbox`
pub(super) async fn list(visit: Visit) -> Result<Response, Problem> {
    let mails = mailbox(&visit.app)?.list();
    let messages = mails.into_iter().rev().map(row).collect();
    visit.page(&View::Mailbox(Mailbox { messages }))
}

/// `GET /mailbox/message/{id}`
pub(super) async fn message(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let mail = mail(&visit.app, &id)?;
    visit.page(&View::Message(Message {
        from: shown(&mail.from),
        to: shown(&mail.to),
        text: MailText::new(&mail.text),
        has_html: !mail.html.is_empty(),
        id: mail.id,
        subject: mail.subject,
        received_at: mail.time.into(),
    }))
}

/// `GET /mailbox/email/{id}/html`: for the frame on the page of the mail.
pub(super) async fn html(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let mail = mail(&app, &id)?;
    let guards = [
        (CONTENT_SECURITY_POLICY, policy::MAIL_BODY),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    Ok((guards, Html(mail.html)).into_response())
}

/// `POST /mailbox/clear`
pub(super) async fn clear(visit: Visit) -> Result<Response, Problem> {
    mailbox(&visit.app)?.clear();
    Ok(visit.to(&Told::MailboxCleared.at("/mailbox")))
}

fn mail(app: &App, id: &str) -> Result<MailboxEmail, Problem> {
    mailbox(app)?.get(id).ok_or_else(|| Problem::new(Code::NotFound))
}

fn row(mail: MailboxEmail) -> MessageRow {
    MessageRow {
        to: shown(&mail.to),
        id: mail.id,
        subject: mail.subject,
        received_at: mail.time.into(),
    }
}

fn shown(addresses: &[MailboxAddress]) -> String {
    let written: Vec<_> = addresses
        .iter()
        .map(|MailboxAddress { address, name }| match name.as_str() {
            "" => address.clone(),
            name => format!("{name} <{address}>"),
        })
        .collect();
    written.join(", ")
}
