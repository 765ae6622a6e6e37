//! Network namespaces of this process: made by threads, kept by a file, entered by threads.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, ensure};
use nix::sched::{CloneFlags, setns, unshare};

/// Leaves the machine's own network behind, for good: what follows happens in namespaces that end with
/// this process. Must be called while the process has one thread.
pub(crate) fn leave_the_machine() -> Result<()> {
    let (user, group) = (nix::unistd::getuid(), nix::unistd::getgid());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    unshare(flags).context("this system gives no user namespaces to ordinary users")?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(())
}

/// One network namespace.
pub(crate) struct Space {
    name: &'static str,
    file: File,
}

impl Space {
    pub(crate) fn new(name: &'static str) -> Result<Self> {
        let make = || -> Result<File> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        };
        let file = thread::spawn(make)
            .join()
            .map_err(|_| anyhow!("a thread died"))??;
        let space = Self { name, file };
        space.ip("link set lo up")?;
        Ok(space)
    }

    /// Where `ip` finds this namespace.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Does the work inside, on a thread of its own.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET)?;
                work()
            });
            inside
                .join()
                .map_err(|_| anyhow!("a thread in {} died", self.name))?
        })
    }

    /// Goes on with the work inside.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<JoinHandle<Result<T>>> {
        let file = self.file.try_clone()?;
        Ok(thread::spawn(move || {
            setns(&file, CloneFlags::CLONE_NEWNET)?;
            work()
        }))
    }

    /// Lines for `ip -batch`.
    pub(crate) fn ip(&self, lines: &str) -> Result<()> {
        self.run(|| feed(Command::new("ip").args(["-batch", "-"]), lines))
            .with_context(|| self.name)
    }

    /// Sets values under `/proc/sys/net`.
    pub(crate) fn set(&self, values: &[(&str, &str)]) -> Result<()> {
        self.run(|| {
            for (path, value) in values {
                fs::write(format!("/proc/sys/net/{path}"), value).with_context(|| (*path).to_owned())?;
            }
            Ok(())
        })
    }

    /// What a program says inside.
    pub(crate) fn ask(&self, program: &str, arguments: &[&str]) -> Result<String> {
        self.run(|| {
            let output = Command::new(program).args(arguments).output()?;
            ensure!(
                output.status.success(),
                "{program}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        })
    }
}

/// Runs a program that reads its orders.
pub(crate) fn feed(command: &mut Command, lines: &str) -> Result<()> {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = piped.spawn()?;
    if let Some(mut orders) = child.stdin.take() {
        orders.write_all(lines.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
