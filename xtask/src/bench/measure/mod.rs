//! The measure itself, in the release build.

mod crowd;
mod figures;
mod fill;
mod growth;
mod hashing;
pub(crate) mod hello;
mod hot_path;
mod load;
pub(crate) mod machine;
mod mail;
pub(crate) mod place;
mod raw;
mod scene;
mod start;
mod statistics;
mod worker;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Options, Other, WORKER_MAILS};
use crate::project::Project;
use crate::say::{heading, say};
use figures::{Figure, Target};
use place::Kind;
use scene::Scene;

/// Memory of one hash, in MiB.
const HASH: f64 = 19.0;
const ALLOWANCE: f64 = 32.0;

/// Measures, prints the table and writes the file.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = Project::load()?.program("release", "usher");
    let mut figures = vec![machine::load_average()];
    for kind in options.database.there() {
        heading(kind.title());
        let measured = match &options.other {
            Some(Other::Worker(worker)) => worker::measure(&program, &kind, worker.mails)?,
            Some(Other::Growth(growth)) => growth::measure(&program, &kind, growth.accounts)?,
            _ => measure(&program, &kind, Duration::from_secs(options.seconds))?,
        };
        let prefix = kind.prefix();
        figures.extend(measured.into_iter().map(|figure| figure.named_after(prefix)));
    }
    heading("figures");
    say(figures::as_table(&figures));
    if let Some(file) = &options.json {
        let document = figures::as_json(&figures, machine::cores(), options.seconds);
        fs::write(file, format!("{document:#}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn measure(program: &Path, kind: &Kind, load: Duration) -> Result<Vec<Figure>> {
    say("start and memory …");
    let (at_rest, mut figures) = start::measure(program, kind)?;
    let mut scene = Scene::set(program, kind, load)?;
    say("register and login beside raw argon2id …");
    figures.extend(hashing::measure(&mut scene)?);
    say("the session check beside a bare axum program …");
    figures.extend(hot_path::throughput(&scene)?);
    say("the session check under a storm of logins …");
    figures.extend(hot_path::latency(&scene)?);
    say("refresh …");
    figures.push(hot_path::refresh(&scene)?);
    say("codes on their way to the mail server …");
    figures.extend(mail::measure(&scene)?);
    let most = at_rest + machine::cores() as f64 * HASH + ALLOWANCE;
    let peak = machine::peak(scene.server.process())?;
    figures.push(
        Figure::new("memory_peak", peak, "MiB")
            .target(Target::AtMost(most))
            .note("over all of the above"),
    );
    drop(scene);
    say("mails that wait, through the worker …");
    figures.extend(worker::measure(program, kind, WORKER_MAILS)?);
    Ok(figures)
}
