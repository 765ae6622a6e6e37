use super::*;

const BUSY: BitsPerSecond = BitsPerSecond::mbit(19);

fn tracker(text: &str) -> Tracker {
    let capacity: Capacity = serde_json::from_str(text).unwrap();
    Tracker::new(Side::Down, capacity, Moment::START)
}

fn sample(at_ms: i64, added_ms: u64, achieved: BitsPerSecond) -> Sample {
    Sample {
        at: Moment::from_millis(at_ms),
        added: Some(Duration::from_millis(added_ms)),
        achieved,
        told: None,
    }
}

fn told(at_ms: i64, rate: BitsPerSecond) -> Sample {
    Sample {
        told: Some(rate),
        ..sample(at_ms, 0, BitsPerSecond::ZERO)
    }
}

fn whys(said: &[Decision]) -> Vec<(Action, DecisionReason)> {
    said.iter()
        .map(|decision| (decision.action, decision.reason))
        .collect()
}

/// Samples every 50 ms from `from` to `to`, and everything that was decided.
fn play(tracker: &mut Tracker, from: i64, to: i64, what: impl Fn(i64, &Tracker) -> Sample) -> Vec<Decision> {
    let mut said = Vec::new();
    for at in (from..to).step_by(50) {
        let sample = what(at, tracker);
        said.extend(tracker.observe(sample));
    }
    said
}

#[test]
fn a_fixed_link_runs_at_its_margin_and_decides_nothing_while_it_is_well() {
    let mut link = tracker(r#"{"rated":"20M"}"#);
    assert_eq!(link.shaped(), BUSY);
    assert_eq!(play(&mut link, 0, 60_000, |at, _| sample(at, 10, BUSY)), []);
}

#[test]
fn every_decrease_drains_first_and_ends_at_the_margin() {
    let mut link = tracker(r#"{"rated":"20M","source":{"kind":"telemetry"}}"#);
    let said = link.observe(told(1_000, BitsPerSecond::mbit(8)));
    assert_eq!(whys(&said), [(Action::Drain, DecisionReason::CapacityFell)]);
    assert_eq!(link.shaped(), BitsPerSecond::mbit(4));
    // 12 Mbit/s too many for half a second and a round trip leave at 4 Mbit/s.
    assert_eq!(link.tick(Moment::from_millis(2_619)), []);
    let said = link.tick(Moment::from_millis(2_620));
    assert_eq!(whys(&said), [(Action::Cruise, DecisionReason::Drained)]);
    assert_eq!(link.shaped(), BitsPerSecond::kbit(7_600));
    let said = link.observe(told(3_000, BitsPerSecond::mbit(20)));
    assert_eq!(whys(&said), [(Action::Cruise, DecisionReason::CapacityRose)]);
    assert_eq!(link.shaped(), BUSY);
}

#[test]
fn a_drain_ends_when_the_delay_is_gone() {
    let mut link = tracker(r#"{"rated":"20M","source":{"kind":"telemetry"}}"#);
    link.observe(told(1_000, BitsPerSecond::mbit(8)));
    assert_eq!(link.observe(sample(1_020, 0, BUSY)), []);
    let said = link.observe(sample(1_040, 0, BUSY));
    assert_eq!(whys(&said), [(Action::Cruise, DecisionReason::Drained)]);
}

#[test]
fn nobody_moves_the_estimate_beyond_the_bounds_of_the_operator() {
    let mut link = tracker(r#"{"rated":"20M","lowest":"5M","source":{"kind":"telemetry"}}"#);
    link.observe(told(1_000, BitsPerSecond::ZERO));
    assert_eq!(link.estimate(), BitsPerSecond::mbit(5));
    link.observe(told(9_000, BitsPerSecond::MAX));
    assert_eq!(link.estimate(), BitsPerSecond::mbit(20));
}

#[test]
fn a_standing_queue_is_drained_whoever_says_what_the_link_carries() {
    let mut link = tracker(r#"{"rated":"20M"}"#);
    let said = play(&mut link, 0, 400, |at, _| sample(at, 100, BUSY));
    assert_eq!(whys(&said), [(Action::Drain, DecisionReason::StandingQueue)]);
    assert_eq!(link.shaped(), BitsPerSecond::mbit(12));
    let said = play(&mut link, 400, 1_000, |at, _| sample(at, 0, BUSY));
    assert_eq!(whys(&said), [(Action::Cruise, DecisionReason::Drained)]);
}

#[test]
fn a_path_that_got_longer_is_not_drained_for_ever() {
    let mut link = tracker(r#"{"rated":"20M"}"#);
    let said = play(&mut link, 0, 60_000, |at, _| sample(at, 100, BUSY));
    let drains = said.iter().filter(|decision| decision.action == Action::Drain);
    assert!(drains.count() < 10);
}

#[test]
fn an_idle_link_never_moves_the_estimate() {
    let mut link = tracker(r#"{"rated":"20M","base":"10M","source":{"kind":"probe"}}"#);
    let late = |at, _: &Tracker| sample(at, if at % 100 == 0 { 300 } else { 0 }, BitsPerSecond::kbit(50));
    assert_eq!(play(&mut link, 0, 60_000, late), []);
    assert_eq!(link.estimate(), BitsPerSecond::mbit(10));
}

#[test]
fn delay_on_a_busy_link_cuts_to_what_arrives_and_room_is_tried() {
    let mut link = tracker(r#"{"rated":"20M","source":{"kind":"probe"}}"#);
    let said = play(&mut link, 0, 200, |at, _| sample(at, 150, BitsPerSecond::mbit(8)));
    assert_eq!(whys(&said), [(Action::Drain, DecisionReason::Delayed)]);
    assert_eq!(link.estimate(), BitsPerSecond::mbit(8));
    let full = |at, link: &Tracker| sample(at, 2, link.shaped());
    let said = play(&mut link, 200, 8_000, full);
    assert_eq!(said[0].reason, DecisionReason::Drained);
    let grows = said[1..].iter().all(|decision| decision.action == Action::Grow);
    assert!(
        grows && link.estimate() > BitsPerSecond::mbit(18),
        "{}",
        link.estimate()
    );
}

#[test]
fn a_change_of_satellites_is_not_a_change_of_capacity() {
    let link = r#"{"rated":"20M","source":{"kind":"probe"},"handover":{"period_ms":15000,"width_ms":400}}"#;
    let spikes = |at, _: &Tracker| sample(at, if at % 15_000 < 350 { 140 } else { 1 }, BUSY);
    let mut guarded = tracker(link);
    let said = play(&mut guarded, 0, 60_000, spikes);
    assert_eq!(whys(&said), [(Action::Ignore, DecisionReason::Handover); 4]);
    let mut unguarded = tracker(r#"{"rated":"20M","source":{"kind":"probe"}}"#);
    let said = play(&mut unguarded, 0, 60_000, spikes);
    assert!(said.iter().any(|decision| decision.action == Action::Drain));
}

#[test]
fn silence_holds_and_then_goes_back_to_the_base_rate() {
    let mut link = tracker(r#"{"rated":"20M","base":"6M","source":{"kind":"telemetry"}}"#);
    link.observe(told(0, BitsPerSecond::mbit(12)));
    assert_eq!(link.tick(Moment::from_millis(10_000)), []);
    let said = link.tick(Moment::from_millis(10_001));
    assert_eq!(whys(&said), [(Action::Hold, DecisionReason::Stale)]);
    assert_eq!(link.estimate(), BitsPerSecond::mbit(12));
    assert_eq!(link.report(Moment::from_millis(10_001)).confidence, 47);
    let said = link.tick(Moment::from_millis(30_001));
    assert_eq!(whys(&said), [(Action::Base, DecisionReason::Lost)]);
    assert_eq!(link.estimate(), BitsPerSecond::mbit(6));
    assert_eq!(link.tick(Moment::from_millis(90_000)), []);
}

#[test]
fn a_schedule_is_followed_and_drains_too() {
    let text = r#"{"rated":"20M","source":{"kind":"schedule","repeat_ms":20000,
        "steps":[{"at_ms":0,"rate":"20M"},{"at_ms":5000,"rate":"8M"}]}}"#;
    let mut link = tracker(text);
    assert_eq!(link.tick(Moment::from_millis(4_999)), []);
    let said = link.tick(Moment::from_millis(5_000));
    assert_eq!(whys(&said), [(Action::Drain, DecisionReason::CapacityFell)]);
    link.tick(Moment::from_millis(12_000));
    let said = link.tick(Moment::from_millis(20_000));
    assert_eq!(whys(&said), [(Action::Cruise, DecisionReason::CapacityRose)]);
}

#[test]
fn a_dry_run_says_everything_and_does_nothing() {
    let mut link = tracker(r#"{"rated":"20M","dry_run":true,"source":{"kind":"telemetry"}}"#);
    let said = link.observe(told(1_000, BitsPerSecond::mbit(8)));
    assert!(said[0].dry_run && said[0].to == BitsPerSecond::mbit(4));
    assert_eq!(link.shaped(), BUSY);
}

#[test]
fn a_baseline_follows_a_shorter_path_at_once_and_a_full_queue_hardly() {
    let mut baseline = Baseline::new(Duration::from_millis(600));
    baseline.added(Duration::from_millis(40));
    baseline.added(Duration::from_millis(40));
    let added = baseline.added(Duration::from_millis(140));
    assert!(added > Duration::from_millis(90), "{added:?}");
    for _ in 0..100 {
        baseline.added(Duration::from_millis(140));
    }
    assert!(baseline.added(Duration::from_millis(140)) > Duration::from_millis(80));
}
