//! Every text a stranger can choose, replaced by something that wants out.

use super::account::account;
use super::registration::entry;
use super::{failure, message, person, told};
use crate::pages::view::{
    DeliveryStatus, EmailChange, Failure, Frame, LinkSubject, Login, MailText, Mailbox, Message, MessageRow,
    Notice, PendingEmail, Register, Registrant, SecretField, TextField, Verified, Verify, VerifyLink, View,
    Viewer,
};

/// What strangers type.
pub(in crate::pages) const TEXTS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)",
    "</title></textarea></pre><svg/onload=alert(1)>",
    "{{ frame }}<b>",
    "javascript:alert(1)//<a href=\"javascript:alert(1)\">",
];

fn field(text: &str) -> TextField {
    TextField::filled(text).wrong(text)
}

/// All pages that show such a text, with it in every place.
pub(in crate::pages) fn pages(text: &str) -> Vec<(Frame, View)> {
    let mut frame = told(person(), Notice::error(text));
    frame.viewer = Some(Viewer {
        email: text.to_owned(),
    });
    let views = [
        entrance(text),
        verification(text),
        vec![own(text), wrong(text)],
        mails(text),
    ];
    views
        .into_iter()
        .flatten()
        .chain([View::Home])
        .map(|view| (frame.clone(), view))
        .collect()
}

fn entrance(text: &str) -> Vec<View> {
    let secret = || SecretField::wrong(text);
    vec![
        View::Register(Register {
            email: field(text),
            username: field(text),
            password: secret(),
            verify_password: secret(),
        }),
        View::Login(Login {
            email: field(text),
            password: secret(),
        }),
        View::Verified(Verified {
            email: text.to_owned(),
            signed_in: true,
        }),
    ]
}

fn verification(text: &str) -> Vec<View> {
    let mut entry = entry(DeliveryStatus::Sent);
    entry.code = SecretField::wrong(text);
    entry.password = Some(SecretField::wrong(text));
    entry.tag = Some(text.to_owned());
    let known = Registrant::Known {
        email: text.to_owned(),
    };
    let unknown = Registrant::Unknown { email: field(text) };
    vec![
        View::Verify(Verify {
            registrant: known,
            entry: entry.clone(),
        }),
        View::Verify(Verify {
            registrant: unknown,
            entry: entry.clone(),
        }),
        View::VerifyLink(VerifyLink {
            subject: LinkSubject::Change,
            email: text.to_owned(),
            entry,
        }),
    ]
}

fn own(text: &str) -> View {
    let mut account = account();
    let mut edits = account.edits.take().unwrap();
    edits.username = field(text);
    let pending = PendingEmail {
        email: text.to_owned(),
        code: SecretField::wrong(text),
        digits: 4,
    };
    edits.email = EmailChange {
        email: field(text),
        current_password: SecretField::wrong(text),
        pending: Some(pending),
    };
    account.edits = Some(edits);
    account.profile.email = text.to_owned();
    account.profile.username = Some(text.to_owned());
    for session in &mut account.sessions {
        session.device = text.to_owned();
        session.address = text.to_owned();
    }
    View::Account(Box::new(account))
}

fn wrong(text: &str) -> View {
    View::Failure(Failure {
        title: text.to_owned(),
        sentence: text.to_owned(),
        request_id: Some(text.to_owned()),
        ..failure()
    })
}

fn mails(text: &str) -> Vec<View> {
    let mail = Message {
        id: text.to_owned(),
        subject: text.to_owned(),
        from: text.to_owned(),
        to: text.to_owned(),
        text: MailText::new(&format!("{text} http://x/{text}")),
        ..message()
    };
    let row = MessageRow {
        id: text.to_owned(),
        subject: text.to_owned(),
        to: text.to_owned(),
        received_at: mail.received_at,
    };
    vec![
        View::Message(mail),
        View::Mailbox(Mailbox { messages: vec![row] }),
    ]
}
