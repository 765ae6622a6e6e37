//! A running `usher`: started on a loopback port with its own folder, ended with its value.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::http::{self, Connection};
use crate::command;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_mins(1);
const LOG: &str = "usher.log";
const LAST_LINES: usize = 12;

/// How to start the program, as often as one likes.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    program: PathBuf,
    address: SocketAddr,
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

/// The running program.
#[derive(Debug)]
pub(crate) struct Usher {
    server: Child,
    /// From the start of the process to the first 200 of `/health`.
    pub(crate) started_in: Duration,
}

impl Recipe {
    /// The program on a free port, keeping everything in `folder`.
    pub(crate) fn new(program: &Path, folder: &Path) -> Result<Self> {
        let address = super::free_address()?;
        Ok(Self {
            program: program.to_owned(),
            address,
            folder: folder.to_owned(),
            settings: Vec::new(),
        })
    }

    /// With this setting, by its environment name.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the server and waits until it is healthy.
    pub(crate) fn start(&self) -> Result<Usher> {
        self.run(
            self.command(&["serve", "--listen", &self.address.to_string()]),
            self.address,
        )
    }

    /// Starts a worker beside the server and waits until it is healthy.
    pub(crate) fn start_worker(&self) -> Result<Usher> {
        let metrics = super::free_address()?;
        let mut command = self.command(&["worker"]);
        command.env("USHER_METRICS__LISTEN", metrics.to_string());
        self.run(command, metrics)
    }

    fn run(&self, mut command: Command, address: SocketAddr) -> Result<Usher> {
        fs::create_dir_all(&self.folder).context("no folder for the server")?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .context("no log file")?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("no log file")?)
            .stderr(log);
        let begun = Instant::now();
        let mut server = command.spawn().context("cannot start usher")?;
        match wait_until_healthy(address, &mut server) {
            Ok(()) => Ok(Usher {
                server,
                started_in: begun.elapsed(),
            }),
            Err(error) => {
                server.kill().ok();
                server.wait().ok();
                Err(error.context(self.last_words()))
            }
        }
    }

    /// Another of the program's commands, on the same folder and settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in env::vars_os().filter(|(name, _)| is_setting(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(arguments).arg("--data-dir").arg(self.data());
        command.current_dir(&self.folder);
        command
    }

    /// The end of its log, for whoever must find out what went wrong.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines = log.lines().collect::<Vec<_>>();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// Whether its log has these words anywhere.
    pub(crate) fn ever_said(&self, words: &str) -> bool {
        let log = fs::read(self.log()).unwrap_or_default();
        log.windows(words.len()).any(|part| part == words.as_bytes())
    }

    /// Where it keeps its database.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// All that it has said, and every file that it keeps, for whoever looks for what must not be there.
    pub(crate) fn everything(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let data = fs::read_dir(self.data()).context("no data folder")?;
        let mut paths = vec![self.log()];
        for entry in data {
            paths.push(entry.context("no data folder")?.path());
        }
        let files = paths.into_iter().filter(|path| path.is_file());
        files
            .map(|path| {
                let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                Ok((path, bytes))
            })
            .collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }
}

impl Usher {
    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.server.id()
    }

    /// Asks it to end, and waits until it has, well.
    pub(crate) fn terminate(&mut self) -> Result<()> {
        let id = self.server.id().to_string();
        command::output_of(Command::new("kill").args(["-TERM", &id]))?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.server.try_wait().context("cannot watch usher")? {
                ensure!(status.success(), "usher ended with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("usher had not ended after {} s", STOP_LIMIT.as_secs())
    }

    /// Ends it at once, without a word of warning.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.server.kill().context("cannot kill usher")?;
        self.server.wait().context("cannot wait for usher")?;
        Ok(())
    }
}

impl Drop for Usher {
    fn drop(&mut self) {
        // It may have been killed already; then there is nothing left to end.
        self.kill().ok();
    }
}

/// Settings of whoever runs us must not reach a server under test.
fn is_setting(name: &str) -> bool {
    name.starts_with("USHER_")
        || matches!(
            name,
            "DATABASE_URL" | "SECRET_KEY" | "ACCESS_TOKEN_EXPIRE_MINUTES" | "SESSION_EXPIRE_HOURS"
        )
}

fn wait_until_healthy(address: SocketAddr, server: &mut Child) -> Result<()> {
    let request = http::request("GET", "/health", &[], "");
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        let answer = Connection::open(address).and_then(|mut connection| connection.call(&request));
        if answer.is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        if let Some(status) = server.try_wait().context("cannot watch usher")? {
            bail!("usher ended while it was starting ({status})");
        }
        thread::sleep(Duration::from_millis(1));
    }
    bail!("usher was not healthy within {} s", START_LIMIT.as_secs())
}
