use std::net::IpAddr;
use std::time::Duration;

use usher_sharing::moment::Moment;

use super::*;
use crate::kernel::nft;
use crate::testing::{in_namespace, run};

const NOW: Moment = Moment::from_millis(1_700_000_000_000);

fn rules(gate: Option<Gate>) -> Rules {
    Rules {
        lan: "lan0".parse().unwrap(),
        wan: "wan0".parse().unwrap(),
        gate,
    }
}

fn gate() -> Gate {
    Gate {
        portal: Some(8000),
        garden: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        trickle: false,
    }
}

fn members(list: &[(&str, u16, u64)]) -> Members {
    let member = |(address, slot, left): &(&str, u16, u64)| {
        let until = NOW + Duration::from_secs(*left);
        let address: IpAddr = address.parse().unwrap();
        (address, Member { slot: *slot, until })
    };
    list.iter().map(member).collect()
}

fn run_all(scripts: &[String]) {
    for script in scripts {
        nft::run(script).expect("members");
    }
}

#[test]
fn ten_thousand_members_fit_into_small_transactions() {
    in_namespace(
        "rules::tests::ten_thousand_members_fit_into_small_transactions",
        || {
            nft::run(&rules(None).script()).expect("rules");
            let address =
                |number: u16| IpAddr::from([10, 0, number.to_be_bytes()[0], number.to_be_bytes()[1]]);
            let until = NOW + Duration::from_hours(1);
            let wanted: Members = (1..=10_000)
                .map(|number| {
                    (
                        address(number),
                        Member {
                            slot: 0x10 + number,
                            until,
                        },
                    )
                })
                .collect();
            run_all(&difference(&Members::new(), &wanted, NOW));
            let found = nft::table(NOW).expect("a dump").expect("a table");
            assert_eq!(found.members.len(), 10_000);
        },
    );
}

#[test]
fn members_come_back_as_they_were_written_and_rules_can_change_around_them() {
    let name = "rules::tests::members_come_back_as_they_were_written_and_rules_can_change_around_them";
    in_namespace(name, || {
        nft::run(&rules(None).script()).expect("rules");
        let before = nft::table(NOW).expect("a dump").expect("a table");
        assert_eq!(before.mark, rules(None).mark());
        let first = members(&[
            ("10.0.0.1", 0x10, 600),
            ("10.0.0.2", 0x11, 600),
            ("2001:db8::1", 0x10, 60),
        ]);
        run_all(&difference(&before.members, &first, NOW));
        let found = nft::table(NOW).expect("a dump").expect("a table");
        assert_eq!(difference(&found.members, &first, NOW), Vec::<String>::new());
        assert_eq!(found.torn, Vec::<IpAddr>::new());
        nft::run(&rules(Some(gate())).script()).expect("other rules");
        let second = members(&[
            ("10.0.0.1", 0x10, 9000),
            ("10.0.0.3", 0x11, 600),
            ("2001:db8::1", 0x12, 60),
        ]);
        run_all(&difference(&found.members, &second, NOW));
        let found = nft::table(NOW).expect("a dump").expect("a table");
        assert_eq!(difference(&found.members, &second, NOW), Vec::<String>::new());
        assert_eq!(found.rules, rules(Some(gate())).count());
        assert!(found.rules > before.rules);
        nft::run(&removal()).expect("removed");
        assert_eq!(nft::table(NOW).expect("a dump"), None);
        assert_eq!(run("nft", "list ruleset"), "");
    });
}

#[test]
fn a_member_that_only_one_map_has_is_noticed() {
    in_namespace("rules::tests::a_member_that_only_one_map_has_is_noticed", || {
        nft::run(&rules(None).script()).expect("rules");
        nft::run("add element inet usher up4 { 10.0.0.9 timeout 60s : 2:10 }").expect("an element");
        let found = nft::table(NOW).expect("a dump").expect("a table");
        assert_eq!(found.torn, ["10.0.0.9".parse::<IpAddr>().unwrap()]);
    });
}

#[test]
fn a_script_that_cannot_be_run_changes_nothing_and_says_why() {
    let name = "rules::tests::a_script_that_cannot_be_run_changes_nothing_and_says_why";
    in_namespace(name, || {
        let orders = "add element inet usher down4 { 10.0.0.300 }\n";
        let refused = nft::run(&format!("{}{orders}", rules(None).script())).expect_err("not an address");
        assert!(refused.to_string().starts_with("nft: "), "{refused}");
        assert_eq!(nft::table(NOW).expect("a dump"), None);
    });
}

#[test]
fn an_end_beyond_what_the_kernel_counts_is_cut_and_not_renewed_all_the_time() {
    let name = "rules::tests::an_end_beyond_what_the_kernel_counts_is_cut_and_not_renewed_all_the_time";
    in_namespace(name, || {
        nft::run(&rules(None).script()).expect("rules");
        let wanted = members(&[("10.0.0.1", 0x10, 4_000_000_000)]);
        run_all(&difference(&Members::new(), &wanted, NOW));
        let found = nft::table(NOW).expect("a dump").expect("a table");
        assert_eq!(difference(&found.members, &wanted, NOW), Vec::<String>::new());
    });
}
