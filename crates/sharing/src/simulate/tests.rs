use super::*;
use crate::policy::Policy;
use crate::rate::BitsPerSecond;
use crate::wire::{Telemetry, decode, encode};

const W1: &str = include_str!("../../scenarios/w1.toml");
const THREE: &str = include_str!("../../scenarios/three-clients.toml");
const WEATHER: &str = include_str!("../../scenarios/weather.toml");
const VILLAGE: &str = include_str!("../../scenarios/village.toml");

fn scenario(text: &str) -> Scenario {
    toml::from_str(text).unwrap()
}

fn play(scenario: &Scenario, seed: u64) -> Outcome {
    run(scenario, seed, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn reports(scenario: &Scenario) -> Vec<Telemetry> {
    let mut reports = Vec::new();
    run(scenario, 1, &mut |frame| {
        if let FromGateway::Telemetry(telemetry) = frame {
            reports.push(telemetry.as_ref().clone());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    reports
}

/// The figures of a real kernel's six namespaces, of which a simulation is good to a twentieth.
fn close(simulated: f64, measured: f64) -> bool {
    (simulated - measured).abs() <= 0.05 * measured
}

#[test]
fn m30_the_same_seed_says_the_same_to_the_byte() {
    for text in [W1, THREE] {
        let scenario = scenario(text);
        assert_eq!(play(&scenario, 7), play(&scenario, 7));
        assert_ne!(play(&scenario, 7).digest, play(&scenario, 8).digest);
    }
}

#[test]
fn m30_sharing_as_measured_on_a_real_kernel() {
    for seed in [1, 7] {
        let outcome = play(&scenario(W1), seed);
        for phase in &outcome.phases {
            assert!(close(phase.utilisation, 1.0), "{phase:?}");
            assert!(phase.jain >= 0.995 && phase.min_share >= 0.97, "{phase:?}");
        }
        assert!(outcome.idle_p99_ms < Some(5.0), "{outcome:?}");
        assert!(outcome.converge_start_ms <= Some(300.0), "{outcome:?}");
        assert!(outcome.converge_stop_ms <= Some(300.0), "{outcome:?}");
    }
}

#[test]
fn what_people_have_today_does_as_measured_too() {
    let with = |scheme| {
        play(
            &Scenario {
                scheme,
                ..scenario(W1)
            },
            7,
        )
    };
    let split = with(Policy::Static);
    assert!(close(split.phases[0].utilisation, 0.606), "{split:?}");
    assert!(close(split.phases[1].utilisation, 0.774), "{split:?}");
    let fifo = with(Policy::Fifo);
    assert!(fifo.phases.iter().all(|phase| phase.min_share < 0.04), "{fifo:?}");
    assert!(
        fifo.idle_p99_ms > Some(500.0) && fifo.idle_p99_ms < Some(620.0),
        "{fifo:?}"
    );
}

#[test]
fn water_shares_as_packets_do() {
    let packets = play(&scenario(W1), 7);
    let fluid = Scenario {
        engine: Engine::Fluid,
        ..scenario(W1)
    };
    let fluid = play(&fluid, 7);
    for (packets, fluid) in packets.phases.iter().zip(&fluid.phases) {
        for (packets, fluid) in packets.goodput.iter().zip(&fluid.goodput) {
            assert!(
                close(fluid.get() as f64, packets.get() as f64),
                "{packets} {fluid}"
            );
        }
    }
}

#[test]
fn m30_nobody_exceeds_their_maximum_and_committed_rates_hold() {
    let reports = reports(&scenario(THREE));
    assert_eq!(reports.len(), 60);
    for report in &reports {
        for client in &report.clients {
            let cap = client.plan.down.cap().unwrap();
            let asked = client.down.demand.unwrap_or(cap);
            assert!(client.down.allocation <= cap, "{client:?}");
            assert!(
                client.down.allocation >= asked.min(client.plan.down.floor()),
                "{client:?}"
            );
            // A second holds what is left in the bucket of the second before.
            assert!(client.down.used <= cap + cap.portion(1, 20), "{client:?}");
        }
    }
}

#[test]
fn told_half_a_second_late_the_queue_is_drained_as_measured() {
    let outcome = play(&scenario(WEATHER), 7);
    assert!(outcome.converge_drop_ms <= Some(1_500.0), "{outcome:?}");
    assert!(outcome.phases[1].utilisation >= 0.93, "{outcome:?}");
    let reports = reports(&scenario(WEATHER));
    let decisions = reports.iter().flat_map(|report| &report.decisions);
    let drained = decisions
        .filter(|decision| decision.reason == crate::decision::DecisionReason::CapacityFell)
        .count();
    assert_eq!(drained, 1);
}

/// The promise of a crowded link: a committed rate is served first, by the very classes the kernel gets.
#[test]
fn m30_a_committed_rate_holds_against_a_crowd() {
    let mut crowded = scenario(W1);
    let promised =
        r#"{"label":"promised","plan":{"down":{"floor":"4M"}},"sources":[{"kind":"cubic","flows":2}]}"#;
    let crowd = r#"{"label":"crowd","count":15,"sources":[{"kind":"cubic"}]}"#;
    crowded.clients = vec![
        serde_json::from_str(promised).unwrap(),
        serde_json::from_str(crowd).unwrap(),
    ];
    let goodput = &play(&crowded, 7).phases[1].goodput;
    assert!(goodput[0] >= BitsPerSecond::kbit(3_800), "{goodput:?}");
    assert!(
        goodput[1..].iter().all(|rate| *rate < BitsPerSecond::kbit(1_200)),
        "{goodput:?}"
    );
}

#[test]
fn without_a_shaper_below_the_link_the_queue_stands() {
    let fifo = Scenario {
        scheme: Policy::Fifo,
        ..scenario(WEATHER)
    };
    let mut blind = fifo.clone();
    blind.link.capacity = serde_json::from_str(r#"{"rated":"1G"}"#).unwrap();
    let outcome = play(&blind, 7);
    assert!(outcome.converge_drop_ms > Some(5_000.0), "{outcome:?}");
}

#[test]
fn probing_follows_a_near_link_by_itself() {
    let mut probing = scenario(WEATHER);
    probing.link.capacity =
        serde_json::from_str(r#"{"rated":"20M","rtt_ms":40,"source":{"kind":"probe"}}"#).unwrap();
    let outcome = play(&probing, 7);
    assert!(outcome.converge_drop_ms <= Some(2_500.0), "{outcome:?}");
    assert!(outcome.phases[1].utilisation >= 0.88, "{outcome:?}");
    assert!(outcome.phases[2].utilisation >= 0.85, "{outcome:?}");
}

#[test]
fn a_village_is_played_as_water() {
    let small = Scenario {
        seconds: 5,
        ..scenario(VILLAGE)
    };
    let reports = reports(&small);
    let last = reports.last().unwrap();
    assert_eq!(
        (reports.len(), last.signed_in, last.clients.len()),
        (5, 2_000, 2_000)
    );
    assert!(last.active > 100 && last.active <= 1_200, "{}", last.active);
    assert!(last.down.used > BitsPerSecond::mbit(300), "{}", last.down.used);
}

#[test]
fn m31_a_report_reads_back_as_a_live_one_would() {
    for report in reports(&scenario(W1)) {
        let frame = FromGateway::Telemetry(Box::new(report));
        let line = encode(&frame).unwrap();
        assert_eq!(decode::<FromGateway>(&line).unwrap(), frame);
    }
}

#[test]
fn a_listener_may_break_off() {
    let stopped = run(&scenario(W1), 1, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(SimulationError::Stopped)));
}

#[test]
fn every_scenario_that_comes_along_keeps_the_rules() {
    for text in [W1, THREE, WEATHER, VILLAGE] {
        let scenario = scenario(text);
        scenario.check().unwrap();
        assert_eq!(scenario.desired().unwrap().clients().len(), scenario.count());
    }
}

#[test]
fn a_scenario_says_which_rule_it_breaks() {
    let broken = |change: fn(&mut Scenario)| {
        let mut scenario = scenario(W1);
        change(&mut scenario);
        scenario.check().unwrap_err().to_string()
    };
    assert!(broken(|scenario| scenario.seconds = 0).contains("3600 seconds"));
    assert!(broken(|scenario| scenario.report_ms = 75).contains("50 ms"));
    assert!(broken(|scenario| scenario.clients[0].count = 201).contains("200 clients"));
    assert!(broken(|scenario| scenario.phases[0].to_ms = 99_000).contains("P1"));
    assert!(
        broken(|scenario| {
            scenario.clients[0].sources[0].traffic = Traffic::Cubic { flows: 65 };
        })
        .contains("64 flows")
    );
    let text = W1.replace("flows = 8", "flow = 8");
    assert!(
        toml::from_str::<Scenario>(&text)
            .unwrap_err()
            .to_string()
            .contains("flow")
    );
}
