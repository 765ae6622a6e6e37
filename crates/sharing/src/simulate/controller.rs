//! The gateway of a simulation: looks, follows the capacity, plans, takes the steps, reports.

use std::ops::ControlFlow;
use std::time::Duration;

use super::SimulationError;
use super::convergence::Convergence;
use super::engine::{LinkLook, Meter, Player, Setting};
use super::member::{Member, downloads};
use super::outcome::{Digest, Outcome, Round, Tally, p99_ms};
use super::reporter::Reporter;
use super::scenario::{Engine, Scenario, TICK_MS};
use crate::allocate::Claim;
use crate::capacity::{Sample, Tracker};
use crate::decision::Decision;
use crate::layout::{Class, Layout, Now, Seats, SideNow, plan};
use crate::link::Side;
use crate::moment::Moment;
use crate::policy::Policy;
use crate::queue::{MTU_BYTES, stepped_limit_bytes};
use crate::rate::BitsPerSecond;
use crate::steps::diff;
use crate::wire::{Applied, Desired, FromGateway, Hello, encode};

/// Membership is looked at this often; the capacity at every round.
const PLAN_MS: u64 = 500;
/// Beyond this many clients a round takes 250 ms.
const MANY: usize = 2_000;

pub(super) struct Controller<'a> {
    scenario: &'a Scenario,
    seed: u64,
    desired: Option<Desired>,
    seats: Seats,
    layout: Layout,
    tracker: Tracker,
    clients: Vec<Member<'a>>,
    tallies: Vec<Tally>,
    convergence: Convergence,
    reporter: Reporter,
    digest: Digest,
    steps: u64,
}

impl<'a> Controller<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let count = scenario.count();
        let desired = scenario.desired().ok();
        let seats = desired
            .as_ref()
            .map_or_else(Seats::default, |desired| Seats::default().follow(desired));
        let end_ms = u64::from(scenario.seconds) * 1_000;
        let tally = |name: &str, from, to| Tally::new(name.to_owned(), from, to, count);
        let mut tallies: Vec<Tally> = scenario
            .phases
            .iter()
            .map(|phase| tally(&phase.name, phase.from_ms, phase.to_ms))
            .collect();
        if tallies.is_empty() {
            tallies.push(tally("whole", 0, end_ms));
        }
        Self {
            scenario,
            seed,
            desired,
            seats,
            layout: Layout::default(),
            tracker: Tracker::new(Side::Down, scenario.link.capacity.clone(), Moment::START),
            clients: scenario
                .each_client()
                .map(|(.., group)| Member::new(group))
                .collect(),
            tallies,
            convergence: Convergence::new(scenario),
            reporter: Reporter::new(scenario),
            digest: Digest::new(),
            steps: 0,
        }
    }

    pub(super) fn run(
        mut self,
        sink: &mut dyn FnMut(&FromGateway) -> ControlFlow<()>,
    ) -> Result<Outcome, SimulationError> {
        let mut say = |this: &mut Self, frame: FromGateway| {
            this.digest.add(&encode(&frame)?);
            sink(&frame).continue_value().ok_or(SimulationError::Stopped)
        };
        let hello = Hello {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            generation: None,
            scenario: Some(self.scenario.name.clone()),
        };
        say(&mut self, FromGateway::Hello(hello))?;
        let mut setting = self.setting();
        let applied = Applied {
            generation: 1,
            at: Moment::START,
            steps: self.steps,
            took_us: 0,
        };
        say(&mut self, FromGateway::Applied(applied))?;
        let mut player = Player::new(self.scenario, self.seed, &setting);
        let end_ms = u64::from(self.scenario.seconds) * 1_000;
        let many = self.scenario.engine == Engine::Fluid && self.clients.len() > MANY;
        let tick_ms = u64::from(TICK_MS) * if many { 5 } else { 1 };
        let mut meters = vec![Meter::default(); self.clients.len()];
        let mut from_ms = 0;
        while from_ms < end_ms {
            let to_ms = (from_ms + tick_ms).min(end_ms);
            let look = player.play(to_ms, &mut meters);
            let root = setting.root;
            self.count(from_ms, to_ms, root, &mut meters, look);
            let decisions = self.follow(from_ms, to_ms, look);
            let decided = !decisions.is_empty();
            self.reporter.decided(decisions);
            if to_ms / PLAN_MS != from_ms / PLAN_MS {
                self.judge(to_ms);
            }
            if decided || to_ms / PLAN_MS != from_ms / PLAN_MS {
                setting = self.setting();
                player.set(&setting);
            }
            let made = self
                .reporter
                .make(to_ms, &self.clients, &self.tracker, self.steps);
            if let Some(telemetry) = made {
                say(&mut self, FromGateway::Telemetry(Box::new(telemetry)))?;
            }
            from_ms = to_ms;
        }
        Ok(self.finish())
    }

    /// One round into the books: what each got, and what was fair.
    fn count(&mut self, from_ms: u64, to_ms: u64, root: BitsPerSecond, meters: &mut [Meter], look: LinkLook) {
        let span = Duration::from_millis(to_ms - from_ms);
        let carries = self.scenario.carries(from_ms);
        let there = root.min(carries);
        let each = self.clients.iter().zip(meters.iter());
        let claims: Vec<Claim> = each
            .map(|(member, meter)| member.asked(from_ms, meter, span))
            .collect();
        let fair = Policy::Shared.divide(there, &claims);
        let wanted = claims.iter().map(Claim::useful).sum::<BitsPerSecond>();
        let round = Round {
            from_ms,
            to_ms,
            got: meters.iter().map(|meter| meter.bytes).collect(),
            fair: fair.iter().map(|rate| rate.bytes_in(span)).collect(),
            used: look.bytes,
            possible: wanted.min(carries).bytes_in(span),
            added: look.added,
        };
        for tally in &mut self.tallies {
            tally.add(&round);
        }
        self.convergence.add(&round);
        self.reporter.add(meters, &round);
        let measured = self.tallies.iter().any(|tally| tally.covers(&round));
        for (member, meter) in self.clients.iter_mut().zip(meters.iter_mut()) {
            member.add(meter, measured);
            *meter = Meter::default();
        }
    }

    /// What the tracker makes of the round.
    fn follow(&mut self, from_ms: u64, to_ms: u64, look: LinkLook) -> Vec<Decision> {
        let told_at = to_ms.checked_sub(self.scenario.link.told_late_ms.into());
        self.tracker.observe(Sample {
            at: Moment::from_millis(to_ms as i64),
            added: look.added,
            achieved: BitsPerSecond::of(look.bytes, Duration::from_millis(to_ms - from_ms)),
            told: told_at.map(|at| self.scenario.carries(at)),
        })
    }

    /// What each is expected to ask for, and its share of that.
    fn judge(&mut self, now_ms: u64) {
        for member in &mut self.clients {
            member.judge(now_ms, Duration::from_millis(PLAN_MS));
        }
        let claims: Vec<Claim> = self.clients.iter().map(Member::claim).collect();
        let shares = self.scenario.scheme.divide(self.tracker.shaped(), &claims);
        for (member, share) in self.clients.iter_mut().zip(shares) {
            member.share = share;
        }
    }

    /// Plans for the moment, takes the steps there, and reads the shaper's setting off the layout.
    fn setting(&mut self) -> Setting {
        let root = self.tracker.shaped();
        let active = self.clients.iter().filter(|member| member.demand.is_active());
        let active_weight = active.map(|member| member.plan.weight.get()).sum();
        let classes = if let Some(desired) = &self.desired {
            let now = Now {
                down: Some(SideNow {
                    shaped: root,
                    estimate: self.tracker.estimate(),
                    active_weight,
                }),
                up: None,
            };
            let wanted = plan(desired, &self.seats, now);
            for step in diff(&self.layout, &wanted) {
                // The layout is only ever changed by these steps, so each can be taken.
                if self.layout.take(step).is_ok() {
                    self.steps += 1;
                }
            }
            let tree = self.layout.down.as_ref();
            let class = |(_, slot)| tree.and_then(|tree| tree.classes.get(&slot)).copied();
            self.seats.taken().filter_map(class).collect()
        } else {
            self.clients
                .iter()
                .map(|member| self.bare_class(member, active_weight))
                .collect()
        };
        let classes = self.split(classes, root);
        for (member, class) in self.clients.iter_mut().zip(&classes) {
            member.limit_bytes = class.limit_bytes;
        }
        Setting { root, classes }
    }

    /// A class for one of more clients than a gateway serves.
    fn bare_class(&self, member: &Member, active_weight: u64) -> Class {
        let capacity = &self.scenario.link.capacity;
        let rtt = Duration::from_millis(capacity.rtt_ms().into());
        let weight = member.plan.weight.get();
        Class {
            rate: BitsPerSecond::ZERO,
            ceil: member.plan.down.capped(capacity.rated()),
            quantum_bytes: (MTU_BYTES * weight) as u32,
            prio: 0,
            limit_bytes: stepped_limit_bytes(capacity.rated(), weight, active_weight, rtt),
        }
    }

    /// With fixed parts nobody borrows.
    fn split(&self, mut classes: Vec<Class>, root: BitsPerSecond) -> Vec<Class> {
        if self.scenario.scheme == Policy::Static {
            let weights = self.clients.iter().map(|member| member.plan.weight.get()).sum();
            for (class, member) in classes.iter_mut().zip(&self.clients) {
                let part = root.portion(member.plan.weight.get(), weights);
                class.ceil = class.ceil.min(part);
                class.rate = class.ceil;
            }
        }
        classes
    }

    fn finish(self) -> Outcome {
        let delays = |who: fn(&Member) -> bool| {
            let those = self.clients.iter().filter(|member| who(member));
            p99_ms(
                those
                    .flat_map(|member| member.delays_us.iter().copied())
                    .collect(),
            )
        };
        Outcome {
            scenario: self.scenario.name.as_str().to_owned(),
            seed: self.seed,
            digest: self.digest.text(),
            reports: self.reporter.made(),
            steps: self.steps,
            idle_p99_ms: delays(|member| member.sources.is_empty()),
            own_p99_ms: delays(|member| downloads(member.sources)),
            converge_start_ms: self.convergence.start_ms(),
            converge_stop_ms: self.convergence.stop_ms(),
            converge_drop_ms: self.convergence.drop_ms(),
            phases: self.tallies.iter().map(Tally::finish).collect(),
        }
    }
}
