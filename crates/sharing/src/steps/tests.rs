use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::id::ClientId;
use crate::layout::{Now, Seats, SideNow, plan};
use crate::link::Capacity;
use crate::moment::Moment;
use crate::plan::{Band, Plan, Weight};
use crate::wire::{Address, Client, Desired, Link};

const RATED: BitsPerSecond = BitsPerSecond::mbit(20);

fn desired(clients: Vec<Client>) -> Desired {
    let side = Capacity::fixed(RATED).unwrap();
    let link = Link {
        name: "link".parse().unwrap(),
        down: side.clone(),
        up: side,
        trickle: BitsPerSecond::kbit(256),
    };
    Desired::new(1, link, clients).unwrap()
}

fn client(number: u64, weight: u16, floor: u16, cap: Option<u16>) -> Client {
    let cap = cap.map(BitsPerSecond::kbit);
    let floor = BitsPerSecond::kbit(floor).min(cap.unwrap_or(BitsPerSecond::MAX));
    let band = Band::new(floor, cap).unwrap();
    Client {
        id: ClientId::numbered(number),
        label: "somebody".parse().unwrap(),
        plan: Plan {
            weight: Weight::new(weight).unwrap(),
            down: band,
            up: band,
        },
        demoted: false,
        addresses: vec![Address {
            ip: [10, 0, 0, number as u8].into(),
            mac: None,
            expires_at: Moment::from_millis(3_600_000),
        }],
    }
}

fn now(estimate: BitsPerSecond, active_weight: u64) -> Now {
    let side = SideNow {
        shaped: estimate.portion(95, 100),
        estimate,
        active_weight,
    };
    Now {
        down: Some(side),
        up: Some(side),
    }
}

fn take(layout: &Layout, steps: &[Step]) -> Layout {
    let mut layout = layout.clone();
    for step in steps {
        layout.take(*step).unwrap();
    }
    layout
}

fn clients() -> impl Strategy<Value = Vec<Client>> {
    let plan = (
        1_u16..=100,
        prop_oneof![Just(0), 0..20_000_u16],
        proptest::option::of(1..20_000_u16),
        vec(0_u8..12, 0..3),
    );
    btree_map(0_u64..10, plan, 0..8).prop_map(|plans| {
        let mut owned = std::collections::BTreeSet::new();
        let each = plans.into_iter().map(|(number, (weight, floor, cap, places))| {
            let mut client = client(number, weight, floor, cap);
            client.addresses = places
                .into_iter()
                .filter(|place| owned.insert(*place))
                .map(|place| Address {
                    ip: [10, 0, 0, place].into(),
                    mac: None,
                    expires_at: Moment::from_millis(place.into()),
                })
                .collect();
            client
        });
        each.collect()
    })
}

fn moment() -> impl Strategy<Value = Now> {
    let side = proptest::option::of((1_u16..=20, 0_u64..300));
    (side.clone(), side).prop_map(|(down, up)| {
        let side = |(mbit, weight)| now(BitsPerSecond::mbit(mbit), weight).down;
        Now {
            down: down.and_then(side),
            up: up.and_then(side),
        }
    })
}

/// A gateway's life: one state after the other, each with the seats that follow.
fn life() -> impl Strategy<Value = Vec<(Desired, Seats, Layout)>> {
    vec((clients(), moment()), 2..5).prop_map(|states| {
        let mut seats = Seats::default();
        let each = states.into_iter().map(|(clients, now)| {
            let desired = desired(clients);
            seats = seats.clone().follow(&desired);
            let layout = plan(&desired, &seats, now);
            (desired, seats.clone(), layout)
        });
        each.collect()
    })
}

/// Any layout at all: a kernel may hold what no plan of ours would make.
fn layouts() -> impl Strategy<Value = Layout> {
    let class = (1_u64..9, 1_u32..3, 1_u64..3).prop_map(|(rate, quantum, limit)| Class {
        rate: BitsPerSecond::saturating(rate * 8),
        ceil: BitsPerSecond::saturating(80),
        quantum_bytes: quantum * 1_514,
        prio: 0,
        limit_bytes: limit * 1_514,
    });
    let slot = (0x10_u16..0x15).prop_map(|number| Slot::try_from(number).unwrap());
    let tree = (1_u64..4, class.clone(), btree_map(slot.clone(), class, 0..5));
    let tree = tree.prop_map(|(root, trickle, classes)| Tree {
        root: BitsPerSecond::saturating(root * 8),
        trickle,
        classes,
    });
    let side = proptest::option::of(tree);
    let bound = (slot, 0..2_i64).prop_map(|(slot, end)| Bound {
        slot,
        expires_at: Moment::from_millis(end * 10_000),
    });
    (side.clone(), side, btree_map(0_u8..6, bound, 0..6)).prop_map(|(down, up, places)| {
        let mut layout = Layout {
            down,
            up,
            ..Layout::default()
        };
        for (place, bound) in places {
            let there = |side: &Option<Tree>| {
                side.as_ref()
                    .is_none_or(|tree| tree.classes.contains_key(&bound.slot))
            };
            if there(&layout.down) && there(&layout.up) {
                layout.addresses.insert([10, 0, 0, place].into(), bound);
            }
        }
        layout
    })
}

proptest! {
    #[test]
    fn m30_steps_lead_from_anything_to_anything_in_order(from in layouts(), to in layouts()) {
        let most = |side| from.side(side).map(Tree::guaranteed).max(to.side(side).map(Tree::guaranteed));
        let mut layout = from.clone();
        for step in diff(&from, &to) {
            layout.take(step).unwrap();
            for side in SIDES {
                prop_assert!(layout.side(side).map(Tree::guaranteed) <= most(side), "{:?}", step);
            }
        }
        prop_assert_eq!(layout, to);
    }

    #[test]
    fn m30_steps_lead_from_one_layout_to_the_other(life in life()) {
        for pair in life.windows(2) {
            let (from, to) = (&pair[0].2, &pair[1].2);
            prop_assert_eq!(&take(from, &diff(from, to)), to);
            prop_assert_eq!(diff(to, to), vec![]);
            prop_assert_eq!(&take(&Layout::default(), &diff(&Layout::default(), to)), to);
            prop_assert_eq!(take(to, &diff(to, &Layout::default())), Layout::default());
        }
    }

    /// `take` refuses a step that would leave an address without a class; what is left to watch is that
    /// the leaves never have more together than before and after.
    #[test]
    fn m30_no_step_on_the_way_promises_more_than_both_ends(life in life()) {
        for pair in life.windows(2) {
            let (from, to) = (&pair[0].2, &pair[1].2);
            let most = |side| from.side(side).map(Tree::guaranteed).max(to.side(side).map(Tree::guaranteed));
            let mut layout = from.clone();
            for step in diff(from, to) {
                layout.take(step).unwrap();
                for side in SIDES {
                    prop_assert!(layout.side(side).map(Tree::guaranteed) <= most(side), "{:?}", step);
                }
            }
        }
    }

    #[test]
    fn m30_leaves_have_together_at_most_half_of_the_link(clients in clients(), mbit in 1_u16..=20) {
        let desired = desired(clients);
        let seats = Seats::default().follow(&desired);
        let estimate = BitsPerSecond::mbit(mbit);
        let layout = plan(&desired, &seats, now(estimate, 1));
        let tree = layout.down.unwrap();
        // A fixed link surely carries its rated capacity, of which the little for everybody is a tenth.
        let least = RATED.portion(1, 10);
        prop_assert!(tree.guaranteed() <= estimate.portion(1, 2).max(least) + BitsPerSecond::kbit(1));
        for class in tree.classes.values() {
            prop_assert!(class.rate <= class.ceil && class.rate > BitsPerSecond::ZERO);
            prop_assert!(class.ceil <= RATED && class.quantum_bytes <= 200_000);
            prop_assert_eq!(class.rate.get() % 8, 0);
        }
    }

    #[test]
    fn nobody_shares_a_seat_and_who_stays_keeps_theirs(life in life()) {
        for pair in life.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            let slots: std::collections::BTreeSet<Slot> = after.1.taken().map(|(_, slot)| slot).collect();
            prop_assert_eq!(slots.len(), after.0.clients().len());
            for client in after.0.clients() {
                if let Some(slot) = before.1.of(client.id) {
                    prop_assert_eq!(after.1.of(client.id), Some(slot));
                }
            }
        }
    }

    /// A restart finds the kernel as it was left and has nothing to say to it.
    #[test]
    fn m30_a_restart_changes_nothing_for_clients_with_an_address(life in life()) {
        let (desired, seats, layout) = life.last().unwrap();
        let again = Seats::recover(desired, layout);
        let on_the_link = |client: &&Client| !client.addresses.is_empty() && layout.down.is_some();
        for client in desired.clients().iter().filter(on_the_link) {
            prop_assert_eq!(again.of(client.id), seats.of(client.id));
        }
    }
}

#[test]
fn m30_a_change_of_the_capacity_touches_one_class() {
    let desired = desired((1..=40).map(|n| client(n, 1, 100, None)).collect());
    let seats = Seats::default().follow(&desired);
    let before = plan(&desired, &seats, now(RATED, 40));
    let after = plan(&desired, &seats, now(BitsPerSecond::mbit(10), 40));
    let root = BitsPerSecond::kbit(9_500);
    let rate = |side| Step::Rate { side, root };
    assert_eq!(diff(&before, &after), [rate(Side::Down), rate(Side::Up)]);
}

#[test]
fn one_more_client_touches_nobody_else_and_one_after_another_adds_no_class() {
    let some: Vec<Client> = (1..=40).map(|n| client(n, 1, 0, None)).collect();
    let before = desired(some.clone());
    let seats = Seats::default().follow(&before);
    let layout = plan(&before, &seats, now(RATED, 8));

    let more = desired([some.clone(), vec![client(50, 1, 0, None)]].concat());
    let more_seats = seats.follow(&more);
    let grown = plan(&more, &more_seats, now(RATED, 8));
    let steps = diff(&layout, &grown);
    assert_eq!(steps.len(), 3, "{steps:?}");

    let other = desired([some, vec![client(51, 1, 0, None)]].concat());
    let other_seats = more_seats.follow(&before).follow(&other);
    let steps = diff(&grown, &plan(&other, &other_seats, now(RATED, 8)));
    assert!(
        matches!(steps[..], [Step::Unbind { .. }, Step::Bind { .. }]),
        "{steps:?}"
    );
}

#[test]
fn a_class_that_waits_lets_stragglers_out_as_fast_as_any_other() {
    let before = desired((1..=2).map(|n| client(n, 1, 0, None)).collect());
    let seats = Seats::default().follow(&before);
    let after = desired(vec![client(1, 1, 0, None)]);
    let seats = seats.follow(&after);
    let slot = seats.parked().next().unwrap();
    let layout = plan(&after, &seats, now(RATED, 1));
    let waiting = layout.down.unwrap().classes[&slot];
    assert_eq!(
        waiting.ceil, RATED,
        "what is sent beyond a ceil is held against the next client"
    );
    assert_eq!(waiting.rate, BitsPerSecond::saturating(8));
}

#[test]
fn a_promised_floor_is_the_rate_of_its_leaf_while_floors_fit() {
    let desired = desired(vec![
        client(1, 1, 500, Some(1_000)),
        client(2, 1, 1_000, Some(10_000)),
    ]);
    let seats = Seats::default().follow(&desired);
    let rate = |now: Now, number| {
        let layout = plan(&desired, &seats, now);
        let slot = seats.of(ClientId::numbered(number)).unwrap();
        layout.down.unwrap().classes[&slot].rate
    };
    assert_eq!(rate(now(RATED, 2), 1), BitsPerSecond::kbit(500));
    assert_eq!(rate(now(RATED, 2), 2), BitsPerSecond::kbit(1_000));
    let poor = now(BitsPerSecond::mbit(2), 2);
    assert!(rate(poor, 2) < BitsPerSecond::kbit(700) && rate(poor, 2) > BitsPerSecond::kbit(500));
}

#[test]
fn a_used_up_quota_counts_least_and_keeps_its_seat() {
    let mut demoted = client(1, 50, 500, None);
    demoted.demoted = true;
    let desired = desired(vec![demoted]);
    let seats = Seats::default().follow(&desired);
    let tree = plan(&desired, &seats, now(RATED, 1)).down.unwrap();
    let class = tree.classes[&seats.of(ClientId::numbered(1)).unwrap()];
    assert_eq!(
        (class.quantum_bytes, class.rate),
        (1_514, BitsPerSecond::kbit(64))
    );
}

#[test]
fn an_end_that_differs_by_rounding_is_left_alone() {
    let desired = desired(vec![client(1, 1, 0, None)]);
    let seats = Seats::default().follow(&desired);
    let wanted = plan(&desired, &seats, now(RATED, 1));
    let mut live = wanted.clone();
    for bound in live.addresses.values_mut() {
        bound.expires_at = Moment::from_millis(3_599_000);
    }
    assert_eq!(diff(&live, &wanted).len(), 1);
    assert_eq!(diff(&live, &wanted.clone().forgiving(&live)), []);
}
