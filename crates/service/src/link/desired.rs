//! What the gateway is to be told: one client for each account, with the addresses its devices have now.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use usher_accounts::id::PersonId;
use usher_sharing::id::{ClientId, Label, Mac};
use usher_sharing::moment::Moment;
use usher_sharing::wire::{Address, Client, MAX_ADDRESSES, MAX_CLIENTS};
use usher_store::link::devices::{self, Sharing};

use super::plans::OwnPlan;
use super::{LinkPolicy, SharedLink, day};
use crate::{Trouble, Usher};

impl Usher {
    /// Everybody who has a share now; nobody where the link is off.
    pub async fn link_clients(&self) -> Result<Vec<Client>, Trouble> {
        let Some(link) = &self.link else {
            return Ok(Vec::new());
        };
        let now = self.now();
        let rows = devices::sharing(&self.db, now, link.idle_since(now), day(now)).await?;
        Ok(clients(link, &rows))
    }
}

fn clients(link: &SharedLink, rows: &[Sharing]) -> Vec<Client> {
    let neighbours = link.neighbours.borrow();
    // Who signed in last at an address has it, so later rows win.
    let mut places: HashMap<IpAddr, (PersonId, Address)> = HashMap::new();
    for row in rows {
        for address in addresses(&link.policy, &neighbours, row) {
            places.insert(address.ip, (row.account_id, address));
        }
    }
    let mut clients: BTreeMap<PersonId, Client> = BTreeMap::new();
    for row in rows {
        clients
            .entry(row.account_id)
            .or_insert_with(|| client(&link.policy, row));
    }
    for (account, address) in places.into_values() {
        if let Some(client) = clients.get_mut(&account)
            && client.addresses.len() < MAX_ADDRESSES
        {
            client.addresses.push(address);
        }
    }
    if clients.len() > MAX_CLIENTS {
        tracing::warn!(
            signed_in = clients.len(),
            "more people than one gateway serves; the newest have to wait"
        );
    }
    let mut clients: Vec<Client> = clients.into_values().take(MAX_CLIENTS).collect();
    for client in &mut clients {
        client.addresses.sort_unstable_by_key(|address| address.ip);
    }
    clients
}

/// All addresses the device answers at. One that another device answers at by now is not its own any more.
fn addresses(policy: &LinkPolicy, neighbours: &HashMap<IpAddr, Mac>, row: &Sharing) -> Vec<Address> {
    let mac = row.device.parse::<Mac>().ok();
    let at = |ip| Address {
        ip,
        mac,
        expires_at: Moment::from_micros(row.expires_at.micros()),
    };
    let signed_in_at = row.ip.parse().ok().filter(|ip| {
        neighbours
            .get(ip)
            .is_none_or(|now| Some(*now) == mac || mac.is_none())
    });
    let answers_at = neighbours
        .iter()
        .filter(|(ip, seen)| Some(**seen) == mac && policy.serves(**ip));
    signed_in_at
        .into_iter()
        .chain(answers_at.map(|(ip, _)| *ip))
        .map(at)
        .collect()
}

fn client(policy: &LinkPolicy, row: &Sharing) -> Client {
    let OwnPlan { plan, quota_bytes } = OwnPlan::of_row(row).unwrap_or(OwnPlan {
        plan: policy.plan,
        quota_bytes: policy.quota_bytes,
    });
    Client {
        id: ClientId::from_bytes(*row.account_id.as_bytes()),
        label: label(&row.label),
        plan,
        demoted: quota_bytes.is_some_and(|quota| u64::try_from(row.used_bytes).unwrap_or(0) >= quota),
        addresses: Vec::new(),
    }
}

fn label(name: &str) -> Label {
    let plain: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(Label::MAX_CHARS)
        .collect();
    plain.parse().unwrap_or_default()
}
