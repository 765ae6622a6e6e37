//! The one place where the machine's clock and the operating system's randomness come in.

use std::time::{SystemTime, UNIX_EPOCH};

use usher_accounts::dice::Dice;
use usher_accounts::time::{Clock, Timestamp};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDice;

impl Dice for OsDice {
    #[expect(clippy::disallowed_methods, reason = "this is where chance comes in")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing here is safe to continue"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system has no randomness to give");
    }
}
