//! What the kernel holds, in the words of the planner: after a restart it is the only memory.

use usher_sharing::layout::{Bound, Class, Layout, Slot, Tree};
use usher_sharing::rate::BitsPerSecond;

use super::plan::major;
use super::{Direction, SIDES};
use crate::kernel::Handle;
use crate::rules::Members;
use crate::shape::{Observed, TOP, TRICKLE};

pub(super) fn layout(directions: &[Direction; 2], members: &Members) -> Layout {
    let [down, up] = SIDES.map(|side| tree(&directions[side as usize].known, major(side)));
    let bound = |(ip, member): (&std::net::IpAddr, &crate::rules::Member)| {
        let slot = Slot::try_from(member.slot).ok()?;
        let expires_at = member.until;
        Some((*ip, Bound { slot, expires_at }))
    };
    Layout {
        down,
        up,
        addresses: members.iter().filter_map(bound).collect(),
    }
}

fn tree(known: &Observed, major: u16) -> Option<Tree> {
    let top = known.classes.get(&Handle::new(major, TOP))?;
    let class = |minor| {
        let found = known.classes.get(&Handle::new(major, minor))?;
        Some(Class {
            rate: bits(found.htb.rate),
            ceil: bits(found.htb.ceil),
            quantum_bytes: found.htb.quantum,
            prio: found.htb.priority as u8,
            limit_bytes: 0,
        })
    };
    let below = known.classes.values().filter(|class| class.parent == top.handle);
    let slots = below.filter_map(|class| Slot::try_from(class.handle.minor()).ok());
    Some(Tree {
        root: bits(top.htb.rate),
        trickle: class(TRICKLE)?,
        classes: slots
            .filter_map(|slot| Some((slot, class(slot.get())?)))
            .collect(),
    })
}

fn bits(bytes: u64) -> BitsPerSecond {
    BitsPerSecond::saturating(bytes.saturating_mul(8))
}
