//! The ways out against other sides that do as they are told, the worst included.

mod contract;
mod http;
mod smtp;

use usher_accounts::email::EmailAddress;
use usher_accounts::time::Timestamp;
use usher_mail::{Outgoing, Rendered};

const CODE: &str = "0412";

fn mail(number: u32) -> Outgoing {
    Outgoing {
        message_id: format!("mail-{number}@accounts.example.org"),
        from: "Usher <no-reply@accounts.example.org>".to_owned(),
        to: EmailAddress::parse("ada@example.org").expect("an address"),
        date: Timestamp::from_seconds(1_700_000_000),
        rendered: Rendered {
            subject: format!("Your verification code: {CODE}"),
            text: format!("Code: {CODE}\n.\n.hidden\n"),
            html: format!("<p>Code: {CODE}</p>\n"),
        },
    }
}

/// Moves the clock past a deadline. Only when the other side has stopped answering, so that no deadline
/// passes while bytes are still on their way.
async fn leap(deadline: std::time::Duration) {
    tokio::time::pause();
    tokio::time::advance(deadline + std::time::Duration::from_millis(1)).await;
    tokio::time::resume();
}
