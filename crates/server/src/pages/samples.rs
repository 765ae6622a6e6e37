//! Every page in its happy, wrong and empty states, for the tests.

mod account;
pub(super) mod hostile;
mod registration;

use std::time::Duration;

use usher_accounts::time::Timestamp;

use super::moment::Moment;
use super::view::{
    ApiDocs, Dashboard, Failure, Frame, MailText, Mailbox, Message, MessageRow, Notice, Share, View, Viewer,
    WayOut,
};

/// The hour at which all samples are shown.
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn ago(seconds: u64) -> Moment {
    Moment::from(NOW - Duration::from_secs(seconds))
}

fn ahead(seconds: u64) -> Moment {
    Moment::from(NOW + Duration::from_secs(seconds))
}

/// A stranger in production.
pub(super) fn stranger() -> Frame {
    Frame {
        now: Moment::from(NOW),
        viewer: None,
        development: false,
        link: false,
        notice: None,
    }
}

/// A stranger on a developer's machine.
pub(super) fn developer() -> Frame {
    Frame {
        development: true,
        ..stranger()
    }
}

/// A person who is signed in.
pub(super) fn person() -> Frame {
    Frame {
        viewer: Some(Viewer {
            email: "ada@example.org".to_owned(),
        }),
        ..stranger()
    }
}

fn told(frame: Frame, notice: Notice) -> Frame {
    Frame {
        notice: Some(notice),
        ..frame
    }
}

/// One page in one state.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) frame: Frame,
    pub(super) view: View,
}

fn sample(name: &'static str, frame: Frame, view: View) -> Sample {
    Sample { name, frame, view }
}

/// All of them.
pub(super) fn all() -> Vec<Sample> {
    [
        home(),
        registration::samples(),
        account::samples(),
        mailbox(),
        outcomes(),
        link(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn link() -> Vec<Sample> {
    let name = "Village link".to_owned();
    let share = |bound, idle| {
        let (name, plan) = (name.clone(), "at most 10.00 Mbit/s".to_owned());
        View::Share(Share {
            name,
            bound,
            idle,
            plan,
        })
    };
    let sharer = || Frame {
        link: true,
        ..person()
    };
    vec![
        sample("link_me", sharer(), share(true, false)),
        sample("link_me_idle", sharer(), share(false, true)),
        sample("link_me_elsewhere", sharer(), share(false, false)),
        sample(
            "link",
            sharer(),
            View::Dashboard(Dashboard { name: name.clone() }),
        ),
    ]
}

fn home() -> Vec<Sample> {
    vec![
        sample("home", stranger(), View::Home),
        sample("home_development", developer(), View::Home),
        sample("home_signed_in", person(), View::Home),
    ]
}

/// The mail of the mailbox samples.
pub(super) fn message() -> Message {
    Message {
        id: "k3v9x2ab".to_owned(),
        subject: "Your code".to_owned(),
        from: "Usher <usher@localhost>".to_owned(),
        to: "ada@example.org".to_owned(),
        received_at: ago(40),
        text: MailText::new("Your code is 0417.\n\nOr open http://127.0.0.1:8000/auth/verify/abc.\n"),
        has_html: true,
    }
}

fn mailbox() -> Vec<Sample> {
    let row = |id: &str, subject: &str, seconds| MessageRow {
        id: id.to_owned(),
        subject: subject.to_owned(),
        to: "ada@example.org".to_owned(),
        received_at: ago(seconds),
    };
    let messages = vec![
        row("p0q1r2st", "Your address is verified", 5),
        row("k3v9x2ab", "Your code", 40),
    ];
    vec![
        sample("mailbox", developer(), View::Mailbox(Mailbox { messages })),
        sample(
            "mailbox_empty",
            developer(),
            View::Mailbox(Mailbox { messages: Vec::new() }),
        ),
        sample("message", developer(), View::Message(message())),
        sample(
            "message_plain",
            developer(),
            View::Message(Message {
                has_html: false,
                text: MailText::new(""),
                ..message()
            }),
        ),
    ]
}

/// A failure with everything on it.
pub(super) fn failure() -> Failure {
    Failure {
        status: 500,
        title: "Something went wrong".to_owned(),
        sentence: "It is our fault, not yours. Please try again in a moment.".to_owned(),
        request_id: Some("018bcfe5-6800-7000-8000-000000000001".to_owned()),
        way_out: WayOut::HOME,
    }
}

fn outcomes() -> Vec<Sample> {
    let gone = Failure {
        status: 404,
        title: "This link no longer works".to_owned(),
        sentence: "It was used already, or it is too old.".to_owned(),
        request_id: None,
        way_out: WayOut::VERIFY,
    };
    vec![
        sample("error", stranger(), View::Failure(failure())),
        sample("error_gone", stranger(), View::Failure(gone)),
        sample("docs", stranger(), View::ApiDocs(ApiDocs::SWAGGER_UI)),
        sample("redoc", stranger(), View::ApiDocs(ApiDocs::REDOC)),
    ]
}
