//! Chance for load and faults: a stream of numbers that a seed repeats.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// A xorshift stream. Good enough to choose moments; never for secrets.
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A seed nobody chose.
    pub(crate) fn any_seed() -> u64 {
        RandomState::new().build_hasher().finish()
    }

    /// A duration from the range, to the millisecond.
    pub(crate) fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let span = u64::try_from((longest.saturating_sub(shortest)).as_millis()).unwrap_or(u64::MAX);
        shortest + Duration::from_millis(self.next() % span.saturating_add(1).max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_stream_within_the_range() {
        let (shortest, longest) = (Duration::from_millis(100), Duration::from_millis(900));
        let draw = |seed| {
            let mut chance = Chance::of(seed);
            [(); 50].map(|()| chance.between(shortest, longest))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(9));
        assert!(draw(7).iter().all(|moment| (shortest..=longest).contains(moment)));
    }
}
