//! The compose files, read by Docker's own compose.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Outcome;
use crate::command;
use crate::parts;

/// Everything that must be filled in, with what it may look like.
const FILLED_IN: &[(&str, &str)] = &[
    ("SECRET_KEY", "6f2d1c0b9a8f7e6d5c4b3a291817161514131211"),
    ("POSTGRES_PASSWORD", "kept-by-the-test"),
    ("RABBITMQ_PASSWORD", "kept-by-the-test"),
    ("USHER_PUBLIC_URL", "https://accounts.example.org"),
    ("USHER_MAIL_FROM", "Example <accounts@example.org>"),
    ("USHER_SMTP_URL", "smtp://mail.example.org:587?tls=starttls"),
];

pub(super) fn judge(root: &Path) -> Result<Outcome> {
    let compose = match find() {
        Ok(compose) => compose,
        Err(reason) => return Ok(Outcome::Missing(reason)),
    };
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let place = Place {
        compose,
        deploy: root.join("deploy"),
        env: folder.path().join("env"),
    };
    let mut promises = Vec::new();
    let files: [(&str, &[&str]); 2] = [
        ("production", &["compose.yaml"]),
        ("development", &["compose.yaml", "compose.override.yaml"]),
    ];
    for (name, files) in files {
        let all = place.accepts(files, FILLED_IN)?;
        promises.push((format!("the files for {name} are understood"), all));
    }
    for (missing, _) in FILLED_IN {
        let rest: Vec<_> = FILLED_IN
            .iter()
            .filter(|(name, _)| name != missing)
            .copied()
            .collect();
        let refused = !place.accepts(&["compose.yaml"], &rest)?;
        promises.push((format!("nothing starts without {missing}"), refused));
    }
    Ok(Outcome::Judged(promises))
}

struct Place {
    compose: Vec<PathBuf>,
    deploy: PathBuf,
    env: PathBuf,
}

impl Place {
    fn accepts(&self, files: &[&str], filled_in: &[(&str, &str)]) -> Result<bool> {
        let lines = filled_in.iter().map(|(name, value)| format!("{name}={value}\n"));
        fs::write(&self.env, lines.collect::<Vec<_>>().concat()).context("cannot write the variables")?;
        let mut compose = Command::new(&self.compose[0]);
        compose.args(&self.compose[1..]).arg("--env-file").arg(&self.env);
        for (name, _) in FILLED_IN {
            compose.env_remove(name);
        }
        for file in files {
            compose.arg("-f").arg(self.deploy.join(file));
        }
        Ok(command::output_of(compose.args(["config", "--quiet"])).is_ok())
    }
}

/// The plugin of docker, or the older program of its own.
fn find() -> parts::Part<Vec<PathBuf>> {
    let plugin = || vec![PathBuf::from("docker"), PathBuf::from("compose")];
    let works = |words: &[PathBuf]| {
        let mut version = Command::new(&words[0]);
        command::output_of(version.args(&words[1..]).arg("version")).is_ok()
    };
    if works(&plugin()) {
        return Ok(plugin());
    }
    let older = || command::find("docker-compose").map(|path| vec![path]);
    let found = older().or_else(|| parts::install("docker-compose").then(older).flatten());
    found.ok_or_else(|| parts::not_installed("docker-compose"))
}
