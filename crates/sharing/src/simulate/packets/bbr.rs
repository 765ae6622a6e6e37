//! A sender that paces itself by the rate at which its packets arrive and the shortest round trip it saw
//! (the idea of BBR, without its finer points).

use std::collections::VecDeque;

use super::event::Nanos;

#[derive(Debug)]
pub(super) struct Bbr {
    /// Bytes delivered so far.
    delivered: u64,
    /// Best rate of each of the last round trips, bytes per second.
    rates: VecDeque<f64>,
    round_ends_at: u64,
    least_rtt: Nanos,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Doubling until three rounds in a row bring no quarter more.
    Startup { best: f64, rounds: u8 },
    /// Until what startup left in the queue is gone.
    Drain,
    /// A quarter more, a quarter less, then level.
    Cruise { step: usize, since: Nanos },
}

const ROUNDS: usize = 10;
const STARTUP: f64 = 2.885;
const CYCLE: [f64; 8] = [1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
const FIRST_RATE: f64 = 150_000.0;

impl Bbr {
    pub(super) const fn new() -> Self {
        Self {
            delivered: 0,
            rates: VecDeque::new(),
            round_ends_at: 0,
            least_rtt: Nanos::MAX,
            phase: Phase::Startup { best: 0.0, rounds: 0 },
        }
    }

    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    fn best(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }

    /// Bytes on their way when the path is just full.
    fn full_path(&self) -> f64 {
        if self.least_rtt == Nanos::MAX {
            return 15_000.0;
        }
        self.best() * self.least_rtt as f64 / 1e9
    }

    /// Bytes per second.
    pub(super) fn pace(&self) -> f64 {
        let gain = match self.phase {
            Phase::Startup { .. } => STARTUP,
            Phase::Drain => 1.0 / STARTUP,
            Phase::Cruise { step, .. } => CYCLE[step],
        };
        (self.best() * gain)
            .max(FIRST_RATE / 10.0)
            .max(if self.rates.is_empty() { FIRST_RATE } else { 0.0 })
    }

    /// How many bytes may be on their way.
    pub(super) fn window_bytes(&self) -> u64 {
        let gain = if matches!(self.phase, Phase::Startup { .. }) {
            STARTUP
        } else {
            2.0
        };
        (self.full_path() * gain).max(4.0 * 1_514.0) as u64
    }

    pub(super) fn acked(&mut self, now: Nanos, sent: Nanos, delivered_then: u64, bytes: u32, on_way: u64) {
        self.delivered += u64::from(bytes);
        let rtt = (now - sent).max(1);
        self.least_rtt = self.least_rtt.min(rtt);
        let rate = (self.delivered - delivered_then) as f64 * 1e9 / rtt as f64;
        let new_round = delivered_then >= self.round_ends_at;
        if new_round {
            self.round_ends_at = self.delivered;
            self.rates.push_back(rate);
            if self.rates.len() > ROUNDS {
                self.rates.pop_front();
            }
        } else if let Some(last) = self.rates.back_mut() {
            *last = last.max(rate);
        }
        self.advance(now, new_round, on_way);
    }

    fn advance(&mut self, now: Nanos, new_round: bool, on_way: u64) {
        let full_path = self.full_path();
        match &mut self.phase {
            Phase::Startup { best, rounds } if new_round => {
                let rate = self.rates.iter().copied().fold(0.0, f64::max);
                if rate > *best * 1.25 {
                    (*best, *rounds) = (rate, 0);
                } else {
                    *rounds += 1;
                }
                if *rounds >= 3 {
                    self.phase = Phase::Drain;
                }
            }
            Phase::Drain if on_way as f64 <= full_path => {
                self.phase = Phase::Cruise { step: 2, since: now };
            }
            Phase::Cruise { step, since } if now - *since > self.least_rtt => {
                (*step, *since) = ((*step + 1) % CYCLE.len(), now);
            }
            Phase::Startup { .. } | Phase::Drain | Phase::Cruise { .. } => {}
        }
    }
}
