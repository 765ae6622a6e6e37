//! The round trip of the empty link, learnt from round trips of the busy one.

use std::time::Duration;

/// Follows the smallest round trips: down at once, up so slowly that a full queue of half an hour is not
/// mistaken for a longer path.
#[derive(Clone, Copy, Debug)]
pub struct Baseline {
    micros: f64,
}

const DOWN: f64 = 0.9;
const UP: f64 = 0.001;

impl Baseline {
    /// Begins with what the operator says.
    pub const fn new(rtt: Duration) -> Self {
        Self {
            micros: rtt.as_micros() as f64,
        }
    }

    /// Takes a round trip and says how much of it the empty link would not have needed.
    pub fn added(&mut self, rtt: Duration) -> Duration {
        let micros = rtt.as_micros() as f64;
        let gain = if micros < self.micros { DOWN } else { UP };
        self.micros += gain * (micros - self.micros);
        Duration::from_micros((micros - self.micros).max(0.0) as u64)
    }
}
