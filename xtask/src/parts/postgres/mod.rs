//! A PostgreSQL server for the tests: the one that was named, the one that runs here, or our own.

mod own;
mod scratch;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Part, install, not_installed};
use crate::command;
pub(crate) use own::OwnServer;
pub(crate) use scratch::Scratch;

/// Names the server, and hands it to the tests.
pub(crate) const VARIABLE: &str = "USHER_TEST_POSTGRES";

/// Says where servers under test keep everything.
pub(crate) const STORAGE: &str = "USHER_TEST_STORAGE";

/// What a server on a developer's machine usually lets in.
const USUAL: &[&str] = &[
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
    "postgres://postgres@127.0.0.1:5432/postgres",
];

/// A server on which tests may create databases.
pub(crate) enum Database {
    Named(String),
    Local(String),
    Own(OwnServer),
}

impl Database {
    /// Where it listens, in the form the tests take.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Named(url) | Self::Local(url) => url,
            Self::Own(server) => server.url(),
        }
    }

    /// Where it comes from, without a password.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Named(_) => format!("named by {VARIABLE}"),
            Self::Local(_) => "the server on 127.0.0.1:5432".to_owned(),
            Self::Own(_) => "own temporary server".to_owned(),
        }
    }
}

/// Finds or starts a server.
pub(crate) fn find() -> Part<Database> {
    if let Ok(url) = env::var(VARIABLE) {
        return Ok(Database::Named(url));
    }
    if let Some(url) = USUAL.iter().find(|url| may_create_databases(url)) {
        return Ok(Database::Local((*url).to_owned()));
    }
    own().map(Database::Own)
}

/// A server of our own, to be stopped at will.
pub(crate) fn own() -> Part<OwnServer> {
    let programs = programs().or_else(|| install("postgresql").then(programs).flatten());
    let programs = programs.ok_or_else(|| not_installed("postgresql"))?;
    OwnServer::start(&programs).map_err(|error| format!("{error:#}"))
}

fn may_create_databases(url: &str) -> bool {
    const QUESTION: &str = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
    let mut psql = Command::new("psql");
    psql.args([
        "--no-password",
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command",
        QUESTION,
        url,
    ]);
    command::output_of(psql.env("PGCONNECT_TIMEOUT", "3")).is_ok_and(|answer| answer.trim() == "t")
}

/// The folder with the server's programs: on the path, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let on_path =
        command::find("initdb").and_then(|path| Some(path.canonicalize().ok()?.parent()?.to_owned()));
    on_path
        .or_else(|| newest(Path::new("/usr/lib/postgresql")))
        .filter(|folder| folder.join("postgres").is_file())
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    Some(folders.max_by_key(number)?.join("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_the_highest_number() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["9", "15", "common"] {
            fs::create_dir_all(folder.path().join(version).join("bin")).unwrap();
        }
        assert_eq!(newest(folder.path()), Some(folder.path().join("15").join("bin")));
        assert_eq!(newest(&folder.path().join("nowhere")), None);
    }
}
