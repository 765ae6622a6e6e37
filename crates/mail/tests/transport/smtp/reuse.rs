//! Connections that are kept between mails, and what happens when the server does not keep them.

use std::time::Duration;

use usher_mail::{Failure, SEND_DEADLINE, SendError, Smtp, Stage};

use super::outlast;
use super::server::Act::{Close, Reply, ReplyThenClose, ReplyThenReset, Silence};
use super::server::{Act, Moment, Script, Server};
use crate::mail;

/// Sends a first mail, which leaves a kept connection, and then a second.
async fn two_mails(first_connection: Script) -> (Server, Result<(), SendError>) {
    let server = Server::start(vec![first_connection]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    smtp.send(&mail(1)).await.expect("the first mail");
    let second = smtp.send(&mail(2)).await;
    (server, second)
}

/// Behaves for one mail, then acts like this at the second mail's moment.
fn at_the_second(moment: Moment, act: Act) -> Script {
    let usual = match moment {
        Moment::Mail => "250 sender ok",
        Moment::Rcpt => "250 recipient ok",
        Moment::Data => "354 go ahead",
        _ => "250 taken",
    };
    vec![(moment, Reply(usual)), (moment, act)]
}

/// Sends two mails over one connection, which falls silent in the second for this long.
async fn second_mail_outlasting(moment: Moment, span: Duration) -> (Server, Result<(), SendError>) {
    let server = Server::start(vec![at_the_second(moment, Silence)]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    smtp.send(&mail(1)).await.expect("the first mail");
    let second = mail(2);
    let (sent, ()) = tokio::join!(smtp.send(&second), outlast(&server, span));
    (server, sent)
}

fn message_ids(server: &Server) -> Vec<String> {
    let id_of = |body: &String| body.lines().next().unwrap_or_default().to_owned();
    server.bodies().iter().map(id_of).collect()
}

/// Where the server has the mail, or part of it, in hand.
const LATER: [(Moment, Stage); 3] = [
    (Moment::Rcpt, Stage::Recipient),
    (Moment::Data, Stage::Data),
    (Moment::Body, Stage::Data),
];

const BOTH: [&str; 2] = [
    "Message-ID: <mail-1@accounts.example.org>",
    "Message-ID: <mail-2@accounts.example.org>",
];

#[tokio::test]
async fn several_mails_share_one_connection() {
    let server = Server::start(vec![]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    for number in 0..10 {
        smtp.send(&mail(number)).await.expect("sent");
    }
    assert_eq!((server.connections(), server.bodies().len()), (1, 10));
}

#[tokio::test]
async fn mails_at_once_use_at_most_four_connections() {
    let server = Server::start(vec![]).await;
    let smtp = std::sync::Arc::new(Smtp::from_url(&server.url()).expect("a URL"));
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..40 {
        let smtp = smtp.clone();
        sending.spawn(async move { smtp.send(&mail(number)).await });
    }
    assert!(sending.join_all().await.iter().all(Result::is_ok));
    assert_eq!(server.bodies().len(), 40);
    assert!(server.connections() <= 4, "{} connections", server.connections());
}

#[tokio::test]
async fn t14_a_kept_connection_that_was_closed_fails_no_mail() {
    for moment in [Moment::Mail, Moment::Rcpt, Moment::Data, Moment::Body] {
        let (server, second) = two_mails(at_the_second(moment, Close)).await;
        second.expect("over a fresh connection");
        assert_eq!(message_ids(&server), BOTH, "{moment:?}");
        assert_eq!(server.connections(), 2, "{moment:?}");
    }
}

#[tokio::test]
async fn t14_a_server_that_ends_its_session_after_one_mail_fails_no_mail() {
    for act in [ReplyThenClose("250 taken"), ReplyThenReset("250 taken")] {
        let (server, second) = two_mails(vec![(Moment::Body, act)]).await;
        second.expect("over a fresh connection");
        assert_eq!(
            (message_ids(&server), server.connections()),
            (BOTH.map(str::to_owned).to_vec(), 2)
        );
    }
}

#[tokio::test]
async fn t14_a_server_that_says_it_has_waited_too_long_fails_no_mail() {
    let goodbye = ReplyThenClose("421 4.4.2 idle for too long");
    let (server, second) = two_mails(at_the_second(Moment::Mail, goodbye)).await;
    second.expect("over a fresh connection");
    assert_eq!(message_ids(&server), BOTH);
}

#[tokio::test]
async fn t14_a_kept_connection_that_the_network_forgot_fails_no_mail() {
    let (server, second) = second_mail_outlasting(Moment::Mail, Duration::from_secs(6)).await;
    second.expect("over a fresh connection");
    assert_eq!(
        (message_ids(&server), server.connections()),
        (BOTH.map(str::to_owned).to_vec(), 2)
    );
}

#[tokio::test]
async fn t43_silence_on_a_kept_connection_costs_no_more_than_the_deadline() {
    for (moment, stage) in LATER {
        let (server, second) = second_mail_outlasting(moment, SEND_DEADLINE).await;
        assert_eq!(
            second.map_err(|error| (error.kind, error.stage)),
            Err((Failure::Transient, stage))
        );
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_refusal_on_a_kept_connection_is_a_refusal() {
    for (moment, stage) in [
        (Moment::Mail, Stage::Sender),
        (Moment::Rcpt, Stage::Recipient),
        (Moment::Body, Stage::Data),
    ] {
        let (server, second) = two_mails(at_the_second(moment, Reply("450 4.2.0 later"))).await;
        assert_eq!(second.map_err(|error| error.stage), Err(stage));
        assert_eq!((server.connections(), server.bodies().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_connection_is_not_kept_after_a_refusal() {
    let server = Server::start(vec![vec![(Moment::Rcpt, Reply("550 5.1.1 no such user"))]]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    smtp.send(&mail(1)).await.expect_err("refused");
    smtp.send(&mail(2)).await.expect("over a fresh connection");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_unused_for_a_minute_is_not_used_again() {
    let server = Server::start(vec![]).await;
    let smtp = Smtp::from_url(&server.url()).expect("a URL");
    smtp.send(&mail(1)).await.expect("the first mail");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    smtp.send(&mail(2)).await.expect("over a fresh connection");
    assert_eq!(
        (message_ids(&server), server.connections()),
        (BOTH.map(str::to_owned).to_vec(), 2)
    );
}
