//! How evenly a link was shared, and why somebody is as fast as they are.

use crate::allocate::Claim;
use crate::id::ClientId;
use crate::rate::BitsPerSecond;
use crate::wire::{Fairness, Reason};

/// What a client got, beside what was fair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// Who.
    pub id: ClientId,
    /// What it got, bit/s.
    pub used: BitsPerSecond,
    /// Its weighted max-min share of what was there, bit/s.
    pub fair: BitsPerSecond,
}

/// Jain's index over what each got of its fair share, and the smallest part. The index alone would hide
/// one starved client among many, hence the minimum. Who asks for nothing does not count.
pub fn fairness(clients: impl IntoIterator<Item = Got>) -> Fairness {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    let mut lowest: Option<(f64, ClientId)> = None;
    for got in clients {
        if got.fair == BitsPerSecond::ZERO {
            continue;
        }
        let part = got.used.get() as f64 / got.fair.get() as f64;
        sum += part;
        squares += part * part;
        count += 1.0;
        if lowest.is_none_or(|(least, _)| part < least) {
            lowest = Some((part, got.id));
        }
    }
    let jain = if squares > 0.0 {
        sum * sum / (count * squares)
    } else {
        1.0
    };
    Fairness {
        jain: rounded(jain),
        min: rounded(lowest.map_or(1.0, |(least, _)| least)),
        lowest: lowest.map(|(_, id)| id),
    }
}

/// Six digits: what a record needs, and the same text on every machine.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// What is known about the link when somebody asks why they are slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// What the link is believed to carry.
    pub estimate: BitsPerSecond,
    /// What it is sold as.
    pub rated: BitsPerSecond,
    /// The client's quota is used up.
    pub demoted: bool,
    /// It asks for anything.
    pub active: bool,
}

/// Why a client with this claim and this share is as fast as it is.
pub fn reason(claim: &Claim, cap: Option<BitsPerSecond>, share: BitsPerSecond, now: Circumstances) -> Reason {
    if !now.active {
        return Reason::Idle;
    }
    if share >= claim.useful() {
        let at_cap = cap.is_some_and(|cap| claim.useful() >= cap);
        return if at_cap { Reason::OwnCap } else { Reason::Satisfied };
    }
    if now.demoted {
        return Reason::Demoted;
    }
    if now.estimate < now.rated.portion(7, 10) {
        return Reason::LinkDegraded;
    }
    Reason::LinkFull
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::Demand;
    use crate::plan::{Band, Weight};

    fn got(number: u64, used: u16, fair: u16) -> Got {
        Got {
            id: ClientId::numbered(number),
            used: BitsPerSecond::kbit(used),
            fair: BitsPerSecond::kbit(fair),
        }
    }

    #[test]
    fn everybody_with_their_share_is_perfectly_fair_whatever_the_shares() {
        let fair = fairness([got(1, 100, 100), got(2, 900, 900), got(3, 0, 0)]);
        assert_eq!((fair.jain, fair.min), (1.0, 1.0));
        assert_eq!(fairness([]).lowest, None);
    }

    #[test]
    fn one_starved_client_among_many_shows_in_the_minimum() {
        let starved = (1..10_000)
            .map(|number| got(number, 100, 100))
            .chain([got(7, 0, 100)]);
        let fair = fairness(starved);
        assert!((fair.jain - 0.9999).abs() < 1e-9);
        assert!(fair.min.abs() < 1e-9);
        assert_eq!(fair.lowest, Some(ClientId::numbered(7)));
    }

    #[test]
    fn m31_a_client_can_be_told_why_it_is_slow() {
        let rate = BitsPerSecond::mbit;
        let band = Band::new(BitsPerSecond::ZERO, Some(rate(5))).unwrap();
        let claim = |demand| Claim::new(Weight::ONE, band, demand);
        let now = Circumstances {
            estimate: rate(20),
            rated: rate(20),
            demoted: false,
            active: true,
        };
        let why = |demand, share, now| reason(&claim(demand), band.cap(), share, now);
        assert_eq!(why(Demand::Backlogged, rate(5), now), Reason::OwnCap);
        assert_eq!(why(Demand::Known(rate(2)), rate(2), now), Reason::Satisfied);
        assert_eq!(why(Demand::Backlogged, rate(3), now), Reason::LinkFull);
        let idle = Circumstances { active: false, ..now };
        assert_eq!(why(Demand::Known(rate(0)), rate(0), idle), Reason::Idle);
        let demoted = Circumstances { demoted: true, ..now };
        assert_eq!(why(Demand::Backlogged, rate(3), demoted), Reason::Demoted);
        let degraded = Circumstances {
            estimate: rate(8),
            ..now
        };
        assert_eq!(why(Demand::Backlogged, rate(3), degraded), Reason::LinkDegraded);
    }
}
