//! What can be wrong with settings. Every message is one line that names the key, where it was
//! written, what is allowed there, and the nearest thing that is known.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nobody wrote it.
    #[default]
    Default,
    /// It follows from other settings.
    Derived,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("not set"),
            Self::Derived => f.write_str("follows from other settings"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is missing or may not be read.
    #[error("cannot read the settings file {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{place}: not valid TOML: {problem}")]
    Syntax {
        /// The line.
        place: Place,
        /// What the parser says.
        problem: String,
    },
    /// No such key, section or variable.
    #[error("unknown setting {name} ({place}){}", hint(nearest.as_deref()))]
    Unknown {
        /// As written.
        name: String,
        /// Where.
        place: Place,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A value that is not allowed.
    #[error("{key} ({place}) {problem}")]
    Value {
        /// The key's path.
        key: &'static str,
        /// Where it was written.
        place: Place,
        /// What it must be.
        problem: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `usher config sample` lists every setting".to_owned(),
        |name| format!("; did you mean {name}?"),
    )
}
