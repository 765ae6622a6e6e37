//! An empty database on a server, gone with its value.

use anyhow::{Context, Result};

use super::Database;
use crate::client::sql::Sql;

/// The database.
pub(crate) struct Scratch {
    server: String,
    name: String,
    url: String,
}

impl Scratch {
    /// A new one; its name tells runs apart.
    pub(crate) fn on(server: &Database, purpose: &str) -> Result<Self> {
        let name = format!("usher_{purpose}_{}", std::process::id());
        let (place, options) = server.url().split_once('?').unwrap_or((server.url(), ""));
        let (host, _) = place
            .rsplit_once('/')
            .context("the server's URL names no database")?;
        let scratch = Self {
            url: format!("{host}/{name}?{options}"),
            server: server.url().to_owned(),
            name,
        };
        scratch.tell(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", scratch.name))?;
        scratch.tell(&format!("CREATE DATABASE {} TEMPLATE template0", scratch.name))?;
        Ok(scratch)
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        self.url.trim_end_matches('?')
    }

    fn tell(&self, statement: &str) -> Result<()> {
        let server = Sql::Postgres {
            url: self.server.clone(),
        };
        server.ask(statement).map(drop)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.tell(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))
            .ok();
    }
}
