//! What the tests of this crate share: dice that roll the same stream every time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::dice::Dice;
use crate::keys::sha256;

/// A stream of hashed counters: different at every roll, the same in every run.
#[derive(Debug)]
pub(crate) struct CountedDice(AtomicU64);

impl CountedDice {
    pub(crate) const fn from(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }
}

impl Dice for CountedDice {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
