//! The program itself in the gateway's namespace, and somebody who speaks with it as the server would.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use usher_sharing::wire::{Applied, Desired, FromGateway, Lines, ToGateway, decode, encode};

use super::topology::{LAN, Topology, WAN};

const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with the settings, the socket and the state; it goes with this.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new() -> Result<Self> {
        Self::with("")
    }

    /// With these lines of settings beside the usual ones.
    pub(crate) fn with(more: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("usher-lab-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let path = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "lan = \"{LAN}\"\nwan = \"{WAN}\"\nnetworks = [\"10.77.0.0/16\"]\nsocket = {:?}\nstate = {:?}\n{more}",
            path("socket"),
            path("state"),
        );
        fs::write(folder.join("gateway.toml"), config)?;
        Ok(Self(folder))
    }

    /// Where something in it is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The program with these settings.
    pub(crate) fn command(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(name).arg("--config").arg(self.0.join("gateway.toml"));
        Ok(command)
    }

    pub(crate) fn down(&self, topology: &Topology) -> Result<()> {
        topology.gateway.run(|| {
            let output = self.command("down")?.output()?;
            ensure!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(())
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program; it is killed when this goes.
pub(crate) struct Agent {
    child: Child,
    stream: UnixStream,
    lines: Lines,
}

impl Agent {
    pub(crate) fn start(topology: &Topology, home: &Home) -> Result<Self> {
        let child = topology.gateway.run(|| {
            let mut command = home.command("run")?;
            command.env("USHER_GATEWAY_LOG", "warn").stdin(Stdio::null());
            Ok(command.spawn()?)
        })?;
        let begun = Instant::now();
        let stream = loop {
            match UnixStream::connect(home.0.join("socket")) {
                Ok(stream) => break stream,
                Err(_) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error).context("the program does not answer"),
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            child,
            stream,
            lines: Lines::new(),
        })
    }

    pub(crate) fn apply(&mut self, desired: &Desired) -> Result<Applied> {
        self.stream
            .write_all(&encode(&ToGateway::Desired(desired.clone()))?)?;
        loop {
            match self.hear()? {
                FromGateway::Applied(applied) => return Ok(applied),
                FromGateway::Refused { detail, .. } => bail!("refused: {detail}"),
                _ => {}
            }
        }
    }

    /// The next thing the program says.
    pub(crate) fn hear(&mut self) -> Result<FromGateway> {
        let mut buffer = [0; 1 << 14];
        loop {
            if let Some(line) = self.lines.next_line()? {
                return Ok(decode(&line)?);
            }
            let length = self.stream.read(&mut buffer)?;
            ensure!(length > 0, "the program has ended");
            self.lines.push(&buffer[..length]);
        }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
