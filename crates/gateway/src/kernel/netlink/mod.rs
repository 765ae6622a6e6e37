//! The kernel over its own protocol, without a helper program.

mod channel;
mod filter;
mod htb;
mod link;
mod message;
mod offload;
mod queue;

use std::io;

use netlink_sys::protocols::NETLINK_ROUTE;

use channel::Channel;
use queue::Question;

use super::{Change, Class, Counters, Discipline, Filter, Handle, Neighbour, Qdisc, Refused, Traffic};
use crate::shape::Observed;
pub(crate) use offload::{BUNDLING, CHECKSUMS, Offloads};

/// Route netlink in the network namespace of the thread that opened it.
pub(crate) struct Netlink(Channel);

impl Netlink {
    pub(crate) fn open() -> io::Result<Self> {
        Channel::open(NETLINK_ROUTE).map(Self)
    }

    /// The number of a device.
    pub(crate) fn device(&mut self, name: &str) -> Result<u32, Refused> {
        let found = self.0.ask(link::by_name(name), link::index)?;
        found.ok_or_else(|| Refused::new(0, format!("no device {name}")))
    }

    /// Makes the changes in their order, also after a refusal; returns the refusals by position.
    pub(crate) fn apply(
        &mut self,
        device: u32,
        changes: &[Change],
    ) -> Result<Vec<(usize, Refused)>, Refused> {
        let messages = changes.iter().map(|change| queue::message(device, change));
        Ok(self.0.run(messages.collect())?)
    }

    /// Makes the changes; the first refusal is the error.
    #[cfg(test)]
    pub(crate) fn apply_all(&mut self, device: u32, changes: &[Change]) -> Result<(), Refused> {
        match self.apply(device, changes)?.into_iter().next() {
            None => Ok(()),
            Some((position, why)) => {
                let change = changes.get(position);
                Err(Refused::new(why.code, format!("{why}: {change:?}")))
            }
        }
    }

    pub(crate) fn classes(&mut self, device: u32) -> Result<Vec<(Class, Counters)>, Refused> {
        self.0.dump(
            &queue::question(Question::Classes, device, Handle::default()),
            queue::read_class,
        )
    }

    pub(crate) fn qdiscs(&mut self, device: u32) -> Result<Vec<(Qdisc, Counters)>, Refused> {
        self.0.dump(
            &queue::question(Question::Qdiscs, device, Handle::default()),
            |body| queue::read_qdisc(device, body),
        )
    }

    /// Everything there is on a device.
    pub(crate) fn observe(&mut self, device: u32) -> Result<Observed, Refused> {
        let qdiscs: Vec<Qdisc> = self.qdiscs(device)?.into_iter().map(|(qdisc, _)| qdisc).collect();
        let classes: Vec<Class> = self
            .classes(device)?
            .into_iter()
            .map(|(class, _)| class)
            .collect();
        let mut filters = Vec::new();
        // A plain queue has no filters; nor has the root, whose classes are chosen by the packet's priority.
        let inner = |qdisc: &&Qdisc| {
            matches!(qdisc.discipline, Discipline::Htb { .. }) && qdisc.parent != Handle::ROOT
        };
        for qdisc in qdiscs.iter().filter(inner) {
            filters.extend(self.filters(device, qdisc.handle)?);
        }
        Ok(Observed::new(qdiscs, classes, filters))
    }

    pub(crate) fn filters(&mut self, device: u32, parent: Handle) -> Result<Vec<Filter>, Refused> {
        self.0
            .dump(&queue::question(Question::Filters, device, parent), filter::read)
    }

    pub(crate) fn neighbours(&mut self) -> Result<Vec<Neighbour>, Refused> {
        self.0.dump(&link::neighbours(), link::read_neighbour)
    }

    /// Bytes that went out of a device since it was made.
    pub(crate) fn passed(&mut self, device: u32) -> Result<u64, Refused> {
        let found = self.0.ask(link::by_index(device), link::read_traffic)?;
        Ok(found.map_or(0, |traffic| traffic.sent))
    }

    pub(crate) fn traffic(&mut self) -> Result<Vec<Traffic>, Refused> {
        self.0.dump(&link::links(), link::read_traffic)
    }

    /// Changes that were sent since this was opened.
    pub(crate) fn sent(&self) -> u64 {
        self.0.sent()
    }
}

#[cfg(test)]
mod tests;
