//! `usher doctor`: looks at everything a start needs, and says what to do about what is wrong.

use anyhow::{Result, bail};

use super::{Common, outside, say};
use crate::config::Settings;
use crate::wiring;

pub(super) async fn run(common: Common) -> Result<()> {
    let settings = common.settings()?;
    say("ok    settings");
    let mut wrong = 0;
    for (what, found) in [
        ("secrets", secrets(&settings)),
        ("database", database(&settings).await),
        ("mail", mail(&settings).await),
    ] {
        match found {
            Ok(()) => say(&format!("ok    {what}")),
            Err(error) => {
                wrong += 1;
                say(&format!("WRONG {what}: {error:#}"));
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of 4 checks found something wrong");
    }
    Ok(())
}

fn secrets(settings: &Settings) -> Result<()> {
    wiring::open_secrets(settings, &*outside().dice).map(drop)
}

async fn database(settings: &Settings) -> Result<()> {
    let db = wiring::connect(settings).await?;
    let missing = usher_store::migrate::plan(&db).await?.len();
    let intact = db.is_intact().await?;
    db.close().await;
    if !intact {
        bail!("the file is damaged; restore it from a backup");
    }
    if missing > 0 {
        bail!("{missing} migrations are missing; run usher migrate");
    }
    Ok(())
}

async fn mail(settings: &Settings) -> Result<()> {
    let transport = wiring::mail_transport(settings)?;
    transport
        .check()
        .await
        .map_err(|error| anyhow::anyhow!("{error}; mail waits until it is back"))
}
