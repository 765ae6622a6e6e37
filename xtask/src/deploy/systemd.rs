//! The systemd units, judged by systemd itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Outcome;
use crate::command;
use crate::parts;
use crate::say::say;

const UNITS: &[&str] = &["usher", "usher-worker", "usher-gateway"];
/// The highest exposure a unit may have, of 100.
const MOST: u32 = 15;

pub(super) fn judge(root: &Path) -> Result<Outcome> {
    let find = || command::find("systemd-analyze");
    let Some(program) = find().or_else(|| parts::install("systemd").then(find).flatten()) else {
        return Ok(Outcome::Missing(parts::not_installed("systemd")));
    };
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let mut promises = Vec::new();
    for name in UNITS {
        let unit = root.join("deploy/systemd").join(format!("{name}.service"));
        promises.push((
            format!("{name}.service is understood"),
            is_understood(&program, &unit, folder.path())?,
        ));
        let mut security = Command::new(&program);
        security
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={MOST}"));
        let judged = security
            .arg(&unit)
            .output()
            .context("cannot run systemd-analyze")?;
        let said = String::from_utf8_lossy(&judged.stdout).into_owned();
        let figure = said.lines().find(|line| line.contains("Overall exposure"));
        say(figure.unwrap_or("no figure").trim());
        promises.push((
            format!("{name}.service is exposed no more than {MOST} of 100"),
            judged.status.success() && figure.is_some(),
        ));
    }
    Ok(Outcome::Judged(promises))
}

/// The program it starts need not be installed where it is judged.
fn is_understood(program: &Path, unit: &Path, folder: &Path) -> Result<bool> {
    let text = fs::read_to_string(unit).with_context(|| format!("cannot read {}", unit.display()))?;
    let name = unit.file_name().context("a unit has a name")?;
    let copy = folder.join(name);
    let here = ["/usr/local/bin/usher-gateway", "/usr/local/bin/usher"]
        .iter()
        .fold(text, |text, path| text.replace(path, "/bin/true"));
    fs::write(&copy, here).context("cannot write the unit")?;
    let mut verify = Command::new(program);
    let verdict = verify
        .args(["verify", "--man=no"])
        .arg(&copy)
        .output()
        .context("cannot run systemd-analyze")?;
    let complaints = String::from_utf8_lossy(&verdict.stderr).into_owned();
    let ours = complaints
        .lines()
        .filter(|line| line.contains(&*name.to_string_lossy()));
    Ok(verdict.status.success() && ours.map(say).count() == 0)
}
