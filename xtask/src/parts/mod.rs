//! The real parts that tests use: found, started or installed where that is possible, named with the
//! reason where it is not.

mod browser;
mod network;
mod postgres;
mod program;
pub(crate) mod proxy;
pub(crate) mod python;
mod rabbitmq;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::say::{say, table};

pub(crate) use postgres::{
    Database, OwnServer, STORAGE as STORAGE_VARIABLE, Scratch, VARIABLE as DATABASE_VARIABLE,
    find as database, own as own_database,
};
pub(crate) use program::program;
pub(crate) use rabbitmq::{Broker, OwnBroker, VARIABLE as BROKER_VARIABLE, own as own_broker};

/// A part, or why it is not there.
pub(crate) type Part<T> = Result<T, String>;

/// Everything the tests may lean on.
pub(crate) struct Parts {
    pub(crate) database: Part<Database>,
    pub(crate) broker: Part<Broker>,
    pub(crate) node: Part<String>,
    pub(crate) chromium: Part<PathBuf>,
    /// What `npm` installs for the browser and mail tests; MailDev is among it.
    pub(crate) packages: Part<String>,
    /// Python with the libraries of `tests/outside`.
    pub(crate) python: Part<PathBuf>,
    /// What `npm` installs for `tests/outside`.
    pub(crate) clients: Part<String>,
    pub(crate) curl: Part<PathBuf>,
    /// What the gateway's tests run in.
    pub(crate) network: Part<String>,
}

impl Parts {
    /// Looks for every part, and says what was found.
    pub(crate) fn gather(project: &Project) -> Self {
        let node = browser::node();
        let packages = |folder: &Path| match &node {
            Ok(_) => browser::packages(&project.root, folder),
            Err(reason) => Err(reason.clone()),
        };
        let outside = project.outside_tests();
        let parts = Self {
            database: postgres::find(),
            packages: packages(&project.browser_tests()),
            clients: packages(&outside.join("node")),
            broker: rabbitmq::find(),
            node,
            chromium: browser::chromium(),
            python: python::environment(&project.scratch("outside"), &outside.join("requirements.txt")),
            curl: curl(),
            network: network::find(),
        };
        say(parts.table());
        parts
    }

    /// The parts that are missing, each with its reason.
    pub(crate) fn missing(&self) -> Vec<(&'static str, String)> {
        let reasons = [
            ("PostgreSQL", self.database.as_ref().err()),
            ("RabbitMQ", self.broker.as_ref().err()),
            ("Node", self.node.as_ref().err()),
            ("Chromium", self.chromium.as_ref().err()),
            ("MailDev", self.packages.as_ref().err()),
            ("Python clients", self.python.as_ref().err()),
            ("npm clients", self.clients.as_ref().err()),
            ("curl", self.curl.as_ref().err()),
            ("network namespaces", self.network.as_ref().err()),
        ];
        reasons
            .into_iter()
            .filter_map(|(part, reason)| Some((part, reason?.clone())))
            .collect()
    }

    fn table(&self) -> String {
        let state = |part: Part<String>| part.unwrap_or_else(|reason| format!("not here ({reason})"));
        let path = |part: &Part<PathBuf>| {
            let path = part.as_ref().map(|path| path.display().to_string());
            path.map_err(Clone::clone)
        };
        let rows = [
            (
                "PostgreSQL",
                self.database.as_ref().map(Database::origin).map_err(Clone::clone),
            ),
            (
                "RabbitMQ",
                self.broker.as_ref().map(Broker::origin).map_err(Clone::clone),
            ),
            ("Node", self.node.clone()),
            ("Chromium", path(&self.chromium)),
            ("MailDev", self.packages.clone()),
            ("Python clients", path(&self.python)),
            ("npm clients", self.clients.clone()),
            ("curl", path(&self.curl)),
            ("network namespaces", self.network.clone()),
        ];
        table(
            ["part", "state"],
            &rows.map(|(part, found)| [part.to_owned(), state(found)]),
        )
    }
}

/// curl, the program.
fn curl() -> Part<PathBuf> {
    let found = || command::find("curl").or_else(|| command::find("curl.exe"));
    let curl = found().or_else(|| install("curl").then(found).flatten());
    curl.ok_or_else(|| not_installed("curl"))
}

/// Installs a Debian package when we may. Whether that worked.
pub(crate) fn install(package: &str) -> bool {
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
pub(crate) fn not_installed(package: &str) -> String {
    if is_root() {
        format!("`apt-get install {package}` did not work")
    } else {
        format!("install the package {package}; only root can do it from here")
    }
}

fn is_root() -> bool {
    cfg!(unix) && command::output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
