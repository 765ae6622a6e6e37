//! Which client has which class. Classes are recycled: adding one takes the kernel longer the more there
//! are (5 s for the ten thousandth thousand), changing one takes it a microsecond.

use std::collections::{BTreeMap, BTreeSet};

use super::{Layout, Slot};
use crate::id::ClientId;
use crate::link::Side;
use crate::wire::{Client, Desired};

/// Which client has which class, and which classes wait for the next client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    taken: BTreeMap<ClientId, Slot>,
    parked: BTreeSet<Slot>,
}

/// Classes that wait; more are removed.
const MOST_PARKED: usize = 256;

impl Seats {
    /// The class of a client.
    pub fn of(&self, client: ClientId) -> Option<Slot> {
        self.taken.get(&client).copied()
    }

    /// Who has the class.
    pub fn taken(&self) -> impl Iterator<Item = (ClientId, Slot)> {
        self.taken.iter().map(|(client, slot)| (*client, *slot))
    }

    /// Classes that wait for the next client.
    pub fn parked(&self) -> impl Iterator<Item = Slot> {
        self.parked.iter().copied()
    }

    /// The seats for the clients of a new state: who stays keeps theirs, who is gone leaves one behind,
    /// who is new takes one of those or the first that was never used.
    #[must_use]
    pub fn follow(self, desired: &Desired) -> Self {
        let here: BTreeSet<ClientId> = desired.clients().iter().map(|client| client.id).collect();
        let (mut taken, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.taken.into_iter().partition(|(id, _)| here.contains(id));
        let mut parked = self.parked;
        parked.extend(left.into_values());
        let used: BTreeSet<Slot> = taken.values().copied().collect();
        let fresh = Slot::all().filter(|slot| !used.contains(slot) && !parked.contains(slot));
        let waiting: Vec<Slot> = parked.iter().copied().collect();
        let mut free = waiting.into_iter().chain(fresh);
        let mut given = Vec::new();
        for id in here.into_iter().filter(|id| !taken.contains_key(id)) {
            // There are six times as many classes as clients may be; without one, a client would be
            // served by the trickle.
            given.extend(free.next().map(|slot| (id, slot)));
        }
        for (id, slot) in given {
            parked.remove(&slot);
            taken.insert(id, slot);
        }
        while parked.len() > MOST_PARKED {
            parked.pop_last();
        }
        Self { taken, parked }
    }

    /// The seats as the kernel still knows them, after a restart: a client has the class that one of its
    /// addresses points to, and classes nobody has wait.
    pub fn recover(desired: &Desired, live: &Layout) -> Self {
        let mut parked: BTreeSet<Slot> = [Side::Down, Side::Up]
            .into_iter()
            .filter_map(|side| live.side(side))
            .flat_map(|tree| tree.classes.keys().copied())
            .collect();
        let mut taken = BTreeMap::new();
        for client in desired.clients() {
            let slots = bound(client, live);
            if let Some(slot) = slots.into_iter().find(|slot| parked.remove(slot)) {
                taken.insert(client.id, slot);
            }
        }
        Self { taken, parked }.follow(desired)
    }
}

fn bound(client: &Client, live: &Layout) -> Vec<Slot> {
    let addresses = client.addresses.iter();
    addresses
        .filter_map(|address| live.addresses.get(&address.ip))
        .map(|bound| bound.slot)
        .collect()
}
