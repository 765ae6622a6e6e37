//! The promises of the settings, and what their tests share.

mod gathering;
mod modes;
mod refusals;
mod showing;

use std::fs;

use super::*;

/// Sources with a working directory of their own.
struct Case {
    sources: Sources,
    _directory: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sources = Sources {
            directory: directory.path().to_owned(),
            ..Sources::default()
        };
        Self {
            sources,
            _directory: directory,
        }
    }

    fn file(self, text: &str) -> Self {
        self.file_at("usher.toml", text)
    }

    fn file_at(self, name: &str, text: &str) -> Self {
        let path = self.sources.directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flags(mut self, flags: Flags) -> Self {
        self.sources.flags = flags;
        self
    }

    fn load(&self) -> Settings {
        load(&self.sources).unwrap()
    }

    fn error(&self) -> String {
        let error = load(&self.sources).unwrap_err().to_string();
        assert!(!error.contains('\n'), "one line: {error}");
        error
    }
}

fn listen(address: &str) -> Flags {
    Flags {
        listen: Some(address.to_owned()),
        ..Flags::default()
    }
}
