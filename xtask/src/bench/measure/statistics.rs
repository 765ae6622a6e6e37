//! Medians and percentiles.

use std::time::Duration;

/// The middle of the values.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The duration that this percentage of all durations does not exceed, in milliseconds.
pub(super) fn percentile(durations: &[Duration], percent: usize) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted
        .get(rank - 1)
        .map_or(f64::NAN, |duration| milliseconds(*duration))
}

/// As people write it.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        let found = [50, 99, 100].map(|percent| percentile(&hundred, percent).to_string());
        assert_eq!(found, ["50", "99", "100"]);
        assert!(percentile(&[], 99).is_nan());
    }

    #[test]
    fn a_median_does_not_care_for_one_wild_value() {
        assert_eq!(median(&[110.0, 3.0, 115.0]).to_string(), "110");
    }
}
