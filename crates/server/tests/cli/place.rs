//! Where a command runs, and what comes of it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use usher_store::testing::Schema;

/// A folder of its own to run the program in, with nothing around it that could be taken for settings.
pub(crate) struct Place(TempDir, Option<Schema>);

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// What it said, when it went well.
    pub(crate) fn fine(self) -> String {
        assert!(self.ok, "{}{}", self.out, self.err);
        assert_eq!(self.err, "");
        self.out
    }

    /// The one line it said when it did not.
    pub(crate) fn refused(self) -> String {
        assert!(!self.ok, "{}", self.out);
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        assert!(self.err.starts_with("usher: "), "{}", self.err);
        self.err
    }
}

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"), None)
    }

    /// One that keeps its database where the whole run is about.
    pub(crate) fn on_storage_of_this_run() -> Self {
        let mut place = Self::new();
        if std::env::var("USHER_TEST_STORAGE").as_deref() == Ok("postgres") {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let schema = runtime.expect("a runtime").block_on(Schema::create());
            place.1 = Some(schema.expect("a PostgreSQL server"));
        }
        place
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command line.
    pub(crate) fn run(&self, line: &str) -> Outcome {
        self.run_with(line, "", &[])
    }

    /// Runs a command line with something to read and some variables.
    pub(crate) fn run_with(&self, line: &str, input: &str, settings: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command.args(line.split_whitespace()).current_dir(self.0.path());
        command.env_clear().envs(settings.iter().copied());
        if let Some(schema) = &self.1 {
            command.env("DATABASE_URL", schema.url());
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        // A program that refuses early does not read its input.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("its end");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Outcome {
            ok: output.status.success(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// `usher user add` with the sample password.
    pub(crate) fn add(&self, line: &str) -> Outcome {
        self.run_with(&format!("user add {line}"), "Password123", &[])
    }
}
