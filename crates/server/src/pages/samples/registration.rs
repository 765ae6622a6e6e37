//! The way in.

use super::{Sample, ago, ahead, person, sample, stranger, told};
use crate::pages::view::{
    CodeEntry, Delivery, DeliveryStatus, LinkSubject, Login, Notice, Register, Registrant, SecretField,
    TextField, Verified, Verify, VerifyLink, View,
};

pub(super) fn samples() -> Vec<Sample> {
    [
        register(),
        login(),
        verify(),
        verify_elsewhere(),
        verify_link(),
        verified(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn register() -> Vec<Sample> {
    let refused = Register {
        email: TextField::filled("ada@example.org").wrong("This address already belongs to an account."),
        username: TextField::filled("ada").wrong("This name is taken."),
        password: SecretField::wrong("This password is among the most common ones."),
        verify_password: SecretField::wrong("The passwords differ."),
    };
    vec![
        sample("register", stranger(), View::Register(Register::default())),
        sample("register_refused", stranger(), View::Register(refused)),
    ]
}

fn login() -> Vec<Sample> {
    let typed = Login {
        email: TextField::filled("ada@example.org"),
        password: SecretField::default(),
    };
    let wrong = told(stranger(), Notice::error("E-mail address or password is wrong."));
    let ended = told(stranger(), Notice::success("You are signed out."));
    vec![
        sample("login", ended, View::Login(Login::default())),
        sample("login_refused", wrong, View::Login(typed)),
    ]
}

/// A code entry as it stands just after registration.
pub(super) fn entry(status: DeliveryStatus) -> CodeEntry {
    let sent = status == DeliveryStatus::Sent;
    CodeEntry {
        digits: 4,
        code: SecretField::default(),
        password: None,
        tag: Some("K7QP".to_owned()),
        delivery: Some(Delivery {
            status,
            code_expires_at: sent.then(|| ahead(47)),
            resend_after: sent.then(|| ahead(17)),
        }),
    }
}

/// A code entry for a browser of which nothing is known.
pub(super) fn bare_entry() -> CodeEntry {
    CodeEntry {
        digits: 6,
        code: SecretField::default(),
        password: None,
        tag: None,
        delivery: None,
    }
}

fn verify() -> Vec<Sample> {
    let known = |entry| {
        View::Verify(Verify {
            registrant: Registrant::Known {
                email: "ada@example.org".to_owned(),
            },
            entry,
        })
    };
    let expired = CodeEntry {
        code: SecretField::wrong("This code has expired. Ask for a new one."),
        delivery: Some(Delivery {
            status: DeliveryStatus::Sent,
            code_expires_at: Some(ago(5)),
            resend_after: Some(ago(35)),
        }),
        ..entry(DeliveryStatus::Sent)
    };
    vec![
        sample("verify_queued", stranger(), known(entry(DeliveryStatus::Queued))),
        sample("verify_sent", stranger(), known(entry(DeliveryStatus::Sent))),
        sample(
            "verify_deferred",
            stranger(),
            known(entry(DeliveryStatus::Deferred)),
        ),
        sample("verify_failed", stranger(), known(entry(DeliveryStatus::Failed))),
        sample("verify_expired", stranger(), known(expired)),
    ]
}

fn verify_elsewhere() -> Vec<Sample> {
    let unknown = |email, entry| {
        View::Verify(Verify {
            registrant: Registrant::Unknown { email },
            entry,
        })
    };
    let asked = CodeEntry {
        password: Some(SecretField::wrong(
            "This password is not the one you registered with.",
        )),
        ..bare_entry()
    };
    let resent = Notice::pending("If this address is waiting for a code, a new one is on its way.");
    vec![
        sample(
            "verify_unknown",
            told(stranger(), resent),
            unknown(TextField::default(), bare_entry()),
        ),
        sample(
            "verify_unknown_password",
            stranger(),
            unknown(TextField::filled("ada@example.org"), asked),
        ),
    ]
}

fn verify_link() -> Vec<Sample> {
    let page = |subject, entry| {
        View::VerifyLink(VerifyLink {
            subject,
            email: "ada@example.org".to_owned(),
            entry,
        })
    };
    let quiet = CodeEntry {
        delivery: None,
        ..entry(DeliveryStatus::Sent)
    };
    let elsewhere = CodeEntry {
        code: SecretField::wrong("This code is not right. Two attempts are left."),
        password: Some(SecretField::default()),
        ..quiet.clone()
    };
    let change = CodeEntry {
        password: Some(SecretField::default()),
        tag: None,
        ..quiet.clone()
    };
    vec![
        sample("verify_link", stranger(), page(LinkSubject::Registration, quiet)),
        sample(
            "verify_link_elsewhere",
            stranger(),
            page(LinkSubject::Registration, elsewhere),
        ),
        sample(
            "verify_link_change",
            stranger(),
            page(LinkSubject::Change, change),
        ),
    ]
}

fn verified() -> Vec<Sample> {
    let page = |signed_in| {
        View::Verified(Verified {
            email: "ada@example.org".to_owned(),
            signed_in,
        })
    };
    vec![
        sample("verified", stranger(), page(false)),
        sample("verified_signed_in", person(), page(true)),
    ]
}
