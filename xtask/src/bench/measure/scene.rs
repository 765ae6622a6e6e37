//! The server under measure, and the people who use it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::place::{Kind, Place};
use super::raw::Raw;
use crate::client::http::Connection;
use crate::client::journey::{self, Registered, SignedIn};
use crate::client::sink::Sink;
use crate::client::usher::Usher;

const MAIL_LIMIT: Duration = Duration::from_secs(20);
const ACCOUNTS: usize = 8;

/// One running server with its mail sink, and how long each load lasts.
pub(super) struct Scene {
    pub(super) server: Usher,
    pub(super) address: SocketAddr,
    pub(super) sink: Sink,
    pub(super) raw: Raw,
    pub(super) load: Duration,
    /// Verified accounts.
    pub(super) accounts: Vec<String>,
    people: AtomicU64,
    _folder: TempDir,
    // After the server, whose database it is.
    _place: Place,
}

impl Scene {
    /// Limits are off, because one address makes all the load; everything else is the default.
    pub(super) fn set(program: &Path, kind: &Kind, load: Duration) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let sink = Sink::start()?;
        let place = kind.place("bench")?;
        let recipe = place
            .recipe(program, folder.path())?
            .with("USHER_LIMITS__ENABLED", "false")
            .with("USHER_SERVER__MAX_CONNECTIONS", "8192")
            .with("USHER_MAIL__TRANSPORT", "smtp")
            .with("USHER_MAIL__SMTP__URL", sink.url());
        let mut scene = Self {
            server: recipe.start()?,
            address: recipe.address(),
            sink,
            raw: Raw::default(),
            load,
            accounts: Vec::new(),
            people: AtomicU64::new(0),
            _folder: folder,
            _place: place,
        };
        scene.accounts = (0..ACCOUNTS).map(|_| scene.account()).collect::<Result<_>>()?;
        Ok(scene)
    }

    /// An address nobody has used.
    pub(super) fn stranger(&self) -> String {
        format!(
            "person{}@bench.example",
            self.people.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Signs an account in, on a new session.
    pub(super) fn sign_in(&self, email: &str) -> Result<SignedIn> {
        let mut connection = Connection::open(self.address).context("cannot connect")?;
        let answer = connection
            .call(&journey::sign_in(email))
            .context("the server hung up")?;
        journey::signed_in(&answer)
            .with_context(|| format!("login answered {}: {}", answer.status, answer.body))
    }

    /// Lets queues run empty and the raw rate be measured in between.
    pub(super) fn rest(&mut self) -> Result<()> {
        thread::sleep(Duration::from_secs(1));
        self.raw.sample()
    }

    fn account(&self) -> Result<String> {
        let mut connection = Connection::open(self.address).context("cannot connect")?;
        let person = register(&mut connection, &self.stranger())?;
        let mail = self
            .sink
            .code_after(&person.email, 0, MAIL_LIMIT)
            .context("no code came by mail")?;
        let code = mail.code.context("no code came by mail")?;
        let answer = journey::verify(&mut connection, &person, &code).context("the server hung up")?;
        anyhow::ensure!(
            answer.status == 200,
            "verify answered {}: {}",
            answer.status,
            answer.body
        );
        Ok(person.email)
    }
}

/// Registers this address.
pub(super) fn register(connection: &mut Connection, email: &str) -> Result<Registered> {
    let answer = connection
        .call(&journey::registration(email))
        .context("the server hung up")?;
    journey::registered(email, &answer)
        .with_context(|| format!("register answered {}: {}", answer.status, answer.body))
}
