//! Python with the libraries of the clients that nobody here wrote, in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Part, install, not_installed};
use crate::command;
use crate::say::say;

/// What lies beside the environment when it is complete.
const STAMP: &str = "installed.txt";

/// The interpreter of an environment that holds exactly these requirements.
pub(crate) fn environment(folder: &Path, requirements: &Path) -> Part<PathBuf> {
    let wanted = fs::read_to_string(requirements).map_err(|error| error.to_string())?;
    let python = interpreter(folder);
    if is_current(folder, &wanted) {
        return Ok(python);
    }
    make(folder)?;
    let name = requirements.file_name().unwrap_or_default().display();
    say(format_args!("installing the Python libraries of {name} …"));
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    command::output_of(pip.arg(requirements)).map_err(|error| error.to_string())?;
    fs::write(folder.join(STAMP), wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

fn is_current(folder: &Path, wanted: &str) -> bool {
    interpreter(folder).is_file() && fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == wanted)
}

/// An empty environment. Debian ships the module for that apart from Python.
fn make(folder: &Path) -> Part<()> {
    let program = if cfg!(windows) { "python" } else { "python3" };
    if command::find(&format!("{program}{}", std::env::consts::EXE_SUFFIX)).is_none() && !install("python3") {
        return Err(not_installed("python3"));
    }
    let create = || {
        let mut python = Command::new(program);
        command::output_of(python.args(["-m", "venv", "--clear"]).arg(folder))
    };
    let made = create().or_else(|error| {
        if install("python3-venv") {
            create()
        } else {
            Err(error)
        }
    });
    made.map(drop).map_err(|error| error.to_string())
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) {
        folder.join("Scripts").join("python.exe")
    } else {
        folder.join("bin").join("python")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_used_again_only_for_the_same_requirements() {
        let folder = tempfile::tempdir().unwrap();
        let python = interpreter(folder.path());
        fs::create_dir_all(python.parent().unwrap()).unwrap();
        fs::write(folder.path().join(STAMP), "a==1\n").unwrap();
        assert!(!is_current(folder.path(), "a==1\n"), "nothing runs there");
        fs::write(python, "").unwrap();
        assert!(is_current(folder.path(), "a==1\n"));
        assert!(!is_current(folder.path(), "a==2\n"));
    }
}
