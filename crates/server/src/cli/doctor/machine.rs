//! What the machine gives: room on the disk, files at once.

use super::finding::Findings;
use crate::config::Settings;

const MIB: u64 = 1 << 20;
/// Less than this and the next busy hour fills it.
const LITTLE: u64 = 1_024 * MIB;
/// Less than this and writes are about to fail.
const NONE: u64 = 64 * MIB;
/// Files beside the connections: database, logs, mail servers.
const OWN_FILES: u64 = 64;

#[cfg(unix)]
pub(super) fn disk(settings: &Settings, found: &mut Findings) {
    const CHECK: &str = "disk";
    let folder = &settings.server.data_dir;
    let free = match rustix::fs::statvfs(folder) {
        Ok(about) => about.f_bavail.saturating_mul(about.f_frsize),
        Err(cause) => return found.warn(CHECK, format!("cannot look at {}: {cause}", folder.display())),
    };
    let text = format!("{} MiB free in {}", free / MIB, folder.display());
    match free {
        0..NONE => found.fail(CHECK, format!("{text}; make room before writes fail")),
        NONE..LITTLE => found.warn(CHECK, format!("{text}; make room soon")),
        _ => found.ok(CHECK, text),
    }
}

#[cfg(unix)]
pub(super) fn open_files(settings: &Settings, found: &mut Findings) {
    const CHECK: &str = "open files";
    let wanted = settings.server.max_connections as u64 + OWN_FILES;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < wanted => found.warn(
            CHECK,
            format!(
                "{limit} at once, {wanted} wanted for server.max_connections; \
                 raise it (ulimit -n {wanted}, LimitNOFILE={wanted})"
            ),
        ),
        Some(limit) => found.ok(CHECK, format!("{limit} at once")),
        None => found.ok(CHECK, "no limit"),
    }
}

#[cfg(not(unix))]
pub(super) fn disk(_: &Settings, _: &mut Findings) {}

#[cfg(not(unix))]
pub(super) fn open_files(_: &Settings, _: &mut Findings) {}
