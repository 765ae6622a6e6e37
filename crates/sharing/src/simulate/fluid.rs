//! As flows of water: no packets, but rates that rise and fall, queues that fill, and the very same
//! division. Coarse within a round trip, right over seconds, and quick enough for a hundred thousand.

use std::time::Duration;

use super::engine::{LinkLook, Meter, Setting};
use super::scenario::{Scenario, Source, Traffic};
use crate::allocate::Claim;
use crate::demand::Demand;
use crate::dice::SeededDice;
use crate::plan::Band;
use crate::rate::BitsPerSecond;

#[derive(Debug)]
pub(super) struct Fluid<'a> {
    scenario: &'a Scenario,
    setting: Setting,
    now_ms: u64,
    rtt_ms: u64,
    modem_bytes: u64,
    streams: Vec<Stream<'a>>,
}

/// Everything one client does, as one rate.
#[derive(Debug)]
struct Stream<'a> {
    band: Band,
    weight: crate::plan::Weight,
    sources: &'a [Source],
    works: Vec<Work>,
    queue_bytes: u64,
    dice: SeededDice,
}

/// What one source is at.
#[derive(Clone, Copy, Debug)]
struct Work {
    /// What it sends at the moment, bit/s, if it can.
    rate: u64,
    /// Bytes of the page or segment that have not arrived yet.
    left: u64,
    /// When the next page or segment begins.
    resumes_ms: u64,
}

const FIRST_BYTES: u64 = 15_140;
const PACKET_BITS: u64 = 1_514 * 8;

impl<'a> Fluid<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64, setting: &Setting) -> Self {
        let rtt_ms = u64::from(scenario.link.capacity.rtt_ms());
        let stream = |(number, (_, _, group)): (u64, (_, _, &'a super::scenario::Group))| {
            let mut dice = SeededDice::child(seed, number);
            let work = |source: &Source| Work {
                rate: FIRST_BYTES * 8_000 / rtt_ms,
                left: 0,
                resumes_ms: source.from_ms + dice.below(pause_ms(source.traffic)),
            };
            Stream {
                band: group.plan.down,
                weight: group.plan.weight,
                sources: &group.sources,
                works: group.sources.iter().map(work).collect(),
                queue_bytes: 0,
                dice,
            }
        };
        Self {
            scenario,
            setting: setting.clone(),
            now_ms: 0,
            rtt_ms,
            modem_bytes: 0,
            streams: (0..).zip(scenario.each_client()).map(stream).collect(),
        }
    }

    pub(super) fn set(&mut self, setting: &Setting) {
        self.setting.clone_from(setting);
    }

    pub(super) fn play(&mut self, ms: u64, meters: &mut [Meter]) -> LinkLook {
        let span_ms = ms.saturating_sub(self.now_ms).max(1);
        let span = Duration::from_millis(span_ms);
        let carries = self.scenario.carries(self.now_ms);
        let sent: Vec<u64> = self
            .streams
            .iter_mut()
            .map(|stream| stream.send(self.now_ms, span))
            .collect();
        let (passed, waits) = self.pass_modem(&sent, carries, span);
        let claims: Vec<Claim> = self.claims(&passed, span);
        let shares = self.scenario.scheme.divide(self.setting.root, &claims);
        let full = self.is_modem_full();
        let mut look = LinkLook {
            bytes: 0,
            added: Some(waits),
        };
        let each = self.streams.iter_mut().zip(meters).zip(&shares).enumerate();
        for (place, ((stream, meter), share)) in each {
            let limit = self.setting.classes[place].limit_bytes;
            let flow = stream.receive(passed[place], share.bytes_in(span), limit);
            let lost = sent[place].saturating_sub(passed[place]) > 0 && full;
            stream.react(
                self.now_ms,
                self.rtt_ms,
                span_ms,
                flow.got,
                flow.dropped > 0 || lost,
            );
            meter.bytes += flow.got;
            meter.drops += flow.dropped.div_ceil(1_514);
            meter.backlog_bytes = stream.queue_bytes;
            if flow.got > 0 || stream.queue_bytes == 0 {
                let own = share.time_for(stream.queue_bytes).unwrap_or_default();
                let added = (own + waits).as_micros();
                meter.added_us.push(u32::try_from(added).unwrap_or(u32::MAX));
            }
            look.bytes += flow.got;
        }
        self.now_ms = ms;
        look
    }

    /// What comes through the modem of what was sent, and how long it waits there.
    fn pass_modem(&mut self, sent: &[u64], carries: BitsPerSecond, span: Duration) -> (Vec<u64>, Duration) {
        let spike = Duration::from_millis(self.scenario.spike_ms(self.now_ms).into());
        let Some(most) = self.scenario.link.modem_bytes else {
            return (sent.to_vec(), spike);
        };
        let arriving = sent.iter().sum::<u64>();
        let there = arriving + self.modem_bytes;
        let through = carries.bytes_in(span).min(there);
        self.modem_bytes = (there - through).min(most);
        let part = |bytes: &u64| {
            let product = u128::from(*bytes) * u128::from(through);
            product.checked_div(u128::from(arriving)).unwrap_or(0) as u64
        };
        let waits = carries.time_for(self.modem_bytes).unwrap_or_default();
        (sent.iter().map(part).collect(), waits + spike)
    }

    fn is_modem_full(&self) -> bool {
        self.scenario.link.modem_bytes == Some(self.modem_bytes)
    }

    fn claims(&self, passed: &[u64], span: Duration) -> Vec<Claim> {
        let each = self.streams.iter().zip(passed);
        each.map(|(stream, bytes)| {
            let asked = BitsPerSecond::of(bytes + stream.queue_bytes, span);
            Claim::new(stream.weight, stream.band, Demand::Known(asked))
        })
        .collect()
    }
}

/// What became of what came.
#[derive(Clone, Copy, Debug)]
struct Received {
    got: u64,
    dropped: u64,
}

impl Stream<'_> {
    /// Bytes sent in this span.
    fn send(&mut self, now_ms: u64, span: Duration) -> u64 {
        let mut bytes = 0_u64;
        for (source, work) in self.sources.iter().zip(&mut self.works) {
            let on = source.from_ms <= now_ms && source.to_ms.is_none_or(|to| now_ms < to);
            if !on {
                continue;
            }
            let at = |rate: u64| BitsPerSecond::saturating(rate).bytes_in(span);
            bytes = bytes.saturating_add(match source.traffic {
                Traffic::Cbr { rate } => rate.bytes_in(span),
                Traffic::Cubic { flows } | Traffic::Bbr { flows } => {
                    at(work.rate).saturating_mul(flows.into())
                }
                Traffic::Web { page_bytes, .. } => {
                    work.begin(now_ms, || self.dice.around(page_bytes));
                    at(work.rate).min(work.left)
                }
                Traffic::Dash { best, segment_ms } => {
                    let segment = best.bytes_in(Duration::from_millis(segment_ms));
                    work.begin(now_ms, || segment);
                    at(work.rate).min(work.left)
                }
            });
        }
        bytes
    }

    fn receive(&mut self, came: u64, share: u64, limit: u64) -> Received {
        let there = self.queue_bytes + came;
        let got = there.min(share);
        let kept = (there - got).min(limit);
        self.queue_bytes = kept;
        Received {
            got,
            dropped: there - got - kept,
        }
    }

    /// Senders that lost something take three tenths off, others go on: doubling in a round trip as long
    /// as nothing waits, a packet more in each otherwise.
    fn react(&mut self, now_ms: u64, rtt_ms: u64, span_ms: u64, got: u64, lost: bool) {
        let waits = self.queue_bytes > 0;
        let count = self.works.len().max(1) as u64;
        for (source, work) in self.sources.iter().zip(&mut self.works) {
            let flows = match source.traffic {
                Traffic::Cubic { flows } | Traffic::Bbr { flows } => u64::from(flows),
                Traffic::Web { .. } | Traffic::Dash { .. } => 1,
                Traffic::Cbr { .. } => continue,
            };
            work.left = work.left.saturating_sub(got / count);
            if work.left == 0 && work.resumes_ms == u64::MAX {
                let pause = pause_ms(source.traffic);
                work.resumes_ms = now_ms + self.dice.around(pause);
            }
            let arrived = got * 8_000 / span_ms / flows;
            if lost {
                // Not more than a cut in a round trip, whatever the span.
                let cut = 3 * span_ms.min(rtt_ms) / rtt_ms.max(1);
                let kept = work.rate.min(arrived + arrived / 4) * (10 - cut.min(3)) / 10;
                work.rate = kept.max(PACKET_BITS * 1_000 / rtt_ms);
            } else if waits {
                work.rate += PACKET_BITS * 1_000 / rtt_ms * span_ms / rtt_ms.max(1);
            } else {
                work.rate += work.rate * span_ms.min(2 * rtt_ms) / rtt_ms;
            }
            work.rate = work.rate.min(BitsPerSecond::MAX.get());
        }
    }
}

/// How long a page is read, or a segment played, give or take.
const fn pause_ms(traffic: Traffic) -> u64 {
    match traffic {
        Traffic::Web { think_ms, .. } => think_ms,
        Traffic::Dash { segment_ms, .. } => segment_ms,
        Traffic::Cubic { .. } | Traffic::Bbr { .. } | Traffic::Cbr { .. } => 0,
    }
}

impl Work {
    /// Starts the next page or segment when it is time.
    fn begin(&mut self, now_ms: u64, size: impl FnOnce() -> u64) {
        if self.left == 0 && now_ms >= self.resumes_ms {
            self.left = size();
            // Until it is through, nobody knows when the next begins.
            self.resumes_ms = u64::MAX;
        }
    }
}
