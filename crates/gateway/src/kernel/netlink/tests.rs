use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::offload::{BUNDLING, CHECKSUMS};
use super::*;
use crate::kernel::{Discipline, Htb, Instruction};
use crate::testing::{in_namespace, run};

const ROOT: Handle = Handle::new(1, 0);
const TOP: Handle = Handle::new(1, 1);

fn device() -> (Netlink, u32) {
    run("ip", "link add lan0 type veth peer name lan1");
    let mut netlink = Netlink::open().expect("netlink");
    let device = netlink.device("lan0").expect("the device");
    (netlink, device)
}

fn root() -> Change {
    Change::SetQdisc(Qdisc {
        handle: ROOT,
        parent: Handle::ROOT,
        discipline: Discipline::Htb { default: 0xfffe },
    })
}

fn class(minor: u16, parent: Handle, htb: Htb) -> Class {
    Class {
        handle: Handle::new(1, minor),
        parent,
        htb,
    }
}

fn any_htb() -> impl Strategy<Value = Htb> {
    let rate = 1_u64..20_000_000_000;
    (
        rate.clone(),
        rate,
        any::<u32>(),
        any::<u32>(),
        1_u32..200_000,
        0_u32..8,
    )
        .prop_map(|(rate, ceil, burst, ceil_burst, quantum, priority)| Htb {
            rate,
            ceil,
            burst,
            ceil_burst,
            quantum,
            priority,
        })
}

#[test]
fn classes_come_back_as_they_were_written() {
    in_namespace(
        "kernel::netlink::tests::classes_come_back_as_they_were_written",
        || {
            let (mut netlink, device) = device();
            let top = class(1, ROOT, Htb::new(2_500_000, 2_500_000, 1514, 0));
            netlink
                .apply_all(device, &[root(), Change::SetClass(top)])
                .expect("a tree");
            let netlink = RefCell::new(netlink);
            let mut runner = TestRunner::deterministic();
            let many = proptest::collection::vec(any_htb(), 300);
            runner
                .run(&many, |parameters| {
                    let wanted: Vec<Class> = (0x10_u16..)
                        .zip(parameters)
                        .map(|(minor, htb)| class(minor, TOP, htb))
                        .collect();
                    let changes: Vec<Change> = wanted.iter().copied().map(Change::SetClass).collect();
                    let mut netlink = netlink.borrow_mut();
                    netlink.apply_all(device, &changes).expect("classes");
                    let mut found: Vec<Class> = netlink
                        .classes(device)
                        .expect("a dump")
                        .into_iter()
                        .map(|(class, _)| class)
                        .collect();
                    found.sort_by_key(|class| class.handle);
                    found.retain(|class| class.handle != TOP);
                    prop_assert_eq!(found, wanted);
                    Ok(())
                })
                .expect("every class");
        },
    );
}

#[test]
fn queues_come_back_as_they_were_written() {
    in_namespace(
        "kernel::netlink::tests::queues_come_back_as_they_were_written",
        || {
            let (mut netlink, device) = device();
            let leaf = class(0x10, ROOT, Htb::new(8_000, 2_500_000, 1514, 0));
            netlink
                .apply_all(device, &[root(), Change::SetClass(leaf)])
                .expect("a tree");
            for discipline in [
                Discipline::Bytes { limit: 50_000 },
                Discipline::Packets { limit: 7 },
                Discipline::Htb { default: 3 },
            ] {
                let wanted = Qdisc {
                    handle: Handle::new(0x10, 0),
                    parent: leaf.handle,
                    discipline,
                };
                netlink
                    .apply_all(device, &[Change::SetQdisc(wanted.clone())])
                    .expect("a queue");
                let found = netlink.qdiscs(device).expect("a dump");
                assert!(
                    found.iter().any(|(qdisc, _)| *qdisc == wanted),
                    "{wanted:?} in {found:?}"
                );
                let Qdisc { handle, parent, .. } = wanted;
                netlink
                    .apply_all(device, &[Change::RemoveQdisc { handle, parent }])
                    .expect("removed");
            }
        },
    );
}

#[test]
fn a_filter_comes_back_as_it_was_written() {
    in_namespace(
        "kernel::netlink::tests::a_filter_comes_back_as_it_was_written",
        || {
            let (mut netlink, device) = device();
            let answer = Instruction {
                code: 0x06,
                if_true: 0,
                if_false: 0,
                operand: 0x0001_0010,
            };
            let wanted = Filter {
                parent: ROOT,
                program: vec![answer],
            };
            netlink
                .apply_all(device, &[root(), Change::AddFilter(wanted.clone())])
                .expect("a filter");
            assert_eq!(netlink.filters(device, ROOT).expect("a dump"), [wanted]);
        },
    );
}

#[test]
fn a_refusal_names_the_change_and_the_reason_and_the_others_are_made() {
    let name = "kernel::netlink::tests::a_refusal_names_the_change_and_the_reason_and_the_others_are_made";
    in_namespace(name, || {
        let (mut netlink, device) = device();
        let good = Htb::new(8_000, 2_500_000, 1514, 0);
        let mut changes = vec![root()];
        changes.extend((0x10..0x200).map(|minor| Change::SetClass(class(minor, ROOT, good))));
        changes[200] = Change::SetClass(class(0x999, Handle::new(7, 7), good));
        let refused = netlink.apply(device, &changes).expect("an answer");
        assert_eq!(
            refused.iter().map(|(position, _)| *position).collect::<Vec<_>>(),
            [200]
        );
        assert!(!refused[0].1.to_string().is_empty());
        assert_eq!(netlink.classes(device).expect("a dump").len(), 0x200 - 0x10 - 1);
        let strange = Change::SetQdisc(Qdisc {
            handle: Handle::default(),
            parent: Handle::new(1, 0x10),
            discipline: Discipline::Other("nosuch".to_owned()),
        });
        let refused = netlink.apply_all(device, &[strange]).expect_err("no such kind");
        assert!(refused.to_string().contains("qdisc kind is unknown"), "{refused}");
    });
}

#[test]
fn offloads_are_seen_and_turned_off() {
    in_namespace("kernel::netlink::tests::offloads_are_seen_and_turned_off", || {
        let _ = device();
        let mut offloads = Offloads::open().expect("ethtool");
        let all = [BUNDLING, CHECKSUMS].concat();
        let before = offloads.active("lan0", &all).expect("features");
        assert!(before.contains(&"tx-tcp-segmentation".to_owned()), "{before:?}");
        offloads.set("lan0", &all, false).expect("off");
        assert_eq!(
            offloads.active("lan0", &all).expect("features"),
            Vec::<String>::new()
        );
    });
}

#[test]
fn an_unknown_device_is_named() {
    in_namespace("kernel::netlink::tests::an_unknown_device_is_named", || {
        let mut netlink = Netlink::open().expect("netlink");
        netlink.device("nosuch0").expect_err("no device");
        assert!(netlink.neighbours().expect("a dump").is_empty());
    });
}
