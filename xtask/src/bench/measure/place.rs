//! Where servers under measure keep everything, each in a database of its own that goes with its value.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::ValueEnum;

use crate::client::sql::Sql;
use crate::client::usher::Recipe;
use crate::parts::{self, Database, Scratch};
use crate::say::say;

/// Which databases are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Databases {
    /// The one in the program.
    Embedded,
    /// A PostgreSQL server: the one that is named, the one that runs here, or one that is started.
    Postgres,
    /// One after the other.
    Both,
}

/// A kind of database that is there.
pub(super) enum Kind {
    Embedded,
    Postgres { server: Database, about: String },
}

impl Databases {
    /// Those of them that are there; of a server that is not, one line says so.
    pub(super) fn there(self) -> Vec<Kind> {
        let mut kinds = Vec::new();
        if self != Self::Postgres {
            kinds.push(Kind::Embedded);
        }
        if self != Self::Embedded {
            match Kind::server() {
                Ok(kind) => kinds.push(kind),
                Err(reason) => say(format_args!("not measured on PostgreSQL: {reason:#}")),
            }
        }
        kinds
    }

    /// The word for it on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Postgres => "postgres",
            Self::Both => "both",
        }
    }
}

impl Kind {
    fn server() -> Result<Self> {
        let server = parts::database().map_err(|reason| anyhow!("{reason}"))?;
        let sql = Sql::Postgres {
            url: server.url().to_owned(),
        };
        // Figures of a server that does not wait for its disk are other figures.
        let about = sql.ask(
            "SELECT format('PostgreSQL %s, fsync %s', split_part(current_setting('server_version'), ' ', 1), \
             current_setting('fsync'))",
        )?;
        Ok(Self::Postgres { server, about })
    }

    /// What stands before the names of its figures. Those of the embedded database have none.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Embedded => "",
            Self::Postgres { .. } => "postgres_",
        }
    }

    /// In a heading.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Embedded => "the embedded database".to_owned(),
            Self::Postgres { about, .. } => about.clone(),
        }
    }

    /// A new, empty database.
    pub(super) fn place(&self, purpose: &str) -> Result<Place> {
        Ok(match self {
            Self::Embedded => Place::Embedded,
            Self::Postgres { server, .. } => Place::Postgres(Scratch::on(server, purpose)?),
        })
    }
}

/// One database.
pub(super) enum Place {
    Embedded,
    Postgres(Scratch),
}

impl Place {
    /// A recipe for programs that use it.
    pub(super) fn recipe(&self, program: &Path, folder: &Path) -> Result<Recipe> {
        let recipe = Recipe::new(program, folder)?;
        Ok(match self {
            Self::Embedded => recipe,
            Self::Postgres(scratch) => recipe.with("DATABASE_URL", scratch.url()),
        })
    }

    /// The way to its rows.
    pub(super) fn sql(&self, recipe: &Recipe) -> Result<Sql> {
        Ok(match self {
            Self::Embedded => Sql::Sqlite {
                program: sqlite()?,
                file: recipe.data().join("usher.db"),
            },
            Self::Postgres(scratch) => Sql::Postgres {
                url: scratch.url().to_owned(),
            },
        })
    }
}

fn sqlite() -> Result<PathBuf> {
    parts::program("sqlite3", "sqlite3")
        .map_err(|reason| anyhow!("no sqlite3 to fill the database: {reason}"))
}
