//! Node, the packages of the browser tests, and Chromium.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Part, install, not_installed};
use crate::command;
use crate::say::say;

/// The oldest Node the packages run on.
const OLDEST_NODE: u32 = 20;

const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Names the browser to use when it has another name or place.
const CHOSEN_BROWSER: &str = "USHER_TEST_CHROMIUM";

/// Node's version, when it is new enough.
pub(super) fn node() -> Part<String> {
    if command::find("node").is_none() && !install("nodejs") {
        return Err(not_installed("nodejs"));
    }
    let version =
        command::output_of(Command::new("node").arg("--version")).map_err(|error| error.to_string())?;
    let version = version.trim().to_owned();
    if major(&version) < OLDEST_NODE {
        return Err(format!("Node {version} is too old, {OLDEST_NODE} is needed"));
    }
    Ok(version)
}

/// Chromium or Chrome.
pub(super) fn chromium() -> Part<PathBuf> {
    if let Some(chosen) = env::var_os(CHOSEN_BROWSER) {
        let chosen = PathBuf::from(chosen);
        return if chosen.is_file() {
            Ok(chosen)
        } else {
            Err(format!("{CHOSEN_BROWSER} names no file"))
        };
    }
    let found = || BROWSERS.iter().find_map(|name| command::find(name));
    if let Some(browser) = found() {
        return Ok(browser);
    }
    install("chromium");
    found().ok_or_else(|| not_installed("chromium"))
}

/// Installs the locked packages of a folder unless they are there already.
pub(super) fn packages(root: &Path, folder: &Path) -> Part<String> {
    let name = folder.strip_prefix(root).unwrap_or(folder).display();
    if !is_current(folder) {
        if command::find("npm").is_none() && !install("npm") {
            return Err(not_installed("npm"));
        }
        say(format_args!("installing the packages of {name} …"));
        let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
        command::output_of(Command::new(program).arg("ci").current_dir(folder))
            .map_err(|error| error.to_string())?;
    }
    Ok(format!("{name}/node_modules"))
}

/// npm leaves its own copy of the lock behind as the last thing it does.
fn is_current(folder: &Path) -> bool {
    let changed = |file: PathBuf| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    let installed = changed(folder.join("node_modules").join(".package-lock.json"));
    installed.is_some() && installed >= changed(folder.join("package-lock.json"))
}

fn major(version: &str) -> u32 {
    let number = version.trim_start_matches('v').split('.').next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2"), 20);
        assert_eq!(major("no version"), 0);
    }

    #[test]
    fn packages_are_current_only_after_an_installation() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("package-lock.json"), "{}").unwrap();
        assert!(!is_current(folder.path()));
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        fs::write(folder.path().join("node_modules/.package-lock.json"), "{}").unwrap();
        assert!(is_current(folder.path()));
    }
}
