//! Reports of a simulation: the same records a live gateway sends.

use std::time::Duration;

use super::engine::Meter;
use super::member::Member;
use super::outcome::Round;
use super::scenario::Scenario;
use crate::capacity::Tracker;
use crate::decision::Decision;
use crate::experience::scores;
use crate::fairness::{Circumstances, Got, fairness, reason};
use crate::id::{ClientId, Label};
use crate::moment::Moment;
use crate::rate::BitsPerSecond;
use crate::wire::{ClientReport, Health, Latency, MAX_CLIENTS, SideReport, Telemetry, Tier, Use};

pub(super) struct Reporter {
    scenario: Label,
    every_ms: u64,
    last_ms: u64,
    names: Vec<(ClientId, Label)>,
    rows: Vec<Row>,
    used_bytes: u64,
    decisions: Vec<Decision>,
    steps: u64,
    made: u64,
}

/// What adds up for a client between reports.
#[derive(Clone, Debug, Default)]
struct Row {
    meter: Meter,
    fair_bytes: u64,
}

impl Reporter {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let names: Vec<_> = scenario.each_client().map(|(id, label, _)| (id, label)).collect();
        Self {
            scenario: scenario.name.clone(),
            every_ms: scenario.report_ms.into(),
            last_ms: 0,
            rows: vec![Row::default(); names.len()],
            names,
            used_bytes: 0,
            decisions: Vec::new(),
            steps: 0,
            made: 0,
        }
    }

    pub(super) const fn made(&self) -> u64 {
        self.made
    }

    pub(super) fn decided(&mut self, decisions: Vec<Decision>) {
        self.decisions.extend(decisions);
    }

    pub(super) fn add(&mut self, meters: &[Meter], round: &Round) {
        self.used_bytes += round.used;
        for ((row, meter), fair) in self.rows.iter_mut().zip(meters).zip(&round.fair) {
            row.fair_bytes += fair;
            row.meter.bytes += meter.bytes;
            row.meter.drops += meter.drops;
            row.meter.added_us.extend(&meter.added_us);
        }
    }

    /// A report, when it is time.
    pub(super) fn make(
        &mut self,
        now_ms: u64,
        members: &[Member],
        tracker: &Tracker,
        steps: u64,
    ) -> Option<Telemetry> {
        if now_ms < self.last_ms + self.every_ms {
            return None;
        }
        let span = Duration::from_millis(now_ms - self.last_ms);
        let at = Moment::from_millis(now_ms as i64);
        let capacity = tracker.report(at);
        let rows = std::mem::replace(&mut self.rows, vec![Row::default(); members.len()]);
        let all: Vec<u32> = rows
            .iter()
            .flat_map(|row| row.meter.added_us.iter().copied())
            .collect();
        let got = rows.iter().zip(&self.names).map(|(row, (id, _))| Got {
            id: *id,
            used: BitsPerSecond::of(row.meter.bytes, span),
            fair: BitsPerSecond::of(row.fair_bytes, span),
        });
        let fairness = fairness(got);
        let now = |active| Circumstances {
            estimate: capacity.estimate,
            rated: capacity.rated,
            demoted: false,
            active,
        };
        let drops = rows.iter().map(|row| row.meter.drops).sum();
        let each = members.iter().zip(rows).zip(&self.names);
        let mut clients: Vec<ClientReport> = each
            .map(|((member, row), name)| client(member, row, name, span, now(member.demand.is_active())))
            .collect();
        let active = members.iter().filter(|member| member.demand.is_active()).count();
        clients.sort_by_key(|client| client.reason == crate::wire::Reason::Idle);
        clients.truncate(MAX_CLIENTS);
        let telemetry = Telemetry {
            at,
            span_ms: u32::try_from(span.as_millis()).unwrap_or(u32::MAX),
            generation: 1,
            tier: Tier::Fifo,
            scenario: Some(self.scenario.clone()),
            down: SideReport {
                capacity,
                used: BitsPerSecond::of(self.used_bytes, span),
                trickle_used: BitsPerSecond::ZERO,
                allocated: members.iter().map(|member| member.share).sum(),
                drops,
                latency: Latency::of(all),
                fairness,
            },
            up: None,
            signed_in: members.len() as u32,
            active: active as u32,
            clients,
            decisions: std::mem::take(&mut self.decisions),
            health: Health {
                steps: steps - self.steps,
                ..Health::default()
            },
        };
        (self.last_ms, self.used_bytes, self.steps) = (now_ms, 0, steps);
        self.made += 1;
        Some(telemetry)
    }
}

fn client(
    member: &Member,
    row: Row,
    (id, label): &(ClientId, Label),
    span: Duration,
    now: Circumstances,
) -> ClientReport {
    let claim = member.claim();
    let latency = Latency::of(row.meter.added_us);
    let packets = row.meter.bytes / 1_514 + row.meter.drops;
    let loss = row
        .meter
        .drops
        .saturating_mul(1_000)
        .checked_div(packets)
        .unwrap_or(0);
    ClientReport {
        id: *id,
        label: label.clone(),
        plan: member.plan,
        demoted: false,
        down: Use {
            demand: member.demand.known(),
            allocation: member.share,
            used: BitsPerSecond::of(row.meter.bytes, span),
            drops: row.meter.drops,
            queue_limit_bytes: member.limit_bytes,
        },
        up: None,
        latency,
        scores: latency.map(|latency| scores(latency, u32::try_from(loss).unwrap_or(u32::MAX))),
        reason: reason(&claim, member.plan.down.cap(), member.share, now),
    }
}
