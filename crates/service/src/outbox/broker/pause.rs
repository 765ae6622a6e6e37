//! How long to wait before the next try to reach the broker.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// Grows with every failure in a row.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Pause {
    pub(super) const fn new() -> Self {
        Self(FIRST)
    }

    /// The pause that is due now; the next one is twice as long.
    pub(super) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(LONGEST);
        now
    }

    /// Whether the failure that was just waited for is the first in a row: the others need no line each.
    pub(super) fn is_first(&self) -> bool {
        self.0 == FIRST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut pause = Pause::new();
        assert!(pause.is_first());
        let millis: Vec<_> = (0..8).map(|_| pause.next().as_millis()).collect();
        assert_eq!(millis, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert!(!pause.is_first());
    }
}
