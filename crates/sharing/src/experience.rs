//! What delay and loss mean to people. Always on *added* delay, on top of the empty link's: otherwise
//! everything behind a geostationary satellite would score nothing.

use crate::wire::{Latency, Scores};

impl Latency {
    /// The percentiles of some samples in microseconds, by nearest rank; `None` of none.
    pub fn of(mut samples: Vec<u32>) -> Option<Self> {
        samples.sort_unstable();
        let last = samples.len().checked_sub(1)?;
        let at = |percent: usize| {
            samples[(samples.len() * percent)
                .div_ceil(100)
                .saturating_sub(1)
                .min(last)]
        };
        Some(Self {
            p50_us: at(50),
            p90_us: at(90),
            p95_us: at(95),
            p99_us: at(99),
        })
    }
}

/// Quality of outcome (IETF draft-ietf-ippm-qoo): the worst requirement decides, and each falls in a
/// straight line from perfect to useless. Requirements for pages and calls are those in use with other
/// shapers; a film has seconds of buffer, so it minds delay less and loss more.
pub fn scores(latency: Latency, loss_permille: u32) -> Scores {
    let score = |delay_us, good_ms: u32, bad_ms: u32, good_loss, bad_loss| {
        let delay = outcome(delay_us, good_ms * 1_000, bad_ms * 1_000);
        // Loss in steps of a thousandth is coarse, but so is one dropped packet among a second's.
        delay.min(outcome(loss_permille, good_loss, bad_loss))
    };
    Scores {
        web: score(latency.p90_us, 50, 150, 1, 50),
        call: score(latency.p95_us, 50, 100, 1, 20),
        video: score(latency.p95_us, 100, 500, 1, 30),
    }
}

/// 100 up to `good`, 0 from `bad` on, straight in between.
fn outcome(measured: u32, good: u32, bad: u32) -> u8 {
    let above = measured.clamp(good, bad) - good;
    let lost = (u64::from(above) * 100).div_ceil(u64::from(bad - good).max(1));
    100 - u8::try_from(lost).unwrap_or(100).min(100)
}

/// How a call sounds, as the rating factor R of ITU-T G.107 in its short form: 93.2 is perfect, below 60
/// nobody is content. Mouth to ear, in milliseconds, with loss in percent.
pub fn call_rating(latency_ms: f64, jitter_ms: f64, loss_percent: f64) -> f64 {
    let delay = latency_ms + 2.0 * jitter_ms + 10.0;
    let from_delay = if delay < 160.0 {
        delay / 40.0
    } else {
        (delay - 120.0) / 10.0
    };
    (93.2 - from_delay - 2.5 * loss_percent).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(us: u32) -> Latency {
        Latency::of(vec![us]).unwrap()
    }

    #[test]
    fn scores_fall_in_a_straight_line_from_perfect_to_useless() {
        let score = |us| scores(flat(us), 0);
        assert_eq!(score(50_000).web, 100);
        assert_eq!(score(100_000).web, 50);
        assert_eq!(score(150_000).web, 0);
        assert_eq!(score(75_000).call, 50);
        assert_eq!(
            score(u32::MAX),
            Scores {
                web: 0,
                call: 0,
                video: 0
            }
        );
        assert_eq!(
            scores(flat(0), 1_000),
            Scores {
                web: 0,
                call: 0,
                video: 0
            }
        );
    }

    #[test]
    fn percentiles_are_of_samples_that_were_seen() {
        assert_eq!(Latency::of(vec![]), None);
        let latency = Latency::of((1..=100).rev().collect()).unwrap();
        assert_eq!(
            (latency.p50_us, latency.p90_us, latency.p95_us, latency.p99_us),
            (50, 90, 95, 99)
        );
    }

    #[test]
    fn a_call_rates_as_the_short_formula_says() {
        for (latency, jitter, loss, rating) in [
            (30.0, 0.0, 0.0, 92.2),
            (130.0, 10.0, 0.0, 89.2),
            (0.0, 0.0, 4.0, 82.95),
        ] {
            assert!(
                (call_rating(latency, jitter, loss) - rating).abs() < 1e-9,
                "{latency} {jitter} {loss}"
            );
        }
    }
}
