//! One's own account.

use usher_accounts::id::{PersonId, SessionId};

use super::registration::{bare_entry, entry};
use super::{Sample, ago, person, sample, told};
use crate::pages::view::{
    Account, DeliveryStatus, Edits, EmailChange, Notice, PasswordChange, PendingEmail, Profile, SecretField,
    SessionRow, TextField, View,
};

fn session(id: &str, device: &str, address: &str, current: bool) -> SessionRow {
    SessionRow {
        id: id.parse::<SessionId>().unwrap(),
        device: device.to_owned(),
        address: address.to_owned(),
        created_at: ago(200_000),
        last_seen_at: ago(if current { 0 } else { 7_300 }),
        current,
    }
}

/// A verified person with three devices.
pub(in crate::pages) fn account() -> Account {
    Account {
        profile: Profile {
            id: "018bcfe5-6800-7000-8000-00000000000a"
                .parse::<PersonId>()
                .unwrap(),
            email: "ada@example.org".to_owned(),
            username: Some("ada".to_owned()),
            verified_at: Some(ago(199_000)),
            created_at: ago(200_000),
        },
        verification: None,
        edits: Some(Edits {
            username: TextField::filled("ada"),
            ..Edits::default()
        }),
        sessions: vec![
            session(
                "018bcfe5-6800-7000-8000-000000000001",
                "Firefox on Linux",
                "203.0.113.7",
                true,
            ),
            session(
                "018bcfe5-6800-7000-8000-000000000002",
                "Safari on iPhone",
                "198.51.100.23",
                false,
            ),
            session(
                "018bcfe5-6800-7000-8000-000000000003",
                "curl",
                "2001:db8:85a3::8a2e:370:7334",
                false,
            ),
        ],
    }
}

fn newcomer() -> Account {
    let all = account();
    Account {
        profile: Profile {
            username: None,
            verified_at: None,
            ..all.profile
        },
        verification: Some(entry(DeliveryStatus::Sent)),
        edits: None,
        sessions: all.sessions.into_iter().take(1).collect(),
    }
}

fn pending() -> Account {
    let pending = PendingEmail {
        email: "countess@example.org".to_owned(),
        code: SecretField::wrong("This code is not right. Two attempts are left."),
        digits: 4,
    };
    let email = EmailChange {
        pending: Some(pending),
        ..EmailChange::default()
    };
    Account {
        edits: Some(Edits {
            email,
            ..Edits::default()
        }),
        ..account()
    }
}

fn refused() -> Account {
    let wrong = || SecretField::wrong("This is not your current password.");
    Account {
        edits: Some(Edits {
            username: TextField::filled("ada@home").wrong("A name cannot look like an address."),
            email: EmailChange {
                email: TextField::filled("nobody").wrong("This is not an e-mail address."),
                current_password: wrong(),
                pending: None,
            },
            password: PasswordChange {
                current_password: wrong(),
                password: SecretField::wrong("At least 8 characters, please."),
                verify_password: SecretField::wrong("The passwords differ."),
            },
        }),
        ..account()
    }
}

pub(super) fn samples() -> Vec<Sample> {
    let page = |account| View::Account(Box::new(account));
    let never_asked = Account {
        verification: None,
        edits: Some(Edits::default()),
        ..newcomer()
    };
    let no_cookie = Account {
        verification: Some(bare_entry()),
        ..newcomer()
    };
    let saved = told(person(), Notice::success("Your username is saved."));
    vec![
        sample("account", saved, page(account())),
        sample("account_unverified", person(), page(newcomer())),
        sample("account_unverified_elsewhere", person(), page(no_cookie)),
        sample("account_never_verified", person(), page(never_asked)),
        sample("account_pending_address", person(), page(pending())),
        sample("account_refused", person(), page(refused())),
    ]
}
