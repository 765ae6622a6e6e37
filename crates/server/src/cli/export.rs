//! `usher export`

use anyhow::{Context, Result};
use clap::Args;

use super::user::address;
use super::{Common, say, usher};
use crate::api::users::ExportBody;

/// About whom.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// The e-mail address of the account
    email: String,
}

pub(super) async fn run(common: Common, options: Options) -> Result<()> {
    let settings = common.settings()?;
    let usher = usher(&settings).await?;
    let found = usher.user_by_email(&address(&options.email)?).await?;
    let profile = found.context("no account has this address; see usher user list")?;
    let export = usher.all_about(profile).await?;
    usher.db.close().await;
    say(&serde_json::to_string_pretty(&ExportBody::of(export, None))?);
    Ok(())
}
