//! The shared link: who signs in from its networks gets a share on that device, for as long as the session
//! lives. The database says who has one; what the gateway is told follows from it.

mod bind;
mod desired;
mod history;
mod plans;
mod policy;

pub use bind::Here;
pub use history::NewReport;
pub use plans::OwnPlan;
pub use policy::LinkPolicy;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use usher_accounts::time::Timestamp;
use usher_sharing::id::Mac;
use usher_sharing::wire::Neighbour;

/// How long a sign-in waits for the gateway to have noticed the device it comes from.
const NOTICED_WITHIN: Duration = Duration::from_millis(1_500);

/// What the stories know about the link beside the database.
#[derive(Debug)]
pub struct SharedLink {
    /// What the operator has decided.
    pub policy: LinkPolicy,
    /// Rung when somebody's share has changed.
    pub bell: Notify,
    neighbours: watch::Sender<HashMap<IpAddr, Mac>>,
}

impl SharedLink {
    pub(crate) fn new(policy: LinkPolicy) -> Self {
        Self {
            policy,
            bell: Notify::new(),
            neighbours: watch::Sender::default(),
        }
    }

    /// Takes in who answers where, as the gateway sees it.
    pub fn learn(&self, seen: &[Neighbour]) {
        let seen: HashMap<IpAddr, Mac> = seen.iter().map(|one| (one.ip, one.mac)).collect();
        let changed = self.neighbours.send_if_modified(|known| {
            let changed = *known != seen;
            if changed {
                *known = seen;
            }
            changed
        });
        if changed {
            self.bell.notify_one();
        }
    }

    /// The name a device goes by: its hardware address, or its address where the policy is content with
    /// that.
    fn device_at(&self, ip: IpAddr) -> Option<String> {
        let mac = self.neighbours.borrow().get(&ip).map(Mac::to_string);
        mac.or_else(|| (!self.policy.require_mac).then(|| ip.to_string()))
    }

    /// The same, but a device that has just arrived is given the time to be noticed.
    pub(crate) async fn device_soon_at(&self, ip: IpAddr) -> Option<String> {
        let mut neighbours = self.neighbours.subscribe();
        if self.policy.require_mac {
            let noticed = neighbours.wait_for(|known| known.contains_key(&ip));
            // Late or never: what is known then decides.
            let _ = tokio::time::timeout(NOTICED_WITHIN, noticed).await.is_ok();
        }
        self.device_at(ip)
    }

    fn idle_since(&self, now: Timestamp) -> Timestamp {
        now - self.policy.idle
    }
}

/// The day a moment belongs to, counted since 1970, UTC.
pub(crate) const fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(86_400)
}
