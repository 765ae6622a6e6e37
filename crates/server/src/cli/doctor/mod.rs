//! `usher doctor`: looks at everything a start needs, and says what to do about what is wrong.

mod finding;
mod machine;
mod parts;
mod place;

use anyhow::{Result, bail};
use clap::Args;

use self::finding::{Findings, Level};
use super::{Common, say};

/// How to answer.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// As JSON: a list of {check, level, detail}
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let mut found = Findings::default();
    look(&common, &mut found).await;
    say(&if options.json {
        found.to_json()
    } else {
        found.to_text()
    });
    let (failed, all) = (found.count(Level::Fail), found.len());
    if failed > 0 {
        bail!("{failed} of {all} checks failed; the lines above say what to do");
    }
    Ok(())
}

async fn look(common: &Common, found: &mut Findings) {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(error) => return found.fail("settings", format!("{error:#}")),
    };
    place::settings(&settings, found);
    place::proxies(&settings, found);
    let secrets = place::secrets(&settings, found);
    place::files(&settings, found);
    machine::disk(&settings, found);
    machine::open_files(&settings, found);
    parts::database(&settings, secrets.as_ref(), found).await;
    parts::mail(&settings, found).await;
    parts::broker(&settings, found).await;
}
