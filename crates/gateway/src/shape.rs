//! What the queues of one device shall look like, and what must change so that they do. Pure.

mod changes;
mod nested;

use std::collections::BTreeMap;

use crate::kernel::{Change, Class, Discipline, Filter, Handle, Htb, Qdisc};

pub(crate) use changes::{changes, remove_root};
pub(crate) use nested::INTERACTIVE;

/// Minor number of the class that holds the link's rate.
pub(crate) const TOP: u16 = 1;
/// Minor number of the class for whoever has no class.
pub(crate) const TRICKLE: u16 = 0xfffe;
/// Bytes of a round for weight one: a full packet.
pub(crate) const QUANTUM: u32 = 1514;
/// How one class queues.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Queue {
    /// One queue of so many bytes.
    Plain { limit: u32 },
    /// One queue of so many packets: what there is without us, for comparison.
    Packets { limit: u32 },
    /// A quick lane and queues by flow, of so many bytes each.
    Nested { limit: u32 },
    /// The kernel's own flow queueing: target and interval in microseconds.
    FqCodel { target: u32, interval: u32 },
    /// The kernel's own flow queueing.
    Cake,
}

/// One client's class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) htb: Htb,
    pub(crate) queue: Queue,
}

/// The queues of one device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Shape {
    /// Major number of everything on this device.
    pub(crate) major: u16,
    /// Bytes per second of the whole link.
    pub(crate) rate: u64,
    /// What all together have who are not signed in.
    pub(crate) trickle: Leaf,
    pub(crate) leaves: BTreeMap<u16, Leaf>,
}

/// The queues of one device as they are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Observed {
    pub(crate) qdiscs: BTreeMap<Handle, Qdisc>,
    pub(crate) classes: BTreeMap<Handle, Class>,
    pub(crate) filters: BTreeMap<Handle, Filter>,
}

impl Observed {
    pub(crate) fn new(
        qdiscs: impl IntoIterator<Item = Qdisc>,
        classes: impl IntoIterator<Item = Class>,
        filters: impl IntoIterator<Item = Filter>,
    ) -> Self {
        Self {
            qdiscs: qdiscs.into_iter().map(|qdisc| (qdisc.parent, qdisc)).collect(),
            classes: classes.into_iter().map(|class| (class.handle, class)).collect(),
            filters: filters
                .into_iter()
                .map(|filter| (filter.parent, filter))
                .collect(),
        }
    }

    /// A queue at the root that somebody put there who is not us. What the kernel puts there itself has
    /// no number.
    pub(crate) fn foreign_root(&self, major: u16) -> Option<&Qdisc> {
        let root = self.qdiscs.get(&Handle::ROOT)?;
        let ours = root.handle == Handle::new(major, 0) && matches!(root.discipline, Discipline::Htb { .. });
        (!ours && root.handle.major() != 0).then_some(root)
    }

    /// Whether our tree is there.
    pub(crate) fn rooted(&self, major: u16) -> bool {
        let root = self.qdiscs.get(&Handle::ROOT);
        root.is_some_and(|root| root.handle == Handle::new(major, 0))
    }

    /// What is left when the kernel has made a change, without asking it.
    pub(crate) fn note(&mut self, change: &Change) {
        match change {
            Change::SetQdisc(qdisc) => {
                self.qdiscs.insert(qdisc.parent, qdisc.clone());
            }
            Change::SetClass(class) => {
                self.classes.insert(class.handle, *class);
            }
            Change::AddFilter(filter) => {
                self.filters.insert(filter.parent, filter.clone());
            }
            Change::RemoveClass(handle) => {
                self.classes.remove(handle);
                self.forget_below(*handle);
            }
            Change::RemoveQdisc { parent, .. } if *parent == Handle::ROOT => *self = Self::default(),
            Change::RemoveQdisc { parent, .. } => self.forget_below(*parent),
        }
    }

    /// Forgets the queue of a class and what was inside it.
    fn forget_below(&mut self, class: Handle) {
        let Some(qdisc) = self.qdiscs.remove(&class) else {
            return;
        };
        let inside = Handle::new(qdisc.handle.major(), 0)..=Handle::new(qdisc.handle.major(), u16::MAX);
        if matches!(qdisc.discipline, Discipline::Htb { .. }) {
            self.qdiscs.retain(|parent, _| !inside.contains(parent));
            self.classes.retain(|handle, _| !inside.contains(handle));
            self.filters.remove(&qdisc.handle);
        }
    }

    /// What all classes are promised together, in bytes per second.
    pub(crate) fn promised(&self, major: u16) -> u64 {
        let top = Handle::new(major, TOP);
        let leaves = self.classes.values().filter(|class| class.parent == top);
        leaves.map(|class| class.htb.rate).sum()
    }
}

impl Shape {
    /// The shape of what is there, as far as it is ours.
    pub(crate) fn read(observed: &Observed, major: u16) -> Option<Self> {
        let top = observed.classes.get(&Handle::new(major, TOP))?;
        let leaf = |class: &Class| {
            let queue = match observed.qdiscs.get(&class.handle)?.discipline {
                Discipline::Bytes { limit } => Queue::Plain { limit },
                Discipline::FqCodel { target, interval } => Queue::FqCodel { target, interval },
                Discipline::Cake => Queue::Cake,
                Discipline::Htb { .. } => nested::read(observed, class.handle.minor())?,
                Discipline::Packets { .. } | Discipline::Other(_) => return None,
            };
            let htb = class.htb;
            Some((class.handle.minor(), Leaf { htb, queue }))
        };
        let below = observed
            .classes
            .values()
            .filter(|class| class.parent == top.handle);
        let mut leaves: BTreeMap<u16, Leaf> = below.filter_map(leaf).collect();
        Some(Self {
            major,
            rate: top.htb.rate,
            trickle: leaves.remove(&TRICKLE)?,
            leaves,
        })
    }

    pub(crate) fn root(&self) -> Qdisc {
        Qdisc {
            handle: Handle::new(self.major, 0),
            parent: Handle::ROOT,
            discipline: Discipline::Htb { default: TRICKLE },
        }
    }

    pub(crate) fn top(&self) -> Class {
        Class {
            handle: Handle::new(self.major, TOP),
            parent: Handle::new(self.major, 0),
            htb: Htb::new(self.rate, self.rate, QUANTUM, 0),
        }
    }

    fn class(&self, slot: u16, leaf: &Leaf) -> Class {
        Class {
            handle: Handle::new(self.major, slot),
            parent: Handle::new(self.major, TOP),
            htb: leaf.htb,
        }
    }

    /// Every leaf with its number, the trickle among them.
    fn all(&self) -> impl Iterator<Item = (u16, &Leaf)> {
        let clients = self.leaves.iter().map(|(slot, leaf)| (*slot, leaf));
        std::iter::once((TRICKLE, &self.trickle)).chain(clients)
    }
}

#[cfg(test)]
mod tests;
