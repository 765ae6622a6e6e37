//! The settings file: which one it is, and what stands in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use toml::{Spanned, Table, Value};

use super::error::{ConfigError, Place};
use super::sources::Sources;
use super::written::{is_section, key, nearest};

const NAME: &str = "usher.toml";

/// Names the file, from inside the prefix of the settings but without being one.
pub(super) const VARIABLE: &str = "USHER_CONFIG";

/// A file that has been read.
pub(super) struct SettingsFile {
    path: PathBuf,
    text: String,
}

impl SettingsFile {
    /// The file that was named; else the one in the working directory; else the one in `data_dir`.
    pub(super) fn find(sources: &Sources, data_dir: &Path) -> Result<Option<Self>, ConfigError> {
        let named = sources
            .env
            .get(VARIABLE)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        if let Some(path) = sources.flags.config.clone().or(named) {
            return Self::open(sources, path).map(Some);
        }
        for path in [PathBuf::from(NAME), data_dir.join(NAME)] {
            match Self::open(sources, path) {
                Err(ConfigError::Unreadable { cause, .. }) if cause.kind() == ErrorKind::NotFound => {}
                found => return found.map(Some),
            }
        }
        Ok(None)
    }

    fn open(sources: &Sources, path: PathBuf) -> Result<Self, ConfigError> {
        match fs::read_to_string(sources.directory.join(&path)) {
            Ok(text) => Ok(Self { path, text }),
            Err(cause) => Err(ConfigError::Unreadable { path, cause }),
        }
    }

    /// Every value with the path of its key and the line it stands on; unknown keys are errors.
    pub(super) fn values(&self) -> Result<Vec<(&'static str, Value, Place)>, ConfigError> {
        let spans = DeTable::parse(&self.text).map_err(|error| self.syntax(&error))?;
        let table: Table = toml::from_str(&self.text).map_err(|error| self.syntax(&error))?;
        let mut values = Vec::new();
        self.walk("", &table, spans.get_ref(), &mut values)?;
        Ok(values)
    }

    fn walk(
        &self,
        section: &str,
        table: &Table,
        spans: &DeTable<'_>,
        values: &mut Vec<(&'static str, Value, Place)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = if section.is_empty() {
                name.clone()
            } else {
                format!("{section}.{name}")
            };
            let entry = spans.iter().find(|(key, _)| key.get_ref() == name);
            let place = self.place(entry.map(|(key, _)| key));
            let inner = entry.and_then(|(_, value)| value.get_ref().as_table());
            match (key(&path), value, inner) {
                (Some(key), _, _) => values.push((key.path, value.clone(), place)),
                (None, Value::Table(table), Some(spans)) if is_section(&path) => {
                    self.walk(&path, table, spans, values)?;
                }
                _ => {
                    return Err(ConfigError::Unknown {
                        nearest: nearest(&path),
                        name: path,
                        place,
                    });
                }
            }
        }
        Ok(())
    }

    fn place<T>(&self, spanned: Option<&Spanned<T>>) -> Place {
        self.line(spanned.map_or(0, |spanned| spanned.span().start))
    }

    fn line(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().iter().take(offset);
        Place::File {
            path: self.path.clone(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
        }
    }

    /// The parser's own display quotes the line, which may hold a secret.
    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let place = self.line(error.span().map_or(0, |span| span.start));
        ConfigError::Syntax {
            place,
            problem: error.message().replace('\n', ", "),
        }
    }
}
