//! The shared link: its reports for those who run it, plans, one's own share for everybody.

pub mod plans;
pub mod reports;
pub mod share;

use std::sync::Arc;

use crate::app::App;
use crate::link::Hub;
use crate::web::asker::Asker;
use crate::web::problem::{Code, Problem};

/// The link, where it is on.
pub(crate) fn hub(app: &App) -> Result<&Arc<Hub>, Problem> {
    app.link.as_ref().ok_or_else(|| Problem::new(Code::NotFound))
}

/// The link, for those who run it: administrators, and whoever sits at a developer's machine.
pub(crate) async fn operated<'a>(app: &'a App, asker: &Asker) -> Result<&'a Arc<Hub>, Problem> {
    let hub = hub(app)?;
    if !app.settings.is_development() {
        let caller = asker.caller(app).await?;
        app.usher.must_be_admin(&caller)?;
    }
    Ok(hub)
}
