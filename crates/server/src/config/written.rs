//! Every setting there is, once: its meaning, type, default and range.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use toml::Value;
use usher_sharing::id::Label;

use super::choices::{
    BrokerName, CapacitySource, Existing, LogFormat, LogLevel, MailProvider, PasswordHash, PlainVerification,
    QueueKindName, TransportName, VerificationRule,
};
use super::database::DatabaseUrl;
use super::error::ConfigError;
use super::http_mail::{ApiKey, HttpUrl};
use super::kind::{Kind, spoken};
use super::link::{Amount, Rate, ScheduleLine};
use super::mail::{Sender, SmtpUrl};
use super::metrics::MetricsListen;
use super::origin::Origin;
use super::queue::{BrokerUrl, QueueName};
use super::secret_key::SecretKey;
use super::section::{Key, Section, Sections, sections};
use super::span::Span;
use super::values::Values;
use crate::net::Network;

sections! {
    /// The listener and what stands before it.
    ["server"] server: pub(super) Server {
        /// Address and port to listen on.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8000));
        /// The site as its visitors reach it; links in mails start with it.
        /// Needed outside development mode; there it follows from `listen`.
        public_url: Option<Origin> = None;
        /// Folder of the database, the secrets and the settings file. Only its owner may open it.
        data_dir: PathBuf = PathBuf::from("./usher-data");
        /// Proxies whose `X-Forwarded-For` is believed.
        trusted_proxies: Vec<Network> = Vec::new();
        /// Other sites whose scripts may call the API.
        cors_origins: Vec<Origin> = Vec::new();
        /// Connections open at once; one address gets at most a quarter of them.
        max_connections: u32 = 1024, 4..=1_000_000;
        /// Time to send the head of a request; also how long a connection may idle.
        header_timeout: Span = Span::seconds(10), Span::millis(100)..=Span::minutes(10);
        /// Time to send the body of a request, and to take each part of the answer.
        body_timeout: Span = Span::seconds(20), Span::millis(100)..=Span::minutes(10);
        /// Time between "not ready" and the last request when the server stops: as long as a proxy needs to
        /// notice. Meanwhile every answer closes its connection.
        drain_notice: Span = Span::seconds(0), Span::millis(0)..=Span::minutes(5);
        /// Time for open requests to finish when the server stops.
        drain_timeout: Span = Span::seconds(10), Span::millis(0)..=Span::minutes(10);
        /// Folder of page templates that replace the built-in ones, each by a file of its name.
        templates: Option<PathBuf> = None;
    }

    /// Where everything is kept.
    ["database"] database: pub Database {
        /// Without it: SQLite, in the file `usher.db` of the data folder. Also read from `DATABASE_URL`.
        url: Option<DatabaseUrl> = None;
        /// How long a start waits for a PostgreSQL server that is not there yet.
        wait: Span = Span::seconds(60), Span::millis(0)..=Span::hours(1);
        /// Connections to PostgreSQL at the most, besides one that listens.
        connections: u32 = 16, 2..=1_000;
        /// How long a request waits for one of them before it is told that the server is busy.
        acquire_timeout: Span = Span::seconds(5), Span::millis(100)..=Span::minutes(1);
        /// How long PostgreSQL may work on one statement.
        statement_timeout: Span = Span::seconds(5), Span::millis(100)..=Span::minutes(10);
        /// After how long PostgreSQL gives up a transaction of a node that fell silent.
        idle_in_transaction_timeout: Span = Span::seconds(10), Span::seconds(1)..=Span::minutes(10);
        /// Whether nodes tell each other at once, by LISTEN and NOTIFY, what has happened. Without it, and
        /// behind a pooler that lends a connection for a transaction only, they look every second.
        notify: bool = true;
    }

    /// Signing up.
    ["registration"] registration: pub Registration {
        /// What a registration is told about an address that has an account: that it is taken ("reveal"),
        /// or what anybody is told, with a mail to the owner ("silent").
        existing: Existing = Existing::Reveal;
        /// Whether the address is proven before the account exists.
        verification: VerificationRule = VerificationRule::Required;
        /// How long a registration waits to be verified.
        pending_ttl: Span = Span::hours(24), Span::seconds(1)..=Span::days(30);
        /// Registrations that may wait for one address.
        per_address: u32 = 5, 1..=100;
        /// Of those, how many from one source.
        per_address_and_source: u32 = 2, 1..=100;
    }

    /// Proving an address.
    ["verification"] verification: pub Verification {
        /// Digits of a code.
        code_digits: u32 = 4, 4..=8;
        /// How long a code lives once the mail server has it.
        code_ttl: Span = Span::seconds(60), Span::seconds(1)..=Span::minutes(10);
        /// Guesses a code allows.
        attempts: u32 = 3, 1..=10;
        /// Whether an address and a code alone verify: from where the registration came, or never.
        plain: PlainVerification = PlainVerification::SameSource;
        /// Time between two mails with a code.
        resend_after: Span = Span::seconds(30), Span::millis(0)..=Span::hours(1);
    }

    /// Signing in.
    ["login"] login: pub Login {
        /// Whether people may sign in before their address is verified, to see what is theirs.
        unverified: bool = true;
        /// Life of an access token. Also read, in minutes, from `ACCESS_TOKEN_EXPIRE_MINUTES`.
        access_ttl: Span = Span::minutes(30), Span::seconds(1)..=Span::days(1);
    }

    /// Staying signed in.
    ["session"] session: pub Session {
        /// Life of a session. Also read, in hours, from `SESSION_EXPIRE_HOURS`.
        ttl: Span = Span::hours(168), Span::seconds(1)..=Span::days(365);
        /// How often expired sessions are removed. Also read, in hours, from
        /// `SESSION_CLEANUP_INTERVAL_HOURS`.
        cleanup_every: Span = Span::hours(24), Span::seconds(1)..=Span::days(30);
        /// Sessions one account may have; a new one ends the oldest.
        max_per_account: u32 = 20, 1..=1_000;
    }

    /// How passwords are kept.
    ["password"] password: pub Password {
        /// The hash of new passwords; every known one is verified.
        hash: PasswordHash = PasswordHash::Argon2id;
        /// Memory of one argon2id hash, in KiB.
        memory_kib: u32 = 19_456, 19_456..=1_048_576;
        /// Passes of one argon2id hash over its memory.
        passes: u32 = 2, 2..=10;
        /// How hard a new password must be to guess, 0 (not measured) to 4.
        strength: u32 = 0, 0..=4;
        /// File of passwords that got out elsewhere, which are refused: sorted upper-case SHA-1 digests, one
        /// a line.
        breach_list: Option<PathBuf> = None;
    }

    /// Sending mail.
    ["mail"] mail: pub(super) Mail {
        /// Into the development mailbox, to a mail server, to a provider over HTTP, or into a folder.
        /// Outside development mode the mailbox is refused.
        transport: TransportName = TransportName::Mailbox;
        /// The sender of every mail.
        from: Sender = Sender::unconfigured();
        /// Folder of templates that replace the built-in ones.
        templates: Option<PathBuf> = None;
        /// Folder for the transport "file". Without it: `mail` in the data folder.
        file_dir: Option<PathBuf> = None;
    }

    /// The mail server for the transport "smtp".
    ["mail.smtp"] smtp: pub(super) Smtp {
        /// Server, port, credentials and the kind of encryption.
        url: Option<SmtpUrl> = None;
    }

    /// The provider for the transport "http".
    ["mail.http"] http: pub(super) HttpMail {
        /// Whose interface it is: Mailgun's, one like Resend's, Mailpit's, or a program of your own that is
        /// sent signed JSON.
        provider: Option<MailProvider> = None;
        /// Where it is. For Mailgun with the domain, such as `https://api.eu.mailgun.net/v3/mg.example.org`.
        /// Without it: where Resend is, or Mailpit on this machine.
        url: Option<HttpUrl> = None;
        /// The provider's key; for a webhook what its signatures are made with.
        key: Option<ApiKey> = None;
    }

    /// Who sends the mail that waits, and how they learn of it.
    ["queue"] queue: pub(super) Queue {
        /// Whether the server sends mail itself. Without it, mail waits for `usher worker`.
        embedded: bool = true;
        /// What tells workers of new mail: nothing, so that they look every second, or a broker.
        broker: BrokerName = BrokerName::None;
        /// The broker, for "amqp".
        url: Option<BrokerUrl> = None;
        /// The queue on the broker. What no worker understands goes to the queue of this name and `.dead`.
        name: QueueName = QueueName::usual();
        /// Whether the queue is kept on one node, or on several by majority. It must stay as it was made.
        kind: QueueKindName = QueueKindName::Durable;
        /// Messages that one worker holds at a time.
        prefetch: u32 = 16, 1..=1000;
    }

    /// How much one person, address or source may try.
    ["limits"] limits: pub Limits {
        /// Whether there are any. For load tests only.
        enabled: bool = true;
        /// Wrong passwords for one account, within `login_failures_window`.
        login_failures_per_account: u32 = 10, 1..=1_000_000;
        /// The window of wrong passwords.
        login_failures_window: Span = Span::minutes(15), Span::seconds(1)..=Span::days(7);
        /// Wrong passwords from one source, within the same window.
        login_failures_per_source: u32 = 100, 1..=1_000_000;
        /// Wrong codes for one address, within `code_failures_window`.
        code_failures_per_address: u32 = 10, 1..=1_000_000;
        /// The window of wrong codes.
        code_failures_window: Span = Span::hours(24), Span::seconds(1)..=Span::days(7);
        /// Wrong codes from one source within an hour.
        code_failures_per_source: u32 = 60, 1..=1_000_000;
        /// Wrong codes of everybody within a minute, before codes pause.
        code_failures_global: u32 = 3_000, 1..=1_000_000;
        /// Registrations from one source, within `registrations_window`.
        registrations_per_source: u32 = 60, 1..=1_000_000;
        /// The window of registrations.
        registrations_window: Span = Span::minutes(10), Span::seconds(1)..=Span::days(7);
        /// Mails to one address within an hour.
        mails_per_address_hour: u32 = 5, 1..=1_000_000;
        /// Mails to one address within a day.
        mails_per_address_day: u32 = 10, 1..=1_000_000;
    }

    /// Sharing one link among the people who are signed in, with a gateway beside this server.
    ["link"] link: pub(super) Link {
        /// Whether there is one.
        enabled: bool = false;
        /// What people call it.
        name: Label = Label::default();
        /// Socket of the gateway.
        socket: PathBuf = PathBuf::from("/run/usher-gateway/gateway.sock");
        /// The networks of the people who share it. Who signs in from elsewhere gets no share.
        networks: Vec<Network> = Vec::new();
        /// What it carries towards the people at its best.
        down: Option<Rate> = None;
        /// What it carries from the people at its best.
        up: Option<Rate> = None;
        /// What it is never believed to fall below, towards the people. Without it: a tenth of its best.
        down_lowest: Option<Rate> = None;
        /// The same, from the people.
        up_lowest: Option<Rate> = None;
        /// Thousandths of the capacity that are used, so that the queue stands here and not in the modem.
        margin: u32 = 950, 500..=1_000;
        /// A round trip over the empty link: about 40ms by low satellites, 600ms by high ones.
        rtt: Span = Span::millis(40), Span::millis(1)..=Span::seconds(5);
        /// Who says what the link carries at the moment.
        source: CapacitySource = CapacitySource::Fixed;
        /// For the source "schedule": from when on (UTC) which capacity holds, down and up.
        schedule: Vec<ScheduleLine> = Vec::new();
        /// Decide and report, but change nothing about the capacity.
        dry_run: bool = false;
        /// What everybody who is not signed in has together.
        trickle: Rate = Rate::kbit(256);
        /// How much a person counts when the link is full, 1 to 100.
        weight: u32 = 1, 1..=100;
        /// Committed rate (CIR) towards a person.
        down_cir: Rate = Rate::kbit(0);
        /// Maximum rate (MIR) towards a person. Without it: all there is.
        down_mir: Option<Rate> = None;
        /// Committed rate (CIR) from a person.
        up_cir: Rate = Rate::kbit(0);
        /// Maximum rate (MIR) from a person. Without it: all there is.
        up_mir: Option<Rate> = None;
        /// What a person may use a day before others come first. Without it: no end.
        quota: Option<Amount> = None;
        /// Whether a device must be known by its hardware address to get a share.
        require_mac: bool = true;
        /// A device that has used nothing for so long loses its share until it asks again.
        idle: Span = Span::minutes(15), Span::seconds(1)..=Span::days(30);
        /// How long reports are kept.
        keep: Span = Span::days(2), Span::minutes(1)..=Span::days(365);
        /// Address and port of the listener that sends browsers of people who are not signed in to the portal.
        portal: Option<SocketAddr> = None;
    }

    /// Figures for Prometheus, on a listener of their own.
    ["metrics"] metrics: pub(super) Metrics {
        /// Address and port, or "off". Without it: off in development mode, else 127.0.0.1:9464.
        listen: Option<MetricsListen> = None;
    }

    /// One span for each request, for an OpenTelemetry collector.
    ["telemetry"] telemetry: pub Telemetry {
        /// Where the collector listens for OTLP over HTTP; spans go to `/v1/traces` there. Without it none are made.
        otlp_endpoint: Option<Origin> = None;
        /// Of each hundred requests, how many are traced. A trusted proxy that sends `traceparent` decides itself.
        otlp_share: u32 = 100, 1..=100;
    }

    /// What the server says about its work.
    ["log"] log: pub Log {
        /// For people on a terminal and JSON elsewhere ("auto"), or always one of them.
        format: LogFormat = LogFormat::Auto;
        /// The least important lines to write. `RUST_LOG` goes before it.
        level: LogLevel = LogLevel::Info;
    }

    /// What nobody else may know.
    ["secrets"] secrets: pub(super) Secrets {
        /// Root of every key that codes, links and tokens are protected by. Without it the server makes
        /// one in the data folder. Also read from `SECRET_KEY`.
        key: Option<SecretKey> = None;
    }
}

/// A key by its path.
pub(super) fn key(path: &str) -> Option<&'static Key> {
    keys().find(|key| key.path == path)
}

/// Every key, in the order of the sample.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| &section.keys)
}

/// Whether a path is a section.
pub(super) fn is_section(path: &str) -> bool {
    SECTIONS.iter().any(|section| section.path == path)
}

/// The key or section that an unknown path most likely stands for.
pub(super) fn nearest(path: &str) -> Option<String> {
    const ALIKE: f64 = 0.6;
    let tail = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let name = path.rsplit('.').next().unwrap_or(path);
    let likeness = |candidate: &'static str| {
        let whole = strsim::normalized_damerau_levenshtein(path, candidate);
        // The right name in the wrong section is a likelier slip than two wrong halves.
        if tail(candidate) == name {
            whole.max(ALIKE)
        } else {
            whole
        }
    };
    let known = SECTIONS
        .iter()
        .map(|section| section.path)
        .chain(keys().map(|key| key.path));
    known
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .min_by(|a, b| b.0.total_cmp(&a.0))
        .map(|(_, candidate)| candidate.to_owned())
}
