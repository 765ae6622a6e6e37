//! Percentiles of round trips and pages.

use std::time::{Duration, Instant};

use super::traffic::Trip;

/// The value that so many of a hundred do not exceed, in milliseconds.
pub(crate) fn percentile(values: &[Duration], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.max(1) - 1)
        .map_or(f64::NAN, |value| value.as_secs_f64() * 1e3)
}

/// Round trips that began between two moments.
pub(crate) struct Trips {
    came_back: Vec<Duration>,
    lost: usize,
}

impl Trips {
    pub(crate) fn between(trips: &[Trip], from: Instant, until: Instant) -> Self {
        let within = trips.iter().filter(|(sent, _)| *sent >= from && *sent < until);
        let (came_back, lost): (Vec<_>, Vec<_>) = within.map(|(_, trip)| *trip).partition(Option::is_some);
        Self {
            came_back: came_back.into_iter().flatten().collect(),
            lost: lost.len(),
        }
    }

    /// Milliseconds above what the empty path takes.
    pub(crate) fn added(&self, percent: f64, empty: f64) -> f64 {
        let added = percentile(&self.came_back, percent) - empty;
        // What was not measured must not look like nothing.
        if added < 0.0 { 0.0 } else { added }
    }

    pub(crate) fn median(&self) -> f64 {
        percentile(&self.came_back, 50.0)
    }

    /// Part of a hundred that did not come back.
    pub(crate) fn loss(&self) -> f64 {
        let all = self.lost + self.came_back.len();
        self.lost as f64 * 100.0 / all.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_not_nothing() {
        let begun = Instant::now();
        let lost = Trips::between(&[(begun, None)], begun, begun + Duration::from_secs(1));
        assert!(lost.added(99.0, 1.0).is_nan());
        assert!((lost.loss() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let values: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        let seen = [50.0, 99.0, 100.0].map(|percent| percentile(&values, percent));
        assert_eq!(seen.map(|value| value.round() as u64), [50, 99, 100]);
        assert!(percentile(&[], 50.0).is_nan());
    }
}
