//! Settings and files.

use std::path::{Path, PathBuf};

use super::finding::Findings;
use crate::cli::outside;
use crate::config::{DatabaseUrl, Settings};
use crate::secrets::Secrets;
use crate::wiring;

pub(super) fn settings(settings: &Settings, found: &mut Findings) {
    let url = &settings.server.public_url;
    if settings.is_development() {
        found.ok("settings", format!("development mode at {url}"));
    } else if url.is_loopback() {
        found.warn(
            "settings",
            format!("links in mails point to {url}, which only this machine reaches; set server.public_url"),
        );
    } else {
        found.ok("settings", format!("production at {url}"));
    }
}

/// Who is believed about where a request comes from: limits and lists of sessions follow from it.
pub(super) fn proxies(settings: &Settings, found: &mut Findings) {
    const CHECK: &str = "proxies";
    let trusted = &settings.server.trusted_proxies;
    if let Some(wide) = trusted.iter().find(|network| network.is_everybody()) {
        found.fail(
            CHECK,
            format!(
                "server.trusted_proxies has {wide}: everybody may say where he comes from; name your proxies"
            ),
        );
    } else if !trusted.is_empty() {
        found.ok(CHECK, format!("{} trusted", trusted.len()));
    } else if settings.is_development() {
        found.ok(CHECK, "none, none needed");
    } else {
        found.warn(
            CHECK,
            "none is trusted: behind a proxy all visitors share its address and its limits; set server.trusted_proxies",
        );
    }
}

pub(super) fn secrets(settings: &Settings, found: &mut Findings) -> Option<Secrets> {
    match wiring::open_secrets(settings, &*outside().dice) {
        Ok(secrets) => {
            let place = match settings.secret_key {
                Some(_) => "from the settings".to_owned(),
                None => format!("in {}", settings.server.data_dir.display()),
            };
            found.ok("secrets", place);
            Some(secrets)
        }
        Err(error) => {
            found.fail("secrets", format!("{error:#}"));
            None
        }
    }
}

/// Nobody else reads what is in the data folder or the database file.
pub(super) fn files(settings: &Settings, found: &mut Findings) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&settings.server.data_dir)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    if let DatabaseUrl::Sqlite(path) = &settings.database {
        paths.push(path.clone());
    }
    match paths.iter().find_map(|path| open_to_others(path)) {
        Some(command) => found.fail("files", format!("others can read them; run: {command}")),
        None => found.ok("files", "private"),
    }
}

/// The command that closes it.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<String> {
    let about = std::fs::symlink_metadata(path).ok()?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions());
    let closed = if about.is_dir() { "700" } else { "600" };
    (!about.is_symlink() && mode & 0o077 != 0).then(|| format!("chmod {closed} {}", path.display()))
}

#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> Option<String> {
    None
}
