//! The wording of mails: embedded templates, which an operator may replace file by file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

use crate::message::Message;
use crate::output::{SUBJECT, breaks_line, write_value};
use crate::samples::samples;

macro_rules! embedded {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

const EMBEDDED: [(&str, &str); 16] = embedded![
    "layout.html"
    "verification.subject.txt" "verification.txt" "verification.html"
    "confirmation.subject.txt" "confirmation.txt" "confirmation.html"
    "address_taken.subject.txt" "address_taken.txt" "address_taken.html"
    "email_change.subject.txt" "email_change.txt" "email_change.html"
    "email_changed.subject.txt" "email_changed.txt" "email_changed.html"
];

/// A worded mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain form.
    pub text: String,
    /// The same, for readers that show HTML.
    pub html: String,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a mail could not be worded. Never carries a value of the mail.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// An operator's template, or the folder named for them.
    #[error("cannot read the mail templates at {}: {source}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Wrong syntax, or a name that this mail does not have.
    #[error("mail template {template}, line {line}: {problem}")]
    Broken {
        /// The template's name.
        template: String,
        /// Where in it; 0 when that is not known.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The subject is empty, has several lines or holds control characters.
    #[error("mail template {template}: a subject is one line without control characters")]
    Subject {
        /// The template's name.
        template: String,
    },
}

/// All templates, each known to render.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Reads the templates. A file in `overrides` replaces the embedded one of the same name; every
    /// mail is rendered once with sample values, so that a broken template is found at start.
    pub fn new(overrides: Option<PathBuf>) -> Result<Self, TemplateError> {
        let overrides = overrides.map(Overrides::open).transpose()?;
        let mut environment = strict_environment();
        for (name, embedded) in EMBEDDED {
            let own = overrides
                .as_ref()
                .map(|own| own.read(name))
                .transpose()?
                .flatten();
            let added = match own {
                Some(own) => {
                    environment.add_template_owned(name, without_last_newline(name, &own).to_owned())
                }
                None => environment.add_template(name, without_last_newline(name, embedded)),
            };
            added.map_err(|error| broken(name, &error))?;
        }
        let templates = Self { environment };
        for sample in samples() {
            templates.render(&sample)?;
        }
        Ok(templates)
    }

    /// Words one mail.
    pub fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let part = |suffix: &str| {
            let name = format!("{}{suffix}", message.name());
            self.environment
                .get_template(&name)
                .and_then(|template| template.render(message.values()))
                .map_err(|error| broken(&name, &error))
        };
        Ok(Rendered {
            subject: one_line(message, part(SUBJECT)?)?,
            text: part(".txt")?,
            html: part(".html")?,
        })
    }
}

fn strict_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_formatter(write_value);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // Debug information would hold the values of the mail that failed.
    environment.set_debug(false);
    environment
}

/// The folder of an operator's own templates.
struct Overrides(PathBuf);

impl Overrides {
    fn open(folder: PathBuf) -> Result<Self, TemplateError> {
        match std::fs::read_dir(&folder) {
            Ok(_) => Ok(Self(folder)),
            Err(source) => Err(TemplateError::Read { path: folder, source }),
        }
    }

    fn read(&self, name: &str) -> Result<Option<String>, TemplateError> {
        let path = self.0.join(name);
        match std::fs::read_to_string(&path) {
            Ok(own) => Ok(Some(own)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TemplateError::Read { path, source }),
        }
    }
}

/// Keeps the place and the kind of a mistake. The engine's own detail is kept for wrong syntax only:
/// elsewhere it may quote the values of the mail.
fn broken(name: &str, error: &minijinja::Error) -> TemplateError {
    let problem = match (error.kind(), error.detail()) {
        (ErrorKind::SyntaxError, Some(detail)) => detail.to_owned(),
        (kind, _) => kind.to_string(),
    };
    TemplateError::Broken {
        template: error.name().unwrap_or(name).to_owned(),
        line: error.line().unwrap_or(0),
        problem,
    }
}

/// The last newline of a subject's template ends the file. It is taken off before rendering, so that
/// one in the result can only come from a value and is never overlooked.
fn without_last_newline<'source>(name: &str, source: &'source str) -> &'source str {
    if name.ends_with(SUBJECT) {
        source.trim_end_matches(['\r', '\n'])
    } else {
        source
    }
}

fn one_line(message: &Message, subject: String) -> Result<String, TemplateError> {
    if subject.is_empty() || subject.contains(breaks_line) {
        return Err(TemplateError::Subject {
            template: format!("{}{SUBJECT}", message.name()),
        });
    }
    Ok(subject)
}

#[cfg(test)]
mod tests;
