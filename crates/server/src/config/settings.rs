//! The settings the program may rely on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use toml::Value;

use super::choices::{MailProvider, QueueKindName};
use super::database::DatabaseUrl;
use super::error::Place;
use super::http_mail::{ApiKey, HttpUrl};
use super::link::LinkSettings;
use super::mail::{Sender, SmtpUrl};
use super::origin::Origin;
use super::queue::{BrokerUrl, QueueName};
use super::secret_key::SecretKey;
use super::written::{
    Database, Limits, Log, Login, Password, Registration, Session, Telemetry, Verification,
};
use crate::net::Network;

/// How careful the server has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only this machine can reach it: plain cookies, codes on the console, a mailbox in the browser.
    Development,
    /// Everything else.
    Production,
}

/// The listener and what stands before it.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The site as its visitors reach it.
    pub public_url: Origin,
    /// Folder of the database and the secrets.
    pub data_dir: PathBuf,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whose scripts may call the API.
    pub cors_origins: Vec<Origin>,
    /// Connections open at once.
    pub max_connections: usize,
    /// For the head of a request.
    pub header_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// From "not ready" to the last request, when the server stops.
    pub drain_notice: Duration,
    /// For open requests when the server stops.
    pub drain_timeout: Duration,
    /// Page templates that replace the built-in ones.
    pub templates: Option<PathBuf>,
}

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// It stays in the development mailbox.
    Mailbox,
    /// To a mail server.
    Smtp(SmtpUrl),
    /// To a provider's HTTP interface.
    Http {
        /// Whose.
        provider: MailProvider,
        /// Where, unless where it always is.
        url: Option<HttpUrl>,
        /// What lets us in.
        key: Option<ApiKey>,
    },
    /// Into a folder.
    File(PathBuf),
}

/// Sending mail.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// How it leaves.
    pub transport: Transport,
    /// Who it is from.
    pub from: Sender,
    /// Templates that replace the built-in ones.
    pub templates: Option<PathBuf>,
}

/// Who sends the mail that waits.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// Whether the server does.
    pub embedded: bool,
    /// The broker that tells workers of new mail, if there is one.
    pub broker: Option<BrokerSettings>,
}

impl QueueSettings {
    /// Whether other programs than the server may be sending mail.
    pub fn is_shared(&self) -> bool {
        self.broker.is_some() || !self.embedded
    }
}

/// A broker and the queue on it.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// Where it is.
    pub url: BrokerUrl,
    /// What the queue is called.
    pub name: QueueName,
    /// How it is kept.
    pub kind: QueueKindName,
    /// Messages that one worker holds at a time.
    pub prefetch: u16,
}

/// Settings that have been checked, each by itself and all together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Follows from where the server listens and what it is called.
    pub mode: Mode,
    /// `[server]`
    pub server: ServerSettings,
    /// `[database]`
    pub database: DatabaseUrl,
    /// `[database]`, as far as it is about PostgreSQL.
    pub postgres: Database,
    /// `[registration]`
    pub registration: Registration,
    /// `[verification]`
    pub verification: Verification,
    /// `[login]`
    pub login: Login,
    /// `[session]`
    pub session: Session,
    /// `[password]`
    pub password: Password,
    /// `[mail]`
    pub mail: MailSettings,
    /// `[queue]`
    pub queue: QueueSettings,
    /// `[limits]`
    pub limits: Limits,
    /// `[link]`, when it is on.
    pub link: Option<LinkSettings>,
    /// Where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// `[log]`
    pub log: Log,
    /// The operator's own secret, if there is one.
    pub secret_key: Option<SecretKey>,
    /// For `config show`. Closed to the rest of the program, so that only the check makes settings.
    pub(super) shown: Vec<Shown>,
}

/// One effective setting for people to see.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) path: &'static str,
    pub(super) value: Option<Value>,
    pub(super) place: Place,
}

impl Settings {
    /// Whether only this machine can reach the server.
    pub fn is_development(&self) -> bool {
        self.mode == Mode::Development
    }
}
