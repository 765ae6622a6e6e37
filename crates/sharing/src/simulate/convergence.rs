//! How quickly the division follows when a download begins or ends, and the delay when the link carries
//! less.

use std::time::Duration;

use super::outcome::Round;
use super::scenario::{Scenario, TICK_MS, Traffic};

#[derive(Debug)]
pub(super) struct Convergence {
    end_ms: u64,
    starts: Vec<Watch>,
    stops: Vec<Watch>,
    falls: Vec<Watch>,
}

#[derive(Debug)]
struct Watch {
    client: usize,
    at_ms: u64,
    /// Since when it was good without a break.
    good_since_ms: Option<u64>,
    took_ms: Option<u64>,
}

/// A round is noise, three in a row are not.
const SETTLED_MS: u64 = 3 * TICK_MS as u64;
/// Delay comes back with the next sawtooth, so it must stay away for longer.
const QUIET_MS: u64 = 1_000;
const QUIET: Duration = Duration::from_millis(50);

impl Convergence {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let end_ms = u64::from(scenario.seconds) * 1_000;
        let watch = |client, at_ms| Watch {
            client,
            at_ms,
            good_since_ms: None,
            took_ms: None,
        };
        let (mut starts, mut stops) = (Vec::new(), Vec::new());
        for (client, (.., group)) in scenario.each_client().enumerate() {
            let elastic = |traffic| matches!(traffic, Traffic::Cubic { .. } | Traffic::Bbr { .. });
            for source in group.sources.iter().filter(|source| elastic(source.traffic)) {
                starts.extend((source.from_ms > 0).then(|| watch(client, source.from_ms)));
                let stop = source.to_ms.filter(|to_ms| *to_ms < end_ms);
                stops.extend(stop.map(|to_ms| watch(client, to_ms)));
            }
        }
        let changes = scenario.link.carries.windows(2);
        let falls = changes.filter(|pair| pair[1].rate < pair[0].rate);
        Self {
            end_ms,
            starts,
            stops,
            falls: falls.map(|pair| watch(0, pair[1].at_ms)).collect(),
        }
    }

    pub(super) fn add(&mut self, round: &Round) {
        for watch in &mut self.starts {
            let (got, fair) = (round.got[watch.client], round.fair[watch.client]);
            watch.round(round, SETTLED_MS, got * 100 >= fair * 85);
        }
        let fair = round.fair.iter().sum::<u64>();
        for watch in &mut self.stops {
            watch.round(round, SETTLED_MS, round.used * 100 >= fair * 95);
        }
        let quiet = round.added.is_none_or(|added| added < QUIET);
        for watch in &mut self.falls {
            watch.round(round, QUIET_MS, quiet);
        }
    }

    pub(super) fn start_ms(&self) -> Option<f64> {
        self.slowest(&self.starts)
    }

    pub(super) fn stop_ms(&self) -> Option<f64> {
        self.slowest(&self.stops)
    }

    pub(super) fn drop_ms(&self) -> Option<f64> {
        self.slowest(&self.falls)
    }

    fn slowest(&self, watches: &[Watch]) -> Option<f64> {
        let time = |watch: &Watch| {
            watch
                .took_ms
                .unwrap_or(self.end_ms - watch.at_ms.min(self.end_ms))
        };
        watches.iter().map(time).max().map(|ms| ms as f64)
    }
}

impl Watch {
    fn round(&mut self, round: &Round, lasting_ms: u64, good: bool) {
        if self.took_ms.is_some() || round.from_ms < self.at_ms {
            return;
        }
        if !good {
            self.good_since_ms = None;
            return;
        }
        let since = *self.good_since_ms.get_or_insert(round.from_ms);
        if round.to_ms - since >= lasting_ms {
            self.took_ms = Some(since - self.at_ms);
        }
    }
}
