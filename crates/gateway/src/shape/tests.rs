use proptest::prelude::*;

use super::*;
use crate::kernel::Netlink;
use crate::testing::{in_namespace, run};

fn leaf(rate: u64, queue: Queue) -> Leaf {
    Leaf {
        htb: Htb::new(rate, 2_500_000, QUANTUM, 0),
        queue,
    }
}

fn shape(leaves: impl IntoIterator<Item = (u16, Leaf)>) -> Shape {
    Shape {
        major: 1,
        rate: 2_500_000,
        trickle: leaf(1_000, Queue::Plain { limit: 16_000 }),
        leaves: leaves.into_iter().collect(),
    }
}

fn any_queue() -> impl Strategy<Value = Queue> {
    prop_oneof![
        (20_000_u32..1_000_000).prop_map(|limit| Queue::Plain { limit }),
        (20_000_u32..1_000_000).prop_map(|limit| Queue::Nested { limit }),
    ]
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let leaf = (1_000_u64..50_000, any_queue()).prop_map(|(rate, queue)| leaf(rate, queue));
    let leaves = proptest::collection::btree_map(0x10_u16..0x18, leaf, 0..8);
    (leaves, 1_000_000_u64..5_000_000).prop_map(|(leaves, rate)| Shape {
        rate,
        ..shape(leaves)
    })
}

fn observe(netlink: &mut Netlink, device: u32) -> Observed {
    netlink.observe(device).expect("a dump")
}

#[test]
fn any_shape_is_reached_from_any_other_and_then_nothing_is_left_to_do() {
    let name = "shape::tests::any_shape_is_reached_from_any_other_and_then_nothing_is_left_to_do";
    in_namespace(name, || {
        run("ip", "link add lan0 type veth peer name lan1");
        let netlink = std::cell::RefCell::new(Netlink::open().expect("netlink"));
        let device = netlink.borrow_mut().device("lan0").expect("the device");
        let config = ProptestConfig {
            cases: 40,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        proptest!(config, |(wanted in any_shape())| {
            let mut netlink = netlink.borrow_mut();
            let mut noted = observe(&mut netlink, device);
            let changed = changes(&noted, &wanted);
            netlink.apply_all(device, &changed).expect("changes");
            for change in &changed {
                noted.note(change);
            }
            let after = observe(&mut netlink, device);
            prop_assert_eq!(&noted.classes, &after.classes);
            prop_assert_eq!(&noted.filters, &after.filters);
            prop_assert_eq!(changes(&noted, &wanted), vec![]);
            prop_assert_eq!(changes(&after, &wanted), vec![]);
            prop_assert_eq!(Shape::read(&after, 1), Some(wanted.clone()));
            let clients: Vec<u16> = after.classes.values()
                .filter(|class| class.parent == Handle::new(1, TOP))
                .map(|class| class.handle.minor()).collect();
            prop_assert_eq!(clients.len(), wanted.leaves.len() + 1);
        });
    });
}

#[test]
fn a_capacity_change_touches_one_class() {
    let before = shape([(0x10, leaf(8_000, Queue::Plain { limit: 50_000 }))]);
    let observed = Observed::new(
        [
            before.root(),
            qdisc(&before, TRICKLE, 16_000),
            qdisc(&before, 0x10, 50_000),
        ],
        [
            before.top(),
            before.class(TRICKLE, &before.trickle),
            before.class(0x10, &before.leaves[&0x10]),
        ],
        [],
    );
    assert_eq!(changes(&observed, &before), []);
    let after = Shape {
        rate: 1_000_000,
        ..before
    };
    assert_eq!(changes(&observed, &after), [Change::SetClass(after.top())]);
}

fn qdisc(shape: &Shape, slot: u16, limit: u32) -> Qdisc {
    Qdisc {
        handle: Handle::new(slot, 0),
        parent: Handle::new(shape.major, slot),
        discipline: Discipline::Bytes { limit },
    }
}

#[test]
fn promises_shrink_before_they_grow() {
    let plain = Queue::Plain { limit: 50_000 };
    let before = shape([(0x10, leaf(1_000, plain)), (0x11, leaf(9_000, plain))]);
    let after = shape([(0x10, leaf(9_000, plain)), (0x11, leaf(1_000, plain))]);
    let classes = before
        .all()
        .map(|(slot, leaf)| before.class(slot, leaf))
        .chain([before.top()]);
    let observed = Observed::new([before.root()], classes, []);
    let changed: Vec<u64> = changes(&observed, &after)
        .into_iter()
        .filter_map(|change| match change {
            Change::SetClass(class) => Some(class.htb.rate),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [1_000, 9_000]);
}
