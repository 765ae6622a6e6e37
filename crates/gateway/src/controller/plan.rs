//! From the layout of classes to the shape of one device: how a class queues depends on the kernel, on how
//! many clients there are and on what they do.

use usher_sharing::layout::{Class, Slot, Tree};
use usher_sharing::link::{Capacity, Side};
use usher_sharing::plan::Band;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{Client, Desired, Tier};

use crate::kernel::Htb;
use crate::rules::{DOWN, UP};
use crate::shape::{Leaf, Queue, Shape};

/// `fq_codel` knows its target and interval in microseconds; the interval is a round trip.
const TARGET_US: u32 = 5_000;
const LEAST_INTERVAL_MS: u32 = 100;
/// The smallest queue of a flow: what a sender has on its way that has just begun.
const LEAST_BUCKET: u32 = 8 * 1_514;

/// What decides how classes queue.
pub(super) struct Circumstances<'a> {
    pub(super) tier: Tier,
    pub(super) rtt_ms: u32,
    /// How many clients may have queues by flow at a time.
    pub(super) nested: usize,
    /// How many clients there are.
    pub(super) clients: usize,
    /// What the client of a class does; `None` for a class that waits for one.
    pub(super) activity: &'a dyn Fn(Slot) -> Option<Activity>,
    pub(super) before: Option<&'a Shape>,
    /// Nobody has looked yet what the clients do: what follows from that stays as it is.
    pub(super) unlooked: bool,
}

/// What a client does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Activity {
    pub(super) asks: bool,
    /// It asks for more than it gets.
    pub(super) waits: bool,
    /// What its plan promises, bit/s.
    pub(super) floor: BitsPerSecond,
    /// How many of its queues by flow hold something.
    pub(super) flows: u16,
}

pub(super) const fn major(side: Side) -> u16 {
    match side {
        Side::Down => DOWN,
        Side::Up => UP,
    }
}

pub(super) fn capacity(desired: &Desired, side: Side) -> &Capacity {
    match side {
        Side::Down => &desired.link().down,
        Side::Up => &desired.link().up,
    }
}

pub(super) fn band(client: &Client, side: Side) -> Band {
    let plan = client.effective_plan();
    match side {
        Side::Down => plan.down,
        Side::Up => plan.up,
    }
}

/// The shape of one device.
pub(super) fn shape(tree: &Tree, side: Side, now: &Circumstances) -> Shape {
    let mut nested = 0;
    let promises = Promises::new(tree, now);
    // With other classes beside them, what these were promised might be too much.
    let same_classes = |shape: &Shape| {
        let slots = tree.classes.keys().map(|slot| slot.get());
        slots.eq(shape.leaves.keys().copied())
    };
    let kept = now.unlooked && now.before.is_some_and(same_classes);
    let leaf = |(slot, class): (&Slot, &Class)| {
        let activity = (now.activity)(*slot);
        let before = now.before.and_then(|shape| shape.leaves.get(&slot.get()));
        if let Some(before) = before.filter(|leaf| kept && stays(leaf, class, activity)) {
            nested += usize::from(matches!(before.queue, Queue::Nested { .. }));
            return (slot.get(), *before);
        }
        let queue = queue(class, activity, before, now, &mut nested);
        let rate = promises.rate(class, activity);
        let htb = htb(&Class { rate, ..*class });
        (slot.get(), Leaf { htb, queue })
    };
    Shape {
        major: major(side),
        rate: tree.root.get() / 8,
        leaves: tree.classes.iter().map(leaf).collect(),
        trickle: Leaf {
            htb: htb(&tree.trickle),
            queue: Queue::Plain {
                limit: narrow(tree.trickle.limit_bytes),
            },
        },
    }
}

/// Whether a class differs from what is wanted at most in what depends on what its client does.
fn stays(leaf: &Leaf, class: &Class, activity: Option<Activity>) -> bool {
    let wanted = htb(class);
    let floor = activity.map_or(0, |activity| activity.floor.get() / 8);
    let alike = Htb {
        rate: wanted.rate,
        burst: wanted.burst,
        ..leaf.htb
    };
    alike == wanted && leaf.htb.rate >= floor && activity.is_some()
}

/// What is promised without borrowing goes to those who are quiet: their packet then waits for nobody's
/// turn, however many are waiting. Who waits borrows anyway, and needs no promise but a paid one.
struct Promises {
    bonus: u64,
}

/// Nobody needs more than this without borrowing.
const GUARANTEE: u64 = 64_000;
const LEAST: BitsPerSecond = BitsPerSecond::saturating(8);

impl Promises {
    fn new(tree: &Tree, now: &Circumstances) -> Self {
        let (mut given_up, mut quiet) = (0, 0_u64);
        for (slot, class) in &tree.classes {
            match (now.activity)(*slot) {
                Some(activity) if activity.waits => {
                    given_up += class.rate.less(least(activity)).get();
                }
                Some(_) => quiet += 1,
                None => {}
            }
        }
        // In powers of two: one more who waits does not touch everybody.
        let each = given_up / quiet.max(1).next_power_of_two();
        let bonus = if each < 8 { 0 } else { 1 << each.ilog2() };
        Self { bonus }
    }

    fn rate(&self, class: &Class, activity: Option<Activity>) -> BitsPerSecond {
        match activity {
            None => class.rate,
            Some(activity) if activity.waits => class.rate.min(least(activity)),
            Some(_) => {
                let more = (class.rate.get() + self.bonus).min(GUARANTEE);
                class
                    .rate
                    .max(BitsPerSecond::saturating(more / 8 * 8))
                    .min(class.ceil)
            }
        }
    }
}

/// What a client keeps that waits.
fn least(activity: Activity) -> BitsPerSecond {
    activity.floor.max(LEAST)
}

fn queue(
    class: &Class,
    activity: Option<Activity>,
    before: Option<&Leaf>,
    now: &Circumstances,
    nested: &mut usize,
) -> Queue {
    let limit = narrow(class.limit_bytes);
    let Some(activity) = activity else {
        return Queue::Plain { limit };
    };
    let had = before.map(|leaf| leaf.queue);
    let was_nested = matches!(had, Some(Queue::Nested { .. }));
    let few = now.clients <= now.nested;
    match now.tier {
        Tier::Cake => Queue::Cake,
        Tier::FqCodel => Queue::FqCodel {
            target: TARGET_US,
            interval: now.rtt_ms.max(LEAST_INTERVAL_MS) * 1000,
        },
        Tier::MiniFq if (few || activity.asks || was_nested) && *nested < now.nested => {
            *nested += 1;
            match had {
                // Nobody waits in the queues of a quiet client: they keep their size.
                Some(Queue::Nested { limit }) if !activity.asks => Queue::Nested { limit },
                _ => Queue::Nested {
                    limit: bucket(limit, activity.flows),
                },
            }
        }
        Tier::MiniFq | Tier::Fifo => match had {
            Some(Queue::Plain { limit }) if !activity.asks => Queue::Plain { limit },
            _ => Queue::Plain { limit },
        },
    }
}

/// What may wait in one queue of a flow: many flows together would hold the client's link much longer
/// than one. In powers of two, so that a flow more does not touch every queue.
fn bucket(limit: u32, flows: u16) -> u32 {
    let parts = u32::from(flows / 2).max(1).next_power_of_two();
    (limit / parts).max(LEAST_BUCKET).min(limit)
}

fn htb(class: &Class) -> Htb {
    let bytes = |rate: BitsPerSecond| rate.get() / 8;
    Htb::new(
        bytes(class.rate),
        bytes(class.ceil),
        class.quantum_bytes,
        u32::from(class.prio),
    )
}

fn narrow(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
