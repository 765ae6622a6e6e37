//! Each way in which a mail server can fail a mail, and what is said about it.

use std::net::TcpListener;

use usher_mail::Failure::{Permanent, Transient};
use usher_mail::{CHECK_DEADLINE, Failure, SEND_DEADLINE, SendError, Smtp, Stage};

use super::outlast;
use super::server::Act::{Close, Flood, Reply, ReplyThenClose, ReplyThenReset, Silence};
use super::server::{Act, Moment, Server};
use crate::{CODE, mail};

const MOMENTS: [(Moment, Stage); 6] = [
    (Moment::Greeting, Stage::Tcp),
    (Moment::Ehlo, Stage::Tcp),
    (Moment::Mail, Stage::Sender),
    (Moment::Rcpt, Stage::Recipient),
    (Moment::Data, Stage::Data),
    (Moment::Body, Stage::Data),
];

fn smtp(server: &Server) -> Smtp {
    Smtp::from_url(&server.url()).expect("a URL")
}

/// Sends one mail to a server that acts like this on its only scripted connection.
async fn fails_with(moment: Moment, act: Act) -> SendError {
    let server = Server::start(vec![vec![(moment, act)]]).await;
    let error = smtp(&server).send(&mail(1)).await.expect_err("a failure");
    assert_eq!(server.bodies(), Vec::<String>::new(), "nothing was accepted");
    assert_eq!(
        server.connections(),
        1,
        "a fresh connection that fails is not tried again"
    );
    error
}

fn kind_and_stage(error: &SendError) -> (Failure, Stage) {
    (error.kind, error.stage)
}

#[tokio::test]
async fn t43_a_4xx_reply_is_transient_wherever_it_comes() {
    for (moment, stage) in MOMENTS {
        let error = fails_with(moment, Reply("450 4.2.0 greylisted, try later")).await;
        assert_eq!(kind_and_stage(&error), (Transient, stage), "{moment:?}");
        assert_eq!(error.detail, "450 4.2.0 greylisted, try later");
    }
}

#[tokio::test]
async fn t43_a_5xx_reply_is_permanent_wherever_it_comes() {
    for (moment, stage) in MOMENTS {
        let error = fails_with(moment, Reply("550-5.7.1 refused\r\n550 5.7.1 by policy")).await;
        assert_eq!(kind_and_stage(&error), (Permanent, stage), "{moment:?}");
        assert_eq!(error.detail, "550 5.7.1 refused by policy");
    }
}

#[tokio::test]
async fn t43_a_server_that_is_closing_is_transient() {
    let error = fails_with(Moment::Greeting, ReplyThenClose("421 4.3.2 shutting down")).await;
    assert_eq!(kind_and_stage(&error), (Transient, Stage::Tcp));
    assert_eq!(error.detail, "421 4.3.2 shutting down");
}

#[tokio::test]
async fn t43_a_connection_closed_after_any_verb_is_transient_and_says_where() {
    for (moment, stage) in MOMENTS {
        assert_eq!(
            kind_and_stage(&fails_with(moment, Close).await),
            (Transient, stage),
            "{moment:?}"
        );
    }
}

#[tokio::test]
async fn t43_a_garbage_reply_is_transient_and_not_quoted() {
    for garbage in [
        "Your code is 0412",
        "999 0412",
        "25",
        "250-0412\r\n451 0412",
        "\u{1}\u{2}\u{ff}0412",
        "",
    ] {
        for (moment, stage) in MOMENTS {
            let error = fails_with(moment, ReplyThenClose(garbage)).await;
            assert_eq!(
                kind_and_stage(&error),
                (Transient, stage),
                "{moment:?} {garbage:?}"
            );
            assert!(!error.to_string().contains(CODE), "{error}");
        }
    }
}

#[tokio::test]
async fn t43_a_positive_reply_out_of_turn_is_not_an_acceptance() {
    for (moment, reply, stage) in [
        (Moment::Mail, "354 go ahead", Stage::Sender),
        (Moment::Rcpt, "354 go ahead", Stage::Recipient),
        (Moment::Data, "250 taken", Stage::Data),
        (Moment::Body, "354 go ahead", Stage::Data),
    ] {
        assert_eq!(
            kind_and_stage(&fails_with(moment, Reply(reply)).await),
            (Transient, stage),
            "{moment:?}"
        );
    }
}

#[tokio::test]
async fn t43_a_reply_without_end_is_cut_off() {
    for (moment, stage) in MOMENTS {
        let error = fails_with(moment, Flood).await;
        assert_eq!(kind_and_stage(&error), (Transient, stage), "{moment:?}");
        assert_eq!(error.detail, "network error: the mail server's reply has no end");
    }
}

#[tokio::test]
async fn t43_a_silent_server_costs_no_more_than_the_deadline() {
    for (moment, stage) in MOMENTS {
        let server = Server::start(vec![vec![(moment, Silence)]]).await;
        let (smtp, mail) = (smtp(&server), mail(1));
        let (sent, ()) = tokio::join!(smtp.send(&mail), outlast(&server, SEND_DEADLINE));
        let error = sent.expect_err("no answer");
        assert_eq!(kind_and_stage(&error), (Transient, stage), "{moment:?}");
        assert_eq!(error.detail, "no answer in time");
    }
}

#[tokio::test]
async fn a_250_followed_by_a_reset_is_an_acceptance() {
    let server = Server::start(vec![vec![(Moment::Body, ReplyThenReset("250 taken"))]]).await;
    smtp(&server).send(&mail(1)).await.expect("accepted");
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient() {
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("loopback")
        .local_addr()
        .expect("an address")
        .port();
    let smtp = Smtp::from_url(&format!("smtp://127.0.0.1:{port}?tls=none")).expect("a URL");
    assert_eq!(
        kind_and_stage(&smtp.send(&mail(1)).await.expect_err("refused")),
        (Transient, Stage::Tcp)
    );
    assert_eq!(
        kind_and_stage(&smtp.check().await.expect_err("refused")),
        (Transient, Stage::Tcp)
    );
}

#[tokio::test]
async fn a_name_that_cannot_be_found_is_transient() {
    let smtp = Smtp::from_url("smtp://mail..invalid").expect("a URL");
    assert_eq!(
        kind_and_stage(&smtp.check().await.expect_err("no such name")),
        (Transient, Stage::Dns)
    );
}

#[tokio::test]
async fn a_refused_sign_in_says_so_and_keeps_the_credentials() {
    let scripted = vec![
        (Moment::Ehlo, Reply("250-scripted\r\n250 AUTH PLAIN")),
        (Moment::Auth, Reply("535 5.7.8 ada with hunter2 is not welcome")),
    ];
    let server = Server::start(vec![scripted]).await;
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}?tls=none", server.port);
    let error = Smtp::from_url(&url)
        .expect("a URL")
        .send(&mail(1))
        .await
        .expect_err("refused");
    assert_eq!(kind_and_stage(&error), (Permanent, Stage::Auth));
    assert_eq!(error.detail, "535 5.7.8");
}

#[tokio::test]
async fn t16_a_reply_that_quotes_the_mail_loses_what_is_private() {
    let quoting = "554 5.7.1 <ada@example.org>: code 0412, ada, https://accounts.example.org/auth/verify/x";
    let error = fails_with(Moment::Body, Reply(quoting)).await;
    assert_eq!(error.detail, "554 5.7.1 *** code *** *** ***");
}

#[tokio::test]
async fn a_check_finds_a_server_that_answers_and_one_that_does_not() {
    let server = Server::start(vec![]).await;
    let answering = smtp(&server);
    answering.check().await.expect("reachable");
    answering.check().await.expect("still reachable");
    assert_eq!(server.connections(), 1);
    assert!(server.commands().contains(&"NOOP".to_owned()));

    let silent = Server::start(vec![vec![(Moment::Greeting, Silence)]]).await;
    let waiting = smtp(&silent);
    let (checked, ()) = tokio::join!(waiting.check(), outlast(&silent, CHECK_DEADLINE));
    assert_eq!(
        kind_and_stage(&checked.expect_err("no answer")),
        (Transient, Stage::Tcp)
    );
}
