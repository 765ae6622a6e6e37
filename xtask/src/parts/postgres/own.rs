//! A server of our own: in a temporary folder, on a free loopback port, gone with its value.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::client;
use crate::command;

const START_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// The running server.
pub(crate) struct OwnServer {
    url: String,
    port: u16,
    place: Place,
    server: Child,
}

impl OwnServer {
    /// Makes a new cluster and starts it.
    pub(super) fn start(programs: &Path) -> Result<Self> {
        let place = Place::new(programs)?;
        let mut initdb = place.program("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            "--pgdata",
        ]);
        command::output_of(initdb.arg(place.data()))?;
        let port = client::free_address()?.port();
        let server = place.serve(port)?;
        let mut own = Self {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            port,
            place,
            server,
        };
        own.wait_until_ready()?;
        Ok(own)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without letting anybody finish; what was committed is in its journal.
    pub(crate) fn stop_at_once(&mut self) -> Result<()> {
        let mut stop = self.place.program("pg_ctl");
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.place.data());
        command::output_of(&mut stop)?;
        self.server.wait().context("cannot wait for postgres")?;
        Ok(())
    }

    /// Starts it on what it has kept, and waits until it takes connections.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.server = self.place.serve(self.port)?;
        self.wait_until_ready()
    }

    /// The one number that a question has for an answer.
    pub(crate) fn number(&self, question: &str) -> Result<u32> {
        let mut psql = self.place.program("psql");
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--command",
            question,
        ]);
        let answer = command::output_of(psql.arg(&self.url))?;
        answer.trim().parse().context("no number from psql")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if self.server.try_wait().context("cannot watch postgres")?.is_some() {
                bail!("postgres ended while it was starting");
            }
            let mut ready = self.place.program("pg_isready");
            if command::output_of(ready.args(["--quiet", "--dbname", &self.url])).is_ok() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        bail!("postgres was not ready within {} s", START_LIMIT.as_secs())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if self.stop_at_once().is_err() {
            // Already gone, or not to be reached by its own tool: then by its process.
            self.server.kill().ok();
            self.server.wait().ok();
        }
    }
}

/// Where the server lives and as whom it runs: PostgreSQL refuses to run as root.
struct Place {
    programs: PathBuf,
    folder: TempDir,
    owner: Option<(u32, u32)>,
}

impl Place {
    fn new(programs: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let owner = if super::super::is_root() {
            Some(unprivileged()?)
        } else {
            None
        };
        give(folder.path(), owner)?;
        Ok(Self {
            programs: programs.to_owned(),
            folder,
            owner,
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        run_as(&mut command, self.owner);
        command
    }

    fn serve(&self, port: u16) -> Result<Child> {
        let log = File::create(self.folder.path().join("log")).context("no log file")?;
        let mut server = self.program("postgres");
        server
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port.to_string(), "-k"])
            .arg(self.folder.path());
        // The data is thrown away with the folder, so nothing is gained by syncing it.
        server.args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=300",
        ]);
        server.stdout(log.try_clone().context("no log file")?).stderr(log);
        server.spawn().context("cannot start postgres")
    }
}

/// The user Debian's package makes, or else nobody.
fn unprivileged() -> Result<(u32, u32)> {
    let number = |option: &str, user: &str| -> Result<u32> {
        Ok(command::output_of(Command::new("id").args([option, user]))?
            .trim()
            .parse()?)
    };
    let user = |name| Ok::<_, anyhow::Error>((number("-u", name)?, number("-g", name)?));
    user("postgres")
        .or_else(|_| user("nobody"))
        .context("no user to run postgres as")
}

#[cfg(unix)]
fn give(folder: &Path, owner: Option<(u32, u32)>) -> Result<()> {
    let Some((user, group)) = owner else { return Ok(()) };
    std::os::unix::fs::chown(folder, Some(user), Some(group)).context("cannot give the folder away")
}

#[cfg(unix)]
fn run_as(command: &mut Command, owner: Option<(u32, u32)>) {
    use std::os::unix::process::CommandExt;
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
}

#[cfg(not(unix))]
fn give(_: &Path, _: Option<(u32, u32)>) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn run_as(_: &mut Command, _: Option<(u32, u32)>) {}
