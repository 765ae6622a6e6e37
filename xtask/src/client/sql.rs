//! A database as its own command-line program reaches it: for rows that no request could make so
//! quickly, and for what no request tells.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command;

const BUFFER: usize = 256 * 1024;
/// Memory for the pages of an embedded database while it is filled, in KiB.
const CACHE: u32 = 256 * 1024;

/// Where the database is, and the program that speaks to it.
#[derive(Clone, Debug)]
pub(crate) enum Sql {
    Sqlite { program: PathBuf, file: PathBuf },
    Postgres { url: String },
}

impl Sql {
    /// The answer to a question, as text.
    pub(crate) fn ask(&self, question: &str) -> Result<String> {
        let mut program = self.program();
        match self {
            Self::Sqlite { .. } => program.arg(question),
            Self::Postgres { .. } => program.args(["--command", question]),
        };
        command::output_of(&mut program).map(|answer| answer.trim().to_owned())
    }

    /// Takes statements until it is finished. An embedded database must have nobody else on it.
    pub(crate) fn feed(&self) -> Result<Feed> {
        let mut program = self.program();
        program.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = program.spawn().context("cannot start the database's program")?;
        let input = child
            .stdin
            .take()
            .context("the database's program takes no input")?;
        let mut feed = Feed {
            child,
            input: BufWriter::with_capacity(BUFFER, input),
        };
        if let Self::Sqlite { .. } = self {
            // Nothing is lost with a fill that is cut short.
            feed.tell(&format!(
                "PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE};"
            ))?;
        }
        Ok(feed)
    }

    /// Bytes as they stand in a statement.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let mut literal = String::from(match self {
            Self::Sqlite { .. } => "x'",
            Self::Postgres { .. } => "'\\x",
        });
        for byte in bytes {
            for digit in [byte >> 4, byte & 0xf] {
                literal.extend(char::from_digit(digit.into(), 16));
            }
        }
        literal.push('\'');
        literal
    }

    /// What brings the planner's knowledge up to date, as the server itself does in time.
    pub(crate) const fn settle(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "PRAGMA wal_checkpoint(TRUNCATE);",
            Self::Postgres { .. } => "VACUUM (ANALYZE);\nCHECKPOINT;",
        }
    }

    fn program(&self) -> Command {
        match self {
            Self::Sqlite { program, file } => {
                let mut sqlite = Command::new(program);
                sqlite
                    .args(["-bail", "-batch", "-cmd", ".timeout 10000"])
                    .arg(file);
                sqlite
            }
            Self::Postgres { url } => {
                let mut psql = Command::new("psql");
                psql.args([
                    "--no-password",
                    "--no-psqlrc",
                    "--quiet",
                    "--tuples-only",
                    "--no-align",
                    "--set",
                    "ON_ERROR_STOP=1",
                ]);
                psql.arg("--dbname").arg(url).env("PGCONNECT_TIMEOUT", "5");
                psql
            }
        }
    }
}

/// Statements on their way.
pub(crate) struct Feed {
    child: Child,
    input: BufWriter<ChildStdin>,
}

impl Feed {
    /// One more.
    pub(crate) fn tell(&mut self, statement: &str) -> Result<()> {
        writeln!(self.input, "{statement}").context("the database's program has ended; see its words above")
    }

    /// Waits until everything is done.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { mut child, input } = self;
        let sent = input.into_inner().map_err(std::io::IntoInnerError::into_error);
        drop(sent.context("the database's program has ended; see its words above")?);
        if !child
            .wait()
            .context("cannot wait for the database's program")?
            .success()
        {
            bail!("the database refused the rows; see its words above");
        }
        Ok(())
    }
}
