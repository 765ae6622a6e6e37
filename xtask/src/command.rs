//! Running other programs: with their output shown, captured, or shown and read at once.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::say::say;

/// The cargo that runs us. What it told us about our own package is kept from it: build scripts that
/// watch those variables would otherwise run again and again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let own = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if own {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo has this subcommand.
pub(crate) fn cargo_can(subcommand: &str) -> bool {
    output_of(cargo().args([subcommand, "--version"])).is_ok()
}

/// Whether the program ended well; its output goes to the terminal.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| cannot_start(command))?;
    Ok(status.success())
}

/// What the program printed. An error when it did not end well.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}", name_of(command), last_line(&said));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no UTF-8", name_of(command)))
}

/// Shows the program's output as it comes and hands every line to `read` too. Whether it ended well.
pub(crate) fn watched(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool> {
    heard(command, |line| {
        say(line);
        read(line);
    })
}

/// Hands every line of the program's output to `read`. Whether it ended well.
pub(crate) fn heard(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        forward(output, sender.clone());
    }
    if let Some(output) = child.stderr.take() {
        forward(output, sender.clone());
    }
    drop(sender);
    for line in lines {
        read(&line);
    }
    Ok(child.wait().with_context(|| cannot_start(command))?.success())
}

/// Where a program of this name is found, if anywhere.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn forward(output: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if lines.send(text).is_err() {
                break;
            }
        }
    });
}

fn name_of(command: &Command) -> String {
    PathBuf::from(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .display()
        .to_string()
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", name_of(command))
}

fn last_line(text: &str) -> &str {
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_watched_program_is_read_on_both_of_its_outputs() {
        let mut lines = Vec::new();
        let ended_well = watched(
            Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]),
            |line| {
                lines.push(line.to_owned());
            },
        );
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        assert!(!ended_well.unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_program_is_named_with_its_last_words() {
        let failed = output_of(Command::new("sh").args(["-c", "echo why >&2; exit 1"]));
        assert_eq!(failed.unwrap_err().to_string(), "sh failed: why");
    }
}
