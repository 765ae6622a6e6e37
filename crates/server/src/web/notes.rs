//! What becomes known of a request on its way, for the line that is logged at its end.

use std::sync::{Arc, OnceLock};

use axum::extract::MatchedPath;
use usher_accounts::id::PersonId;

/// Notes on one request; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    route: OnceLock<MatchedPath>,
    account: OnceLock<PersonId>,
}

impl Notes {
    /// The route it matched.
    pub fn route(&self, route: MatchedPath) {
        // Said twice, the first one counts.
        let _ = self.0.route.set(route);
    }

    /// Who asked.
    pub fn account(&self, account: PersonId) {
        let _ = self.0.account.set(account);
    }

    /// The route as it is written in the program, so that no secret of a path gets into a log.
    pub fn route_name(&self) -> &str {
        self.0.route.get().map_or("unmatched", MatchedPath::as_str)
    }

    /// Who asked, if anybody is signed in.
    pub fn who(&self) -> Option<PersonId> {
        self.0.account.get().copied()
    }
}
