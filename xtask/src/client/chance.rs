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

    /// The stream of one of many numbered things, whoever comes to it first.
    pub(crate) fn numbered(seed: u64, number: u64) -> Self {
        let mut stream = Self::of(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Neighbouring seeds begin alike.
        for _ in 0..8 {
            stream.next();
        }
        stream
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end.max(1)
    }

    /// A byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[2]
    }

    /// One of them; there must be one.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
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
