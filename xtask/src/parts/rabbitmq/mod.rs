//! A RabbitMQ broker for the tests: the one that was named, the one that runs here, or our own.

mod own;

use std::env;
use std::path::{Path, PathBuf};

use super::{Part, install, not_installed};
use crate::client::amqp;
use crate::command;

pub(crate) use own::OwnBroker;

/// Names the broker, and hands it to the tests.
pub(crate) const VARIABLE: &str = "USHER_TEST_AMQP";

/// Where a broker on a developer's machine usually is, and whom it lets in.
const USUAL: u16 = 5672;

/// A broker on which tests may make queues.
pub(crate) enum Broker {
    Named(String),
    Local(String),
    Own(OwnBroker),
}

impl Broker {
    /// Where it listens, in the form the tests take.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Named(url) | Self::Local(url) => url,
            Self::Own(broker) => broker.url(),
        }
    }

    /// Where it comes from, without a password.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Named(_) => format!("named by {VARIABLE}"),
            Self::Local(_) => format!("the broker on 127.0.0.1:{USUAL}"),
            Self::Own(_) => "own temporary broker".to_owned(),
        }
    }
}

/// Finds or starts a broker.
pub(super) fn find() -> Part<Broker> {
    if let Ok(url) = env::var(VARIABLE) {
        return Ok(Broker::Named(url));
    }
    if amqp::lets_guest_in(USUAL) {
        return Ok(Broker::Local(format!("amqp://guest:guest@127.0.0.1:{USUAL}")));
    }
    own().map(Broker::Own)
}

/// A broker of our own, to be stopped and killed at will.
pub(crate) fn own() -> Part<OwnBroker> {
    let programs = programs().or_else(|| install("rabbitmq-server").then(programs).flatten());
    let programs = programs.ok_or_else(|| not_installed("rabbitmq-server"))?;
    OwnBroker::start(&programs).map_err(|error| format!("{error:#}"))
}

/// The folder with the broker's own scripts; those on the path insist on a system-wide node.
fn programs() -> Option<PathBuf> {
    let debian = Path::new("/usr/lib/rabbitmq/bin");
    let on_path = command::find("rabbitmq-server")
        .and_then(|path| Some(path.canonicalize().ok()?.parent()?.to_owned()))
        .filter(|folder| folder.join("rabbitmq-env").is_file());
    [Some(debian.to_owned()), on_path]
        .into_iter()
        .flatten()
        .find(|folder| folder.join("rabbitmq-server").is_file())
}
