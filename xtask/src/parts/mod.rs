//! The real parts that tests use: found, started or installed where that is possible, named with the
//! reason where it is not.

mod browser;
mod postgres;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::say::{say, table};

pub(crate) use postgres::{Database, VARIABLE as DATABASE_VARIABLE};

/// A part, or why it is not there.
pub(crate) type Part<T> = Result<T, String>;

/// Everything the tests may lean on.
pub(crate) struct Parts {
    pub(crate) database: Part<Database>,
    pub(crate) node: Part<String>,
    pub(crate) chromium: Part<PathBuf>,
    /// What `npm` installs for the browser and mail tests; MailDev is among it.
    pub(crate) packages: Part<String>,
}

impl Parts {
    /// Looks for every part, and says what was found.
    pub(crate) fn gather(project: &Project) -> Self {
        let node = browser::node();
        let packages = match &node {
            Ok(_) => browser::packages(&project.browser_tests()),
            Err(reason) => Err(reason.clone()),
        };
        let parts = Self {
            database: postgres::find(),
            node,
            chromium: browser::chromium(),
            packages,
        };
        say(parts.table());
        parts
    }

    /// The parts that are missing, each with its reason.
    pub(crate) fn missing(&self) -> Vec<(&'static str, String)> {
        let reasons = [
            ("PostgreSQL", self.database.as_ref().err()),
            ("Node", self.node.as_ref().err()),
            ("Chromium", self.chromium.as_ref().err()),
            ("MailDev", self.packages.as_ref().err()),
        ];
        reasons
            .into_iter()
            .filter_map(|(part, reason)| Some((part, reason?.clone())))
            .collect()
    }

    fn table(&self) -> String {
        let state = |part: Part<String>| part.unwrap_or_else(|reason| format!("not here ({reason})"));
        let rows = [
            (
                "PostgreSQL",
                self.database.as_ref().map(Database::origin).map_err(Clone::clone),
            ),
            ("Node", self.node.clone()),
            (
                "Chromium",
                self.chromium
                    .as_ref()
                    .map(|path| path.display().to_string())
                    .map_err(Clone::clone),
            ),
            ("MailDev", self.packages.clone()),
        ];
        table(
            ["part", "state"],
            &rows.map(|(part, found)| [part.to_owned(), state(found)]),
        )
    }
}

/// Installs a Debian package when we may. Whether that worked.
fn install(package: &str) -> bool {
    if !is_root() || command::find("apt-get").is_none() {
        return false;
    }
    say(format_args!("installing {package} …"));
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.arg("--quiet")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command::output_of(&mut apt).is_ok()
    };
    let package = ["install", "--yes", "--no-install-recommends", package];
    apt(&package) || (apt(&["update"]) && apt(&package))
}

/// Why a part could not be installed, for the reader of the table.
fn not_installed(package: &str) -> String {
    if is_root() {
        format!("`apt-get install {package}` did not work")
    } else {
        format!("install the package {package}; only root can do it from here")
    }
}

fn is_root() -> bool {
    cfg!(unix) && command::output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
