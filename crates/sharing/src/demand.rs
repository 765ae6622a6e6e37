//! What a client asks for. Nobody says so; it shows in what it uses and whether it waits.

use crate::rate::BitsPerSecond;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// So much, and it gets it.
    Known(BitsPerSecond),
    /// More than it gets: packets wait.
    Backlogged,
}

/// What was seen of a client since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What it got, bit/s.
    pub used: BitsPerSecond,
    /// What waited for it all the time: the least of all looks since, the last one included. A burst that
    /// passes fills a queue too, but leaves it.
    pub waiting_bytes: u64,
}

/// A few packets always wait for somebody who is served in turns.
const IN_TURN_BYTES: u64 = 4 * 1_514;

impl Demand {
    /// What a client that was seen like this asked for.
    pub const fn shown(seen: Seen) -> Self {
        if seen.waiting_bytes > IN_TURN_BYTES {
            return Self::Backlogged;
        }
        Self::Known(seen.used)
    }

    /// What it is expected to ask for next. Who used up its `room`, which is what it could have had by
    /// asking for everything, is expected to want more even if nothing waited. (Its share would not do for
    /// that: the share of a client with a known demand is that demand.) What it asked for `before` fades by
    /// an eighth each look, so that a pause between two pictures of a page does not give the share away.
    #[must_use]
    pub fn judge(seen: Seen, room: BitsPerSecond, before: Self) -> Self {
        let at_the_limit = room > BitsPerSecond::ZERO && seen.used >= room.portion(97, 100);
        match (Self::shown(seen), before) {
            (Self::Known(_), _) if at_the_limit => Self::Backlogged,
            (Self::Known(used), Self::Known(before)) => Self::Known(used.max(before.portion(7, 8))),
            (shown, _) => shown,
        }
    }

    /// The rate, unless it is more than the client gets.
    pub const fn known(self) -> Option<BitsPerSecond> {
        match self {
            Self::Known(rate) => Some(rate),
            Self::Backlogged => None,
        }
    }

    /// The rate; the largest there is, when it is more than the client gets.
    pub const fn rate(self) -> BitsPerSecond {
        match self {
            Self::Known(rate) => rate,
            Self::Backlogged => BitsPerSecond::MAX,
        }
    }

    /// Asks for anything worth counting.
    pub fn is_active(self) -> bool {
        self.rate() > BitsPerSecond::kbit(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_asks_for_more_than_it_gets() {
        let idle = Demand::Known(BitsPerSecond::ZERO);
        let seen = |mbit, waiting_bytes| Seen {
            used: BitsPerSecond::mbit(mbit),
            waiting_bytes,
        };
        let judge = |seen, before| Demand::judge(seen, BitsPerSecond::mbit(5), before);
        assert_eq!(judge(seen(1, 100_000), idle), Demand::Backlogged);
        assert_eq!(judge(seen(5, 0), idle), Demand::Backlogged);
        let known = Demand::Known(BitsPerSecond::mbit(2));
        assert_eq!(judge(seen(2, 3_000), idle), known);
        assert_eq!(judge(seen(2, 0), known), known);
        assert_eq!(judge(seen(2, 0), Demand::Backlogged), known);
        assert_eq!(
            judge(seen(0, 0), known),
            Demand::Known(BitsPerSecond::kbit(1_750))
        );
    }
}
