use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use usher_sharing::link::Side;
use usher_sharing::moment::Moment;

use crate::kernel::nft::Table;
use crate::kernel::{Change, Class, Counters, Handle, Kernel, Neighbour, Refused};
use crate::rules::Member;
use crate::shape::Observed;

/// A kernel that is a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Fake {
    pub(super) down: Observed,
    pub(super) up: Observed,
    pub(super) table: Option<Table>,
    pub(super) counters: BTreeMap<Handle, Counters>,
    pub(super) neighbours: Vec<Neighbour>,
    /// Changes and orders taken.
    pub(super) changes: u64,
    /// Refuses the next so many changes.
    pub(super) refuse: usize,
    /// Makes changes to these classes for nothing: they never stay.
    pub(super) stubborn: BTreeSet<Handle>,
    pub(super) deaf: bool,
    pub(super) passed: u64,
}

impl Fake {
    pub(super) fn answer(&mut self, address: &str, mac: [u8; 6]) {
        self.neighbours.push(Neighbour {
            device: 1,
            address: address.parse().unwrap(),
            mac,
        });
    }

    fn side(&mut self, side: Side) -> &mut Observed {
        match side {
            Side::Down => &mut self.down,
            Side::Up => &mut self.up,
        }
    }

    fn heard(&self) -> Result<(), Refused> {
        if self.deaf {
            return Err(Refused::new(105, "no buffer space".to_owned()));
        }
        Ok(())
    }
}

impl Kernel for Fake {
    fn observe(&mut self, side: Side) -> Result<Observed, Refused> {
        self.heard()?;
        Ok(self.side(side).clone())
    }

    fn classes(&mut self, side: Side) -> Result<Vec<(Class, Counters)>, Refused> {
        self.heard()?;
        let classes: Vec<Class> = self.side(side).classes.values().copied().collect();
        let counters = |class: &Class| self.counters.get(&class.handle).copied().unwrap_or_default();
        Ok(classes
            .into_iter()
            .map(|class| (class, counters(&class)))
            .collect())
    }

    fn apply(&mut self, side: Side, changes: &[Change]) -> Result<Vec<(usize, Refused)>, Refused> {
        self.heard()?;
        let mut refused = Vec::new();
        for (position, change) in changes.iter().enumerate() {
            self.changes += 1;
            if self.refuse > 0 {
                self.refuse -= 1;
                refused.push((position, Refused::new(12, "no memory".to_owned())));
                continue;
            }
            let stubborn = matches!(change, Change::SetClass(class) if self.stubborn.contains(&class.handle));
            if let Change::SetQdisc(qdisc) = change
                && qdisc.parent == Handle::ROOT
            {
                self.stubborn.clear();
            }
            if !stubborn {
                self.side(side).note(change);
            }
        }
        Ok(refused)
    }

    fn passed(&mut self, _: Side) -> Result<u64, Refused> {
        self.heard()?;
        Ok(self.passed)
    }

    fn table(&mut self, _: Moment) -> Result<Option<Table>, Refused> {
        self.heard()?;
        Ok(self.table.clone())
    }

    /// Understands the orders there are, one map of a pair for both.
    fn order(&mut self, script: &str) -> Result<(), Refused> {
        self.heard()?;
        self.changes += 1;
        if script.starts_with("delete table") {
            self.table = None;
            return Ok(());
        }
        let rules = script.lines().filter(|line| line.starts_with("add rule")).count();
        let table = self.table.get_or_insert_default();
        if rules > 0 {
            table.rules = rules;
        }
        for line in script.lines() {
            if let Some((_, mark)) = line.split_once("comment \"") {
                mark.trim_end_matches('"').clone_into(&mut table.mark);
            }
            if let Some(elements) = line.strip_prefix("add element inet usher down4 { ") {
                table.members.extend(elements.split(", ").filter_map(element));
            }
            if let Some(elements) = line.strip_prefix("delete element inet usher down4 { ") {
                for address in elements
                    .split(", ")
                    .filter_map(|address| address.parse::<IpAddr>().ok())
                {
                    table.members.remove(&address);
                }
            }
        }
        Ok(())
    }

    fn neighbours(&mut self) -> Result<Vec<Neighbour>, Refused> {
        self.heard()?;
        Ok(self.neighbours.clone())
    }
}

/// `10.0.0.1 timeout 60s : 1:10`
fn element(text: &str) -> Option<(IpAddr, Member)> {
    let mut words = text.split(' ');
    let address = words.next()?.parse().ok()?;
    let seconds: u64 = words.nth(1)?.strip_suffix('s')?.parse().ok()?;
    let slot = u16::from_str_radix(words.nth(1)?.split_once(':')?.1, 16).ok()?;
    let until = super::NOW + std::time::Duration::from_secs(seconds);
    Some((address, Member { slot, until }))
}
