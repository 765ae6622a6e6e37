//! A broker of our own: in a temporary folder, under a name and on ports of its own, gone with its value.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::client::{self, amqp};
use crate::command;

/// Erlang starts slowly, and more so while everything else does.
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// The running broker.
pub(crate) struct OwnBroker {
    url: String,
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// For its talk with its own tools.
    distribution: u16,
    server: Option<Child>,
}

impl OwnBroker {
    /// Makes a new node and starts it.
    pub(super) fn start(programs: &Path) -> Result<Self> {
        let (port, distribution) = (client::free_address()?.port(), client::free_address()?.port());
        let mut own = Self {
            url: format!("amqp://guest:guest@127.0.0.1:{port}"),
            programs: programs.to_owned(),
            folder: tempfile::tempdir().context("no temporary folder")?,
            port,
            distribution,
            server: None,
        };
        own.start_again()?;
        Ok(own)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts it on what it has kept.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .context("no log file")?;
        let mut server = self.program("rabbitmq-server");
        server.stdout(log.try_clone().context("no log file")?).stderr(log);
        own_group(&mut server);
        self.server = Some(server.spawn().context("cannot start rabbitmq-server")?);
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if amqp::lets_guest_in(self.port) {
                return Ok(());
            }
            if let Some(server) = &mut self.server
                && server.try_wait().context("cannot watch rabbitmq")?.is_some()
            {
                bail!("rabbitmq ended while it was starting");
            }
            thread::sleep(PAUSE);
        }
        bail!("rabbitmq was not ready within {} s", START_LIMIT.as_secs())
    }

    /// Stops it in an orderly way.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        let deadline = Instant::now() + STOP_LIMIT;
        while let Some(server) = &mut self.server {
            if server.try_wait().context("cannot watch rabbitmq")?.is_some() {
                self.server = None;
            } else if Instant::now() > deadline {
                bail!("rabbitmq did not stop within {} s", STOP_LIMIT.as_secs());
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Ends it without a word of warning.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.signal("KILL")?;
        if let Some(mut server) = self.server.take() {
            server.wait().context("cannot wait for rabbitmq")?;
        }
        Ok(())
    }

    /// Deletes a queue with everything in it.
    pub(crate) fn delete_queue(&self, queue: &str) -> Result<()> {
        amqp::delete_queue(self.port, queue).with_context(|| format!("cannot delete {queue}"))
    }

    /// The script that started it has children; all of them are one group.
    fn signal(&self, name: &str) -> Result<()> {
        let Some(server) = &self.server else { return Ok(()) };
        let group = format!("-{}", server.id());
        command::output_of(Command::new("kill").args(["-s", name, "--", &group])).map(drop)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        let folder = self.folder.path();
        command.current_dir(folder).stdin(Stdio::null());
        command
            .env("HOME", folder)
            .env("RABBITMQ_NODENAME", format!("usher{}@localhost", self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder.join("logs"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", folder.join("config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("none"));
        command
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // It may have been ended already; then there is nothing left to end.
        self.kill().ok();
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}
