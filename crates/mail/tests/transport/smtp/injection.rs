//! T15 on the wire: what somebody typed is never a command and never a header.

use usher_accounts::email::EmailAddress;
use usher_mail::{Failure, Outgoing, Smtp, Stage};

use super::server::Server;
use crate::mail;

#[tokio::test]
async fn a_mail_arrives_as_it_was_worded() {
    let server = Server::start(vec![]).await;
    Smtp::from_url(&server.url())
        .expect("a URL")
        .send(&mail(1))
        .await
        .expect("sent");
    let commands = server.commands();
    assert!(commands[0].starts_with("EHLO "), "{commands:?}");
    assert_eq!(
        commands[1..],
        [
            "MAIL FROM:<no-reply@accounts.example.org>",
            "RCPT TO:<ada@example.org>",
            "DATA"
        ]
    );
    insta::assert_snapshot!(server.bodies()[0]);
}

#[tokio::test]
async fn t15_a_line_break_in_any_field_of_the_envelope_never_reaches_the_wire() {
    let server = Server::start(vec![]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    let spoil: [fn(&mut Outgoing, &str); 4] = [
        |mail, end| mail.message_id.push_str(end),
        |mail, end| mail.from = format!("Usher{end} <no-reply@accounts.example.org>"),
        |mail, end| mail.rendered.subject.push_str(end),
        |mail, end| {
            let address = format!("ada@example.org{end}");
            mail.to = EmailAddress::from_stored(&address, &address);
        },
    ];
    for end in [
        "\r\nBcc: evil@example.org",
        "\nBcc: evil@example.org",
        "\r",
        "\r\n.\r\nMAIL FROM:<evil@example.org>",
    ] {
        for spoil in spoil {
            let mut hostile = mail(1);
            spoil(&mut hostile, end);
            let error = smtp.send(&hostile).await.expect_err("refused");
            assert_eq!(
                (error.kind, error.stage),
                (Failure::Permanent, Stage::Local),
                "{end:?}"
            );
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn t15_no_body_ends_its_mail_early() {
    let server = Server::start(vec![]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    for early in ["\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", ".\r\n"] {
        let mut hostile = mail(1);
        hostile.rendered.text =
            format!("one{early}MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\n");
        smtp.send(&hostile).await.expect("sent");
    }
    assert_eq!(server.bodies().len(), 6);
    for body in server.bodies() {
        assert!(body.contains("victim@example.org"), "{body:?}");
        assert!(
            !body.contains('\r'),
            "some servers take a lone carriage return for a line's end: {body:?}"
        );
    }
    assert!(
        !server.commands().iter().any(|command| command.contains("evil")),
        "{:?}",
        server.commands()
    );
}
