//! Programs of Debian packages that start no service here: found, or unpacked without being installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Part;
use crate::command;
use crate::say::say;

/// Folders of programs that are not on everybody's path.
const USUAL: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/sbin"];

/// The program of this name, or the one in this package, unpacked into the folder of temporary files.
pub(crate) fn program(name: &str, package: &str) -> Part<PathBuf> {
    let mut usual = USUAL.iter().map(|folder| Path::new(folder).join(name));
    let known = command::find(name).or_else(|| usual.find(|path| path.is_file()));
    known.map_or_else(|| unpacked(name, package), Ok)
}

fn unpacked(name: &str, package: &str) -> Part<PathBuf> {
    let missing = || format!("install the package {package}");
    if command::find("apt-get").is_none() {
        return Err(missing());
    }
    let folder = env::temp_dir().join(format!("usher-{package}"));
    let found = || {
        let places = ["usr/bin", "usr/sbin"].map(|place| folder.join(place).join(name));
        places.into_iter().find(|path| path.is_file())
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    say(format_args!("unpacking {package} …"));
    fs::create_dir_all(&folder).map_err(|_| missing())?;
    let mut download = Command::new("apt-get");
    download
        .args(["download", "--quiet", package])
        .current_dir(&folder);
    command::output_of(&mut download).map_err(|_| missing())?;
    let archives = fs::read_dir(&folder).map_err(|_| missing())?;
    let archives = archives.filter_map(|entry| Some(entry.ok()?.path()));
    for archive in archives.filter(|path| path.extension().is_some_and(|end| end == "deb")) {
        command::output_of(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(archive)
                .arg(&folder),
        )
        .map_err(|_| missing())?;
    }
    found().ok_or_else(missing)
}
