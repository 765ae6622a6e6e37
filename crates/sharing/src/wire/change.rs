//! The step from one desired state to the next, so that a sign-in does not send ten thousand clients.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::desired::{Client, Desired, DesiredError, Link};
use crate::id::ClientId;

/// What is different from the generation before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The generation it follows on.
    pub from: u64,
    /// The generation it leads to.
    pub to: u64,
    /// The link, when that is different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// Clients that are new or different, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<Client>,
    /// Clients that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<ClientId>,
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It was made for another state.
    #[error("The change follows on generation {from}, but {have} is in force.")]
    Behind {
        /// What it follows on.
        from: u64,
        /// What is in force.
        have: u64,
    },
    /// What comes out breaks a rule.
    #[error(transparent)]
    Desired(#[from] DesiredError),
}

impl Change {
    /// What leads from `before` to `after`.
    pub fn between(before: &Desired, after: &Desired) -> Self {
        let old: BTreeMap<ClientId, &Client> = before.clients().iter().map(|c| (c.id, c)).collect();
        let new: HashSet<ClientId> = after.clients().iter().map(|client| client.id).collect();
        let differs = |client: &&Client| old.get(&client.id) != Some(client);
        Self {
            from: before.generation(),
            to: after.generation(),
            link: (before.link() != after.link()).then(|| after.link().clone()),
            put: after.clients().iter().filter(differs).cloned().collect(),
            gone: old.into_keys().filter(|id| !new.contains(id)).collect(),
        }
    }

    /// The state it leads to from `before`.
    pub fn apply(&self, before: &Desired) -> Result<Desired, ChangeError> {
        if self.from != before.generation() {
            return Err(ChangeError::Behind {
                from: self.from,
                have: before.generation(),
            });
        }
        let replaced: HashSet<ClientId> = self.put.iter().map(|client| client.id).collect();
        let gone: HashSet<ClientId> = self.gone.iter().copied().collect();
        let kept = before
            .clients()
            .iter()
            .filter(|client| !replaced.contains(&client.id) && !gone.contains(&client.id));
        let clients = kept.chain(&self.put).cloned().collect();
        let link = self.link.clone().unwrap_or_else(|| before.link().clone());
        Ok(Desired::new(self.to, link, clients)?)
    }
}
