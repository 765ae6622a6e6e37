//! How much the link carries at the moment, and at what rate to run the shaper.
//!
//! Whoever says it (nobody, a schedule, the modem, or delay), one rule acts: run a little below it; when
//! it falls, first run far below it until the queue that grew meanwhile behind the shaper has emptied; and
//! whenever a queue stands there all the same, drain it. A margin alone never empties a queue.
//!
//! Samples come in with their time. An idle link proves nothing, so it never moves an estimate that is
//! inferred.

mod baseline;
mod probe;
mod schedule;
mod watchdog;

use std::time::Duration;

pub use baseline::Baseline;
use probe::{Probe, Verdict};
use watchdog::Watchdog;

use crate::decision::{Action, Decision, DecisionReason};
use crate::link::{Capacity, Side, SourceConfig};
use crate::moment::Moment;
use crate::rate::BitsPerSecond;
use crate::wire::{CapacityReport, SourceKind};

/// What was seen of the link since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Moment,
    /// Round trip above that of the empty link (see [`Baseline`]); `None` when none came back.
    pub added: Option<Duration>,
    /// What arrived.
    pub achieved: BitsPerSecond,
    /// What the modem says the link carries.
    pub told: Option<BitsPerSecond>,
}

/// No news for so long: hold.
const STALE: Duration = Duration::from_secs(10);
/// No news for so long: back to the base rate.
const LOST: Duration = Duration::from_secs(30);
/// Below this the queue counts as empty.
const EMPTY: Duration = Duration::from_millis(12);
/// A drain ends by itself after so long at most.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Cruise,
    Drain { since: Moment, until: Moment },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Fresh,
    Held,
    Lost,
}

/// Follows the capacity of one direction and decides the rate of its shaper.
#[derive(Clone, Debug)]
pub struct Tracker {
    side: Side,
    capacity: Capacity,
    began: Moment,
    estimate: BitsPerSecond,
    target: BitsPerSecond,
    mode: Mode,
    heard: Option<Moment>,
    news: News,
    spike: Option<Moment>,
    probe: Probe,
    watchdog: Watchdog,
}

impl Tracker {
    /// Begins at the base rate; schedules of a simulation begin at `now` too, see [`Self::began`].
    pub fn new(side: Side, capacity: Capacity, now: Moment) -> Self {
        let rtt = Duration::from_millis(capacity.rtt_ms().into());
        let estimate = schedule::rate_at(&capacity, now).unwrap_or(capacity.base());
        Self {
            side,
            began: now,
            estimate,
            target: capacity.cruise(estimate),
            mode: Mode::Cruise,
            heard: None,
            news: News::Fresh,
            spike: None,
            probe: Probe::new(rtt),
            watchdog: Watchdog::new(rtt),
            capacity,
        }
    }

    /// When it began.
    pub const fn began(&self) -> Moment {
        self.began
    }

    /// What the link is believed to carry.
    pub const fn estimate(&self) -> BitsPerSecond {
        self.estimate
    }

    /// What the shaper is to be set to. A dry run only says what it would do.
    pub fn shaped(&self) -> BitsPerSecond {
        if self.capacity.dry_run() {
            return self.capacity.cruise(self.capacity.base());
        }
        self.target
    }

    /// For the report.
    pub fn report(&self, now: Moment) -> CapacityReport {
        let (source, sure) = match self.capacity.source() {
            SourceConfig::Fixed => (SourceKind::Fixed, 100),
            SourceConfig::Schedule { .. } => (SourceKind::Schedule, 90),
            SourceConfig::Telemetry => (SourceKind::Telemetry, 95),
            SourceConfig::Probe => (SourceKind::Probe, 70),
        };
        let age = self.heard.map(|heard| now.since(heard));
        let confidence = match self.news {
            News::Fresh => sure,
            News::Held => sure / 2,
            News::Lost => 10,
        };
        CapacityReport {
            estimate: self.estimate,
            rated: self.capacity.rated(),
            shaped: self.shaped(),
            source,
            confidence,
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// Lets time pass: drains end, schedules move on, silence is noticed.
    pub fn tick(&mut self, now: Moment) -> Vec<Decision> {
        let mut said = Vec::new();
        if let Mode::Drain { until, .. } = self.mode
            && now >= until
        {
            self.end_drain(now, &mut said);
        }
        if let Some(rate) = schedule::rate_at(&self.capacity, now) {
            self.believe(rate, now, None, &mut said);
        }
        self.notice_silence(now, &mut said);
        said
    }

    /// Takes a sample. Samples come in the order of their times.
    pub fn observe(&mut self, sample: Sample) -> Vec<Decision> {
        let mut said = self.tick(sample.at);
        let added = self.credible(sample, &mut said);
        self.hear(sample);
        match self.capacity.source() {
            SourceConfig::Telemetry => {
                if let Some(told) = sample.told {
                    self.believe(told, sample.at, added, &mut said);
                }
            }
            SourceConfig::Probe => self.infer(sample, added, &mut said),
            SourceConfig::Fixed | SourceConfig::Schedule { .. } => {}
        }
        self.watch(sample, added, &mut said);
        said
    }

    fn hear(&mut self, sample: Sample) {
        let heard = match self.capacity.source() {
            SourceConfig::Telemetry => sample.told.is_some(),
            SourceConfig::Probe => sample.added.is_some(),
            SourceConfig::Fixed | SourceConfig::Schedule { .. } => true,
        };
        if heard {
            self.heard = Some(sample.at);
            self.news = News::Fresh;
        }
    }

    /// The delay, unless it is one of those that a change of satellites makes.
    fn credible(&mut self, sample: Sample, said: &mut Vec<Decision>) -> Option<Duration> {
        const SPIKE: Duration = Duration::from_millis(200);
        let added = sample.added?;
        let Some(handover) = self.capacity.handover() else {
            return Some(added);
        };
        let since =
            (sample.at.micros() / 1_000 - i64::from(handover.phase_ms)).rem_euclid(handover.period_ms.into());
        let inside = since < i64::from(handover.width_ms);
        if !inside || added < EMPTY || added >= SPIKE {
            return Some(added);
        }
        let width = Duration::from_millis(handover.width_ms.into());
        if self.spike.is_none_or(|last| sample.at.since(last) > width) {
            said.push(self.decision(sample.at, Action::Ignore, DecisionReason::Handover, self.target));
        }
        self.spike = Some(sample.at);
        None
    }

    /// Somebody says what the link carries.
    fn believe(
        &mut self,
        rate: BitsPerSecond,
        now: Moment,
        added: Option<Duration>,
        said: &mut Vec<Decision>,
    ) {
        let before = self.estimate;
        self.estimate = self.capacity.bounded(rate);
        // Half a percent is noise: it is believed, but not worth a decision.
        if self.estimate.get().abs_diff(before.get()) <= before.get() / 200 {
            self.estimate = before;
        } else if self.estimate < before {
            // Word came late by up to half a second, and senders go on for a round trip: so much more was
            // sent than left.
            let rtt = Duration::from_millis(self.capacity.rtt_ms().into());
            let excess = before.less(self.estimate);
            let late = excess.bytes_in(Duration::from_millis(500) + rtt);
            let half = self.estimate.portion(1, 2);
            let time = half.time_for(late).unwrap_or(LONGEST_DRAIN);
            let time = time.max(added.unwrap_or_default() * 2);
            self.drain(half, time, now, DecisionReason::CapacityFell, said);
        } else if self.mode == Mode::Cruise {
            self.cruise(now, DecisionReason::CapacityRose, said);
        }
    }

    /// Delay and what arrives say what the link carries.
    fn infer(&mut self, sample: Sample, added: Option<Duration>, said: &mut Vec<Decision>) {
        let draining = self.mode != Mode::Cruise;
        match self
            .probe
            .judge(sample, added, self.target, self.estimate, draining)
        {
            Verdict::Wait => {}
            Verdict::Cut { carries, queue } => {
                self.estimate = self.capacity.bounded(carries.min(self.estimate));
                let half = self.estimate.portion(1, 2);
                self.drain(half, queue * 2, sample.at, DecisionReason::Delayed, said);
            }
            Verdict::Grow { to } => {
                let to = self.capacity.bounded(to);
                if to > self.estimate {
                    self.estimate = to;
                    let target = self.capacity.cruise(to);
                    said.push(self.decision(sample.at, Action::Grow, DecisionReason::Headroom, target));
                    self.target = target;
                }
            }
        }
    }

    fn watch(&mut self, sample: Sample, added: Option<Duration>, said: &mut Vec<Decision>) {
        if let (Mode::Drain { since, .. }, Some(added)) = (self.mode, added) {
            let rtt = Duration::from_millis(self.capacity.rtt_ms().into());
            if added < EMPTY && sample.at.since(since) >= rtt {
                self.end_drain(sample.at, said);
            }
            return;
        }
        let busy = sample.achieved >= self.target.portion(3, 10);
        if let Some(queue) = self.watchdog.standing(sample.at, added, busy) {
            // At six tenths, four tenths of the capacity work on the queue.
            let time = queue * 5 / 2;
            let rate = self.estimate.portion(6, 10);
            self.drain(rate, time, sample.at, DecisionReason::StandingQueue, said);
        }
    }

    fn drain(
        &mut self,
        rate: BitsPerSecond,
        time: Duration,
        now: Moment,
        reason: DecisionReason,
        said: &mut Vec<Decision>,
    ) {
        said.push(self.decision(now, Action::Drain, reason, rate));
        self.target = rate;
        self.mode = Mode::Drain {
            since: now,
            until: now + time.min(LONGEST_DRAIN),
        };
    }

    fn end_drain(&mut self, now: Moment, said: &mut Vec<Decision>) {
        self.mode = Mode::Cruise;
        self.watchdog.drained(now);
        self.probe.drained(now);
        self.cruise(now, DecisionReason::Drained, said);
    }

    fn cruise(&mut self, now: Moment, reason: DecisionReason, said: &mut Vec<Decision>) {
        let target = self.capacity.cruise(self.estimate);
        said.push(self.decision(now, Action::Cruise, reason, target));
        self.target = target;
    }

    fn notice_silence(&mut self, now: Moment, said: &mut Vec<Decision>) {
        let depends = matches!(
            self.capacity.source(),
            SourceConfig::Telemetry | SourceConfig::Probe
        );
        let silent = now.since(self.heard.unwrap_or(self.began));
        if depends && self.news == News::Fresh && silent > STALE {
            self.news = News::Held;
            said.push(self.decision(now, Action::Hold, DecisionReason::Stale, self.target));
        }
        if depends && self.news == News::Held && silent > LOST {
            self.news = News::Lost;
            self.estimate = self.capacity.base();
            self.mode = Mode::Cruise;
            let target = self.capacity.cruise(self.estimate);
            said.push(self.decision(now, Action::Base, DecisionReason::Lost, target));
            self.target = target;
        }
    }

    const fn decision(
        &self,
        at: Moment,
        action: Action,
        reason: DecisionReason,
        to: BitsPerSecond,
    ) -> Decision {
        Decision {
            at,
            side: self.side,
            action,
            reason,
            from: self.target,
            to,
            dry_run: self.capacity.dry_run(),
        }
    }
}

#[cfg(test)]
mod tests;
