//! From what is to what shall be, by the fewest changes, in an order in which no moment promises too much.

use super::{Observed, Queue, Shape, TOP, nested};
use crate::kernel::{Change, Discipline, Handle, Qdisc};

/// What to do so that `observed` becomes `shape`. Nothing, when it is so already.
pub(crate) fn changes(observed: &Observed, shape: &Shape) -> Vec<Change> {
    let nothing = Observed::default();
    let mut changes = Vec::new();
    let mut observed = observed;
    if observed.qdiscs.get(&Handle::ROOT) != Some(&shape.root()) {
        if observed.rooted(shape.major) {
            changes.push(remove_root(shape.major));
        }
        changes.push(Change::SetQdisc(shape.root()));
        // Another root takes everything below the old one with it.
        observed = &nothing;
    }
    if observed.classes.get(&shape.top().handle) != Some(&shape.top()) {
        changes.push(Change::SetClass(shape.top()));
    }
    changes.extend(gone(observed, shape));
    changes.extend(classes(observed, shape));
    for (slot, leaf) in shape.all() {
        let parent = Handle::new(shape.major, slot);
        queue(observed, parent, slot, &leaf.queue, &mut changes);
    }
    changes
}

pub(crate) fn remove_root(major: u16) -> Change {
    Change::RemoveQdisc {
        handle: Handle::new(major, 0),
        parent: Handle::ROOT,
    }
}

/// Classes below the top that nobody wants any more. Their queues go with them.
fn gone(observed: &Observed, shape: &Shape) -> impl Iterator<Item = Change> {
    let top = Handle::new(shape.major, TOP);
    let below = observed.classes.values().filter(move |class| class.parent == top);
    let unwanted = below.filter(|class| {
        let slot = class.handle.minor();
        slot != super::TRICKLE && !shape.leaves.contains_key(&slot)
    });
    unwanted.map(|class| Change::RemoveClass(class.handle))
}

/// Classes that are new or different: those first that give up part of what they were promised.
fn classes(observed: &Observed, shape: &Shape) -> Vec<Change> {
    let mut growth = Vec::new();
    for (slot, leaf) in shape.all() {
        let wanted = shape.class(slot, leaf);
        let had = observed.classes.get(&wanted.handle);
        if had != Some(&wanted) {
            let promised = had.map_or(0, |class| class.htb.rate);
            growth.push((i128::from(wanted.htb.rate) - i128::from(promised), wanted));
        }
    }
    growth.sort_by_key(|(growth, _)| *growth);
    growth
        .into_iter()
        .map(|(_, class)| Change::SetClass(class))
        .collect()
}

/// The queue below one class.
fn queue(observed: &Observed, parent: Handle, slot: u16, queue: &Queue, changes: &mut Vec<Change>) {
    let discipline = match *queue {
        Queue::Plain { limit } => Discipline::Bytes { limit },
        Queue::Packets { limit } => Discipline::Packets { limit },
        Queue::FqCodel { target, interval } => Discipline::FqCodel { target, interval },
        Queue::Cake => Discipline::Cake,
        Queue::Nested { .. } => nested::root(),
    };
    let wanted = Qdisc {
        handle: Handle::new(slot, 0),
        parent,
        discipline,
    };
    let had = observed.qdiscs.get(&parent);
    let kept = had.is_some_and(|had| had.handle == wanted.handle && same_kind(had, &wanted));
    if !kept && let Some(had) = had.filter(|had| had.handle.major() != 0) {
        changes.push(Change::RemoveQdisc {
            handle: had.handle,
            parent,
        });
    }
    if had != Some(&wanted) {
        changes.push(Change::SetQdisc(wanted));
    }
    if let Queue::Nested { limit } = *queue {
        let nothing = Observed::default();
        let observed = if kept { observed } else { &nothing };
        nested::changes(observed, slot, limit, changes);
    }
}

fn same_kind(one: &Qdisc, other: &Qdisc) -> bool {
    std::mem::discriminant(&one.discipline) == std::mem::discriminant(&other.discipline)
}
