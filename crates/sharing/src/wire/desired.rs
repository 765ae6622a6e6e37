//! How everything shall be, as the server wants it.

use std::collections::HashSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, Label, Mac};
use crate::link::Capacity;
use crate::moment::Moment;
use crate::plan::Plan;
use crate::rate::BitsPerSecond;

/// Most clients of one gateway. Adding a class takes the kernel longer the more there are.
pub const MAX_CLIENTS: usize = 10_000;
/// Most addresses of one client: all its devices, with several IPv6 addresses each.
pub const MAX_ADDRESSES: usize = 64;

/// The whole state of a shared link. No client stands in it twice, and no address belongs to two.
/// Made by [`Desired::new`] or by deserialising, which check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenDesired")]
pub struct Desired {
    generation: u64,
    link: Link,
    clients: Vec<Client>,
}

/// The link itself, and what those get who are not signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What people call it.
    pub name: Label,
    /// Towards the clients.
    pub down: Capacity,
    /// From the clients.
    pub up: Capacity,
    /// What everybody who is not signed in has together, in each direction, bit/s.
    #[serde(default = "trickle")]
    pub trickle: BitsPerSecond,
}

const fn trickle() -> BitsPerSecond {
    BitsPerSecond::kbit(256)
}

/// One account with all its devices: they share one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The account.
    pub id: ClientId,
    /// What people call it.
    #[serde(default)]
    pub label: Label,
    /// What it may count on.
    #[serde(default)]
    pub plan: Plan,
    /// Its quota is used up: [`Plan::demoted`] holds instead of the plan.
    #[serde(default)]
    pub demoted: bool,
    /// Where its devices are.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

/// Where a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Its address, as the portal saw it.
    pub ip: IpAddr,
    /// Its hardware address at sign-in; another one there now ends the binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// When the binding ends by itself.
    pub expires_at: Moment,
}

/// Which rule of a desired state is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DesiredError {
    /// More than [`MAX_CLIENTS`].
    #[error("A gateway serves at most {MAX_CLIENTS} clients.")]
    TooManyClients,
    /// More than [`MAX_ADDRESSES`].
    #[error("Client {0} has more than {MAX_ADDRESSES} addresses.")]
    TooManyAddresses(ClientId),
    /// Two entries with one id.
    #[error("Client {0} stands in the list twice.")]
    Twice(ClientId),
    /// One address in two places.
    #[error("Address {0} stands in the list twice.")]
    Shared(IpAddr),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDesired {
    generation: u64,
    link: Link,
    clients: Vec<Client>,
}

impl Client {
    /// What holds for it at the moment.
    pub fn effective_plan(&self) -> Plan {
        if self.demoted {
            self.plan.demoted()
        } else {
            self.plan
        }
    }
}

impl Desired {
    /// A state, if it keeps the rules. Clients are kept in the order of their ids.
    pub fn new(generation: u64, link: Link, mut clients: Vec<Client>) -> Result<Self, DesiredError> {
        if clients.len() > MAX_CLIENTS {
            return Err(DesiredError::TooManyClients);
        }
        clients.sort_unstable_by_key(|client| client.id);
        if let Some(pair) = clients.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(DesiredError::Twice(pair[0].id));
        }
        let mut taken = HashSet::new();
        for client in &clients {
            if client.addresses.len() > MAX_ADDRESSES {
                return Err(DesiredError::TooManyAddresses(client.id));
            }
            if let Some(address) = client.addresses.iter().find(|address| !taken.insert(address.ip)) {
                return Err(DesiredError::Shared(address.ip));
            }
        }
        Ok(Self {
            generation,
            link,
            clients,
        })
    }

    /// Later states have larger numbers.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The link.
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// Everybody who is signed in, in the order of their ids.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }
}

impl TryFrom<WrittenDesired> for Desired {
    type Error = DesiredError;
    fn try_from(written: WrittenDesired) -> Result<Self, DesiredError> {
        Self::new(written.generation, written.link, written.clients)
    }
}
