//! The controller against a kernel that is a plain value, and that refuses on demand.

mod fake;
mod healing;

use std::time::Duration;

use usher_sharing::capacity::Sample;
use usher_sharing::link::Side;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::{Client, Desired, Tier};

use super::{ControlError, Controller, Terms};
use crate::kernel::{Change, Discipline, Handle, Qdisc};
use crate::rules::Rules;
use crate::shape::TOP;
use fake::Fake;

const NOW: Moment = Moment::from_millis(1_700_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn terms() -> Terms {
    Terms {
        rules: Rules {
            lan: "lan0".parse().unwrap(),
            wan: "wan0".parse().unwrap(),
            gate: None,
        },
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        tier: Tier::Fifo,
        nested: 0,
        take_over: false,
    }
}

fn controller() -> Controller<Fake> {
    Controller::new(Fake::default(), terms())
}

/// A state with so many clients, each with one address.
fn desired(generation: u64, clients: u8) -> Desired {
    let client = |number: u8| {
        serde_json::json!({
            "id": format!("00000000-0000-0000-0000-0000000000{number:02x}"),
            "addresses": [{
                "ip": format!("10.0.0.{number}"),
                "mac": format!("02:00:00:00:00:{number:02x}"),
                "expires_at": NOW.micros() + 3_600_000_000_i64,
            }],
        })
    };
    let written = serde_json::json!({
        "generation": generation,
        "link": { "name": "test", "down": { "rated": "20M" }, "up": { "rated": "5M" } },
        "clients": (1..=clients).map(client).collect::<Vec<_>>(),
    });
    serde_json::from_value(written).unwrap()
}

fn changed(desired: &Desired, change: impl FnOnce(&mut Vec<Client>)) -> Desired {
    let mut clients = desired.clients().to_vec();
    change(&mut clients);
    Desired::new(desired.generation() + 1, desired.link().clone(), clients).unwrap()
}

#[test]
fn the_same_state_again_takes_no_change_also_after_a_restart() {
    let mut first = controller();
    assert!(first.apply(desired(1, 5), NOW).unwrap() > 0);
    assert_eq!(first.apply(desired(1, 5), NOW).unwrap(), 0);
    assert_eq!(first.apply(desired(2, 5), NOW + SECOND).unwrap(), 0);
    let kernel = std::mem::take(first.kernel());
    let mut second = Controller::new(kernel, terms());
    assert_eq!(second.generation(), None);
    assert_eq!(second.apply(desired(2, 5), NOW + SECOND).unwrap(), 0);
    assert_eq!(second.tick(NOW + SECOND, SECOND).unwrap().steps, 0);
}

#[test]
fn a_client_keeps_its_class_over_a_restart_when_others_have_gone() {
    let mut first = controller();
    first.apply(desired(1, 5), NOW).unwrap();
    let slot = first.kernel().table.as_ref().unwrap().members[&"10.0.0.5".parse().unwrap()].slot;
    let kernel = std::mem::take(first.kernel());
    let mut second = Controller::new(kernel, terms());
    let fewer = changed(&desired(1, 5), |clients| {
        clients.retain(|client| client.addresses[0].ip.to_string() != "10.0.0.2");
    });
    second.apply(fewer, NOW).unwrap();
    let members = &second.kernel().table.as_ref().unwrap().members;
    assert_eq!(members[&"10.0.0.5".parse().unwrap()].slot, slot);
    assert!(!members.contains_key(&"10.0.0.2".parse().unwrap()));
}

#[test]
fn t47_an_address_outside_the_networks_is_refused_and_nothing_changes() {
    let mut controller = controller();
    controller.apply(desired(1, 2), NOW).unwrap();
    let before = controller.kernel().clone();
    let outside = changed(&desired(1, 2), |clients| {
        clients[0].addresses[0].ip = "192.0.2.1".parse().unwrap();
    });
    let refused = controller.apply(outside, NOW).unwrap_err();
    assert!(matches!(refused, ControlError::Outside(_)), "{refused}");
    assert_eq!(controller.kernel().down, before.down);
    assert_eq!(controller.kernel().table, before.table);
    assert_eq!(controller.generation(), Some(1));
}

#[test]
fn an_older_generation_is_refused() {
    let mut controller = controller();
    controller.apply(desired(7, 2), NOW).unwrap();
    let refused = controller.apply(desired(6, 1), NOW).unwrap_err();
    assert!(
        matches!(refused, ControlError::Old { new: 6, have: 7 }),
        "{refused}"
    );
}

#[test]
fn a_root_of_somebody_else_stays_unless_told_otherwise() {
    let foreign = Qdisc {
        handle: Handle::new(0x8001, 0),
        parent: Handle::ROOT,
        discipline: Discipline::Other("tbf".to_owned()),
    };
    let mut careful = controller();
    careful.kernel().down.note(&Change::SetQdisc(foreign.clone()));
    let refused = careful.apply(desired(1, 1), NOW).unwrap_err();
    assert!(refused.to_string().contains("lan0 has a tbf queue"), "{refused}");
    assert_eq!(careful.kernel().changes, 0);
    let kernel = std::mem::take(careful.kernel());
    let mut bold = Controller::new(
        kernel,
        Terms {
            take_over: true,
            ..terms()
        },
    );
    bold.apply(desired(1, 1), NOW).unwrap();
    assert!(bold.kernel().down.rooted(1));
}

#[test]
fn down_takes_away_what_is_ours_and_leaves_a_strangers_root() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    controller.down(NOW).unwrap();
    assert!(controller.kernel().down.classes.is_empty());
    assert_eq!(controller.kernel().table, None);
    let foreign = Qdisc {
        handle: Handle::new(0x8001, 0),
        parent: Handle::ROOT,
        discipline: Discipline::Other("tbf".to_owned()),
    };
    controller.kernel().down.note(&Change::SetQdisc(foreign));
    controller.down(NOW).unwrap();
    assert!(controller.kernel().down.qdiscs.contains_key(&Handle::ROOT));
}

#[test]
fn t49_an_address_where_another_device_answers_is_nobodys() {
    let mut controller = controller();
    controller.apply(desired(1, 2), NOW).unwrap();
    controller.kernel().answer("10.0.0.1", [2, 0, 0, 0, 0, 1]);
    controller.kernel().answer("10.0.0.2", [2, 0, 0, 0, 0, 0x99]);
    controller.tick(NOW + SECOND, SECOND).unwrap();
    let members = &controller.kernel().table.as_ref().unwrap().members;
    assert!(members.contains_key(&"10.0.0.1".parse().unwrap()));
    assert!(!members.contains_key(&"10.0.0.2".parse().unwrap()));
}

#[test]
fn the_delay_that_the_link_adds_is_reported_once() {
    let mut controller = controller();
    controller.apply(desired(1, 1), NOW).unwrap();
    for millis in 1..=100 {
        let sample = Sample {
            at: NOW,
            added: Some(Duration::from_millis(millis)),
            achieved: BitsPerSecond::ZERO,
            told: None,
        };
        controller.sample(Side::Down, sample).unwrap();
    }
    let mut reported = || {
        controller
            .report(NOW, SECOND, usher_sharing::wire::Health::default())
            .unwrap()
    };
    let latency = reported().down.latency.unwrap();
    assert_eq!((latency.p50_us, latency.p99_us), (50_000, 99_000));
    assert_eq!(reported().down.latency, None);
}

#[test]
fn a_binding_ends_at_its_time() {
    let mut controller = controller();
    controller.apply(desired(1, 2), NOW).unwrap();
    controller.tick(NOW + 2 * 3600 * SECOND, SECOND).unwrap();
    assert!(controller.kernel().table.as_ref().unwrap().members.is_empty());
}

#[test]
fn promises_stay_below_a_tenth_of_the_link() {
    let mut controller = controller();
    for generation in 1..10 {
        controller
            .apply(desired(generation, (generation * 20) as u8), NOW)
            .unwrap();
        let promised = controller.kernel().down.promised(1) * 8;
        assert!(promised <= 2_000_000, "{promised}");
        assert!(
            controller
                .kernel()
                .down
                .classes
                .contains_key(&Handle::new(1, TOP))
        );
    }
}

#[test]
fn what_those_who_wait_are_promised_goes_to_the_quiet_ones() {
    let mut controller = controller();
    controller.apply(desired(1, 100), NOW).unwrap();
    let of = |controller: &mut Controller<Fake>, slot| {
        let class = controller.kernel().down.classes[&Handle::new(1, slot)];
        class.htb.rate * 8
    };
    let before = of(&mut controller, 0x10);
    for round in 1..=3 {
        for slot in 0x11..0x74 {
            let counters = crate::kernel::Counters {
                bytes: round * 100_000,
                backlog: 50_000,
                ..Default::default()
            };
            controller
                .kernel()
                .counters
                .insert(Handle::new(1, slot), counters);
        }
        controller.tick(NOW + round as u32 * SECOND, SECOND).unwrap();
        assert!(controller.kernel().down.promised(1) * 8 <= 2_000_000);
    }
    assert_eq!(of(&mut controller, 0x11), 8);
    assert!(of(&mut controller, 0x10) >= 60_000, "{before}");
    let kernel = std::mem::take(controller.kernel());
    let mut restarted = Controller::new(kernel, terms());
    assert_eq!(restarted.apply(desired(1, 100), NOW + 3 * SECOND).unwrap(), 0);
}
