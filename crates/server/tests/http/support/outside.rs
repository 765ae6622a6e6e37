//! Time and chance in tests.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use usher_accounts::dice::Dice;
use usher_accounts::keys::sha256;
use usher_accounts::time::{Clock, Timestamp};

/// A clock that only moves by hand.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(Timestamp::from_seconds(1_800_000_000).micros()))
    }

    /// Sets it, backwards too.
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The same dice every time. What an id takes from them only counts up: the clock stands still, and ids
/// still tell what was made first.
#[derive(Debug, Default)]
pub(super) struct TestDice(AtomicU64);

impl TestDice {
    /// As they fall from this number on.
    pub(super) fn from(number: u64) -> Self {
        Self(AtomicU64::new(number))
    }
}

impl Dice for TestDice {
    fn fill(&self, buffer: &mut [u8]) {
        /// The random bytes of a UUIDv7; its version and variant cover bits of the first three.
        const OF_AN_ID: usize = 10;
        if buffer.len() == OF_AN_ID {
            buffer.fill(0);
            let count = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
            buffer[3..].copy_from_slice(&count[1..]);
            return;
        }
        for chunk in buffer.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&sha256(&count.to_be_bytes())[..chunk.len()]);
        }
    }
}
