//! Every setting there is, once: its meaning, type, default and range.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use toml::Value;

use super::choices::{
    Existing, LogFormat, LogLevel, PasswordHash, PlainVerification, TransportName, VerificationRule,
};
use super::database::DatabaseUrl;
use super::error::ConfigError;
use super::kind::{Kind, spoken};
use super::mail::{Sender, SmtpUrl};
use super::metrics::MetricsListen;
use super::origin::Origin;
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
        /// Time for open requests to finish when the server stops.
        drain_timeout: Span = Span::seconds(10), Span::millis(0)..=Span::minutes(10);
        /// Folder of page templates that replace the built-in ones, each by a file of its name.
        templates: Option<PathBuf> = None;
    }

    /// Where everything is kept.
    ["database"] database: pub(super) Database {
        /// Without it: SQLite, in the file `usher.db` of the data folder. Also read from `DATABASE_URL`.
        url: Option<DatabaseUrl> = None;
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
        /// Into the development mailbox, to a mail server, or into a folder.
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

    /// Figures for Prometheus, on a listener of their own.
    ["metrics"] metrics: pub(super) Metrics {
        /// Address and port, or "off". Without it: off in development mode, else 127.0.0.1:9464.
        listen: Option<MetricsListen> = None;
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
