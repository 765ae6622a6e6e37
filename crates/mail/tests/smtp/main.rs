//! The SMTP transport against a mail server that does as it is told, the worst included.

mod failures;
mod injection;
mod reuse;
mod server;
mod tls;

use std::time::Duration;

use usher_accounts::email::EmailAddress;
use usher_accounts::time::Timestamp;
use usher_mail::{Outgoing, Rendered};

use crate::server::Server;

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

/// Moves the clock past a deadline once the server has stopped answering. Only then, so that no
/// deadline passes while bytes are still on their way.
async fn outlast(server: &Server, deadline: Duration) {
    server.silence().await;
    tokio::time::pause();
    tokio::time::advance(deadline + Duration::from_millis(1)).await;
    tokio::time::resume();
}
