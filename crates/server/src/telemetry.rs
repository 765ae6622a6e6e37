//! Log lines: for people on a terminal, JSON elsewhere. What may be in them is decided where they are
//! written; here control characters are made harmless, so that no value can pass for a line of its own.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::config::{LogFormat, LogLevel};

/// The variable that goes before the level in the settings.
const FILTER: &str = "RUST_LOG";

/// Why nothing can be logged.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// `RUST_LOG` makes no sense.
    #[error("RUST_LOG is not understood: {0}")]
    Filter(String),
    /// Somebody else has begun before.
    #[error("logging has been set up already")]
    Twice,
}

/// Starts logging to standard error, for the whole program.
pub fn init(format: LogFormat, level: LogLevel) -> Result<(), TelemetryError> {
    let terminal = io::stderr().is_terminal();
    let filter = filter(std::env::var(FILTER).ok().as_deref(), level)?;
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let done = if human {
        tracing::subscriber::set_global_default(for_people(filter, terminal, io::stderr))
    } else {
        tracing::subscriber::set_global_default(for_machines(filter, io::stderr))
    };
    done.map_err(|_| TelemetryError::Twice)
}

/// Libraries are heard from `warn` on; the level is the program's own.
fn filter(written: Option<&str>, level: LogLevel) -> Result<EnvFilter, TelemetryError> {
    let directives = match written {
        Some(text) if !text.trim().is_empty() => text.to_owned(),
        _ if level == LogLevel::Error => "error".to_owned(),
        _ => format!("warn,usher={level}"),
    };
    EnvFilter::try_new(directives).map_err(|error| TelemetryError::Filter(error.to_string()))
}

fn for_people<W>(filter: EnvFilter, colours: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_target(false)
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .with_writer(writer)
        .finish()
}

fn for_machines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    write!(Harmless(writer), "{value:?}")
}

/// Escapes what could move the cursor, begin a line, colour it, or turn the reading direction.
struct Harmless<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Harmless<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match letter {
            letter if is_harmful(letter) => write!(self.0, "{}", letter.escape_default()),
            letter => self.0.write_char(letter),
        })
    }
}

fn is_harmful(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Memory {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    const HOSTILE: &str = "x\n2026-01-01T00:00:00Z  INFO signed in\r\u{1b}[2K\u{7}\u{9b}\u{202e}\u{2028}";

    fn lines(people: bool) -> String {
        let memory = Memory::default();
        let sink = memory.clone();
        let writer = move || sink.clone();
        let log = || {
            let _span = tracing::info_span!("request", path = %HOSTILE).entered();
            tracing::info!(agent = %HOSTILE, quoted = HOSTILE, "for {HOSTILE}");
        };
        let filter = filter(None, LogLevel::Info).unwrap();
        if people {
            tracing::subscriber::with_default(for_people(filter, false, writer), log);
        } else {
            tracing::subscriber::with_default(for_machines(filter, writer), log);
        }
        memory.text()
    }

    #[test]
    fn t59_a_hostile_value_stays_on_its_line_for_people() {
        let text = lines(true);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(!text.trim_end_matches('\n').chars().any(is_harmful), "{text:?}");
        assert!(
            text.contains("path=x\\n2026") && text.contains("agent=x\\n2026"),
            "{text}"
        );
    }

    #[test]
    fn t59_a_hostile_value_stays_on_its_line_for_machines() {
        let text = lines(false);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["agent"], HOSTILE);
        assert_eq!(line["span"]["path"], HOSTILE);
    }

    #[test]
    fn rust_log_goes_before_the_settings() {
        assert_eq!(
            filter(Some("debug"), LogLevel::Info).unwrap().to_string(),
            "debug"
        );
        assert_eq!(
            filter(Some(" "), LogLevel::Debug).unwrap().to_string(),
            "usher=debug,warn"
        );
        assert_eq!(filter(None, LogLevel::Error).unwrap().to_string(), "error");
        assert!(filter(Some("usher=loud"), LogLevel::Info).is_err());
    }
}
