//! Which queues this kernel has. Asked where it does no harm: on the loopback of a namespace nobody uses.

use std::thread;

use nix::sched::{CloneFlags, unshare};
use usher_sharing::wire::Tier;

use super::{Change, Discipline, Handle, Htb, Netlink, Qdisc, Refused};

/// The best tier this kernel has. Without the right to look, the one that needs nothing but HTB.
pub(crate) fn probe() -> Tier {
    let looked = thread::spawn(|| -> Result<Tier, Refused> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| Refused::from(std::io::Error::from(error)))?;
        best()
    });
    looked.join().ok().and_then(Result::ok).unwrap_or(Tier::MiniFq)
}

fn best() -> Result<Tier, Refused> {
    let mut netlink = Netlink::open()?;
    let device = netlink.device("lo")?;
    let mut has = |discipline: Discipline| {
        let qdisc = Qdisc {
            handle: Handle::new(1, 0),
            parent: Handle::ROOT,
            discipline,
        };
        let Qdisc { handle, parent, .. } = qdisc;
        let there = netlink.apply(device, &[Change::SetQdisc(qdisc)])?.is_empty();
        netlink.apply(device, &[Change::RemoveQdisc { handle, parent }])?;
        Ok::<bool, Refused>(there)
    };
    if has(Discipline::Cake)? {
        return Ok(Tier::Cake);
    }
    let (target, interval) = (5_000, 100_000);
    if has(Discipline::FqCodel { target, interval })? {
        return Ok(Tier::FqCodel);
    }
    let classifier = has_classifier(&mut netlink, device)?;
    Ok(if classifier { Tier::MiniFq } else { Tier::Fifo })
}

/// Queues by flow need a classifier beside HTB.
fn has_classifier(netlink: &mut Netlink, device: u32) -> Result<bool, Refused> {
    let root = Handle::new(1, 0);
    let shape = crate::shape::Shape {
        major: 1,
        rate: 1_000_000,
        trickle: crate::shape::Leaf {
            htb: Htb::new(1_000, 1_000_000, crate::shape::QUANTUM, 0),
            queue: crate::shape::Queue::Nested { limit: 20_000 },
        },
        leaves: std::collections::BTreeMap::new(),
    };
    let changes = crate::shape::changes(&crate::shape::Observed::default(), &shape);
    let there = netlink.apply(device, &changes)?.is_empty();
    let parent = Handle::ROOT;
    netlink.apply(device, &[Change::RemoveQdisc { handle: root, parent }])?;
    Ok(there)
}
