//! A sender that grows its window along a cubic curve and takes three tenths off when packets are lost
//! (after RFC 9438, without its finer points).

use super::event::Nanos;

#[derive(Debug)]
pub(super) struct Cubic {
    window: f64,
    threshold: f64,
    before_loss: f64,
    since_loss: Option<Nanos>,
    least_rtt: Nanos,
    recovering_until: Nanos,
    round: Round,
}

/// The first packets of a round trip show whether a queue stands; later ones wait behind their own burst.
#[derive(Debug)]
struct Round {
    left: u64,
    seen: u8,
    least_rtt: Nanos,
}

const FIRST_OF_ROUND: u8 = 8;

const FIRST_WINDOW: f64 = 10.0;
const LARGEST_WINDOW: f64 = 20_000.0;
const KEPT: f64 = 0.7;
const STEEPNESS: f64 = 0.4;

impl Cubic {
    pub(super) const fn new() -> Self {
        Self {
            window: FIRST_WINDOW,
            threshold: LARGEST_WINDOW,
            before_loss: 0.0,
            since_loss: None,
            least_rtt: Nanos::MAX,
            recovering_until: 0,
            round: Round {
                left: 0,
                seen: 0,
                least_rtt: Nanos::MAX,
            },
        }
    }

    /// How many packets may be on their way.
    pub(super) const fn window(&self) -> u64 {
        self.window as u64
    }

    pub(super) fn acked(&mut self, now: Nanos, rtt: Nanos) {
        self.least_rtt = self.least_rtt.min(rtt);
        // Delay shows before loss does: leave the doubling then.
        if self.is_late(rtt) && self.window < self.threshold {
            self.threshold = self.window;
        }
        let growth = if self.window < self.threshold {
            1.0
        } else {
            self.towards_curve(now, rtt)
        };
        self.window = (self.window + growth).min(LARGEST_WINDOW);
    }

    fn is_late(&mut self, rtt: Nanos) -> bool {
        const LEAST: Nanos = 4_000_000;
        const MOST: Nanos = 16_000_000;
        let round = &mut self.round;
        if round.left == 0 {
            *round = Round {
                left: self.window as u64,
                seen: 0,
                least_rtt: Nanos::MAX,
            };
        }
        round.left = round.left.saturating_sub(1);
        round.seen = round.seen.saturating_add(1);
        round.least_rtt = round.least_rtt.min(rtt);
        let allowed = (self.least_rtt / 8).clamp(LEAST, MOST);
        round.seen == FIRST_OF_ROUND && round.least_rtt > self.least_rtt + allowed
    }

    fn towards_curve(&mut self, now: Nanos, rtt: Nanos) -> f64 {
        let top = self.before_loss.max(self.window);
        let since = *self.since_loss.get_or_insert_with(|| {
            self.before_loss = top;
            now
        });
        let seconds = (now - since + rtt) as f64 / 1e9;
        let turn = cube_root(self.before_loss * (1.0 - KEPT) / STEEPNESS);
        let from_turn = seconds - turn;
        let curve = STEEPNESS * from_turn * from_turn * from_turn + self.before_loss;
        // As fast as the plain old rule at least.
        let plain = self.before_loss * KEPT + 0.53 * seconds / (rtt.max(1) as f64 / 1e9);
        let target = curve.max(plain).min(self.window * 1.5);
        ((target - self.window) / self.window).max(0.01 / self.window)
    }

    pub(super) fn lost(&mut self, now: Nanos, rtt: Nanos) {
        if now < self.recovering_until {
            return;
        }
        self.recovering_until = now + rtt;
        self.before_loss = self.window;
        self.window = (self.window * KEPT).max(2.0);
        self.threshold = self.window;
        self.since_loss = Some(now);
    }
}

/// By Newton's rule: the library's differs from machine to machine in the last digit.
fn cube_root(value: f64) -> f64 {
    let mut root = value.max(1.0);
    for _ in 0..64 {
        root = (2.0 * root + value / (root * root)) / 3.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cube_roots() {
        for root in [0.5, 1.0, 3.0, 27.0] {
            assert!((cube_root(root * root * root) - root).abs() < 1e-9);
        }
    }

    #[test]
    fn a_loss_takes_three_tenths_once_in_a_round_trip() {
        let mut cubic = Cubic::new();
        for now in 0..90 {
            cubic.acked(now, 1_000_000);
        }
        assert_eq!(cubic.window(), 100);
        cubic.lost(100, 1_000_000);
        cubic.lost(200, 1_000_000);
        assert_eq!(cubic.window(), 70);
    }
}
