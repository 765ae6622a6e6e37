//! `usher migrate`

use anyhow::Result;
use clap::Args;

use super::{Common, outside, say};
use crate::{telemetry, wiring};

/// What to do.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// Only print what would be run
    #[arg(long)]
    plan: bool,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let settings = common.settings()?;
    telemetry::init(settings.log.format, settings.log.level)?;
    let outside = outside();
    // Makes the data folder, where the database file is.
    wiring::open_secrets(&settings, &*outside.dice)?;
    let db = wiring::wait_for_database(&settings).await?;
    let steps = if options.plan {
        usher_store::migrate::plan(&db).await?
    } else {
        usher_store::migrate::run(&db, outside.clock.now()).await?
    };
    if steps.is_empty() {
        say("The database is up to date.");
    }
    for step in steps {
        let name = format!("{:04} {}", step.version, step.name);
        say(&if options.plan {
            format!("-- {name}\n{}", step.sql)
        } else {
            format!("applied {name}")
        });
    }
    db.close().await;
    Ok(())
}
