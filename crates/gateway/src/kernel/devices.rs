//! The two devices of a gateway in the kernel of this thread's network namespace.

use usher_sharing::link::Side;
use usher_sharing::moment::Moment;

use super::nft::{self, Table};
use super::{Change, Class, Counters, Kernel, Neighbour, Netlink, Refused};
use crate::config::DeviceName;
use crate::shape::Observed;

pub(crate) struct Devices {
    netlink: Netlink,
    lan: u32,
    wan: u32,
}

impl Devices {
    pub(crate) fn open(lan: &DeviceName, wan: &DeviceName) -> Result<Self, Refused> {
        let mut netlink = Netlink::open()?;
        let (lan, wan) = (netlink.device(lan.as_str())?, netlink.device(wan.as_str())?);
        Ok(Self { netlink, lan, wan })
    }

    /// Changes sent since this was opened.
    pub(crate) fn sent(&self) -> u64 {
        self.netlink.sent()
    }

    fn device(&self, side: Side) -> u32 {
        match side {
            Side::Down => self.lan,
            Side::Up => self.wan,
        }
    }
}

impl Kernel for Devices {
    fn observe(&mut self, side: Side) -> Result<Observed, Refused> {
        self.netlink.observe(self.device(side))
    }

    fn classes(&mut self, side: Side) -> Result<Vec<(Class, Counters)>, Refused> {
        self.netlink.classes(self.device(side))
    }

    fn apply(&mut self, side: Side, changes: &[Change]) -> Result<Vec<(usize, Refused)>, Refused> {
        self.netlink.apply(self.device(side), changes)
    }

    fn passed(&mut self, side: Side) -> Result<u64, Refused> {
        self.netlink.passed(self.device(side))
    }

    fn table(&mut self, now: Moment) -> Result<Option<Table>, Refused> {
        nft::table(now)
    }

    fn order(&mut self, script: &str) -> Result<(), Refused> {
        nft::run(script)
    }

    fn neighbours(&mut self) -> Result<Vec<Neighbour>, Refused> {
        let mut all = self.netlink.neighbours()?;
        all.retain(|neighbour| neighbour.device == self.lan);
        Ok(all)
    }
}
