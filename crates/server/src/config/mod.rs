//! Settings: gathered from the defaults, the file, the environment and the flags, then checked once.
//!
//! What was written is `Written`; what the rest of the program may rely on is [`Settings`],
//! which only its own check can make. The tables behind `config sample`, the reference page and the
//! nearest-known-key hints come from the same declaration as the types.

mod check;
mod choices;
mod database;
mod describe;
mod error;
mod file;
mod http_mail;
mod kind;
mod link;
mod mail;
mod metrics;
mod origin;
mod queue;
mod secret_key;
mod section;
mod settings;
mod show;
mod sources;
mod span;
mod values;
mod written;

pub use choices::{
    BrokerName, CapacitySource, Existing, LogFormat, LogLevel, MailProvider, PasswordHash, PlainVerification,
    QueueKindName, TransportName, VerificationRule,
};
pub use database::DatabaseUrl;
pub use describe::{reference_markdown, sample};
pub use error::{ConfigError, Place};
pub use http_mail::{ApiKey, HttpUrl};
pub use link::{Amount, LinkSettings, Rate, ScheduleLine};
pub use mail::{Sender, SmtpUrl};
pub use metrics::MetricsListen;
pub use origin::Origin;
pub use queue::{BrokerUrl, QueueName};
pub use secret_key::SecretKey;
pub use settings::{BrokerSettings, MailSettings, Mode, QueueSettings, ServerSettings, Settings, Transport};
pub use show::show;
pub use sources::{Flags, Sources};
pub use span::Span;
pub use written::{Limits, Log, Login, Password, Registration, Session, Telemetry, Verification};

/// Gathers and checks the settings. The first thing found wrong is the error.
pub fn load(sources: &Sources) -> Result<Settings, ConfigError> {
    let values = values::Values::gather(sources)?;
    let written = written::Written::read(&values)?;
    Settings::check(written, &values, sources.flags.production)
}

#[cfg(test)]
mod tests;
