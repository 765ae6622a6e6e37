//! Ways to divide a link. One is good; the others are what people have today, for comparison.

mod first_come;
mod split;

use serde::{Deserialize, Serialize};

use crate::allocate::{Claim, allocate};
use crate::rate::BitsPerSecond;

/// A way to divide a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Weighted max-min with floors and caps: what nobody uses goes to who asks.
    #[default]
    Shared,
    /// A fixed part for everybody by weight, used or not.
    Static,
    /// One queue for all: who sends most gets most.
    Fifo,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shared, Self::Static, Self::Fifo];

    /// One share for each claim, in the same order.
    pub fn divide(self, capacity: BitsPerSecond, claims: &[Claim]) -> Vec<BitsPerSecond> {
        match self {
            Self::Shared => allocate(capacity, claims),
            Self::Static => split::divide(capacity, claims),
            Self::Fifo => first_come::divide(capacity, claims),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::demand::Demand;
    use crate::plan::{Band, Weight};

    fn claim() -> impl Strategy<Value = Claim> {
        (1_u16..=100, 0..1_000_000_000_u64, any::<bool>()).prop_map(|(weight, rate, backlogged)| {
            let demand = if backlogged {
                Demand::Backlogged
            } else {
                Demand::Known(BitsPerSecond::saturating(rate))
            };
            Claim::new(Weight::new(weight).unwrap(), Band::OPEN, demand)
        })
    }

    proptest! {
        #[test]
        fn no_policy_gives_more_than_there_is_or_than_is_of_use(
            capacity in 0..100_000_000_u64,
            claims in vec(claim(), 0..20),
        ) {
            for policy in Policy::ALL {
                let shares = policy.divide(BitsPerSecond::saturating(capacity), &claims);
                prop_assert_eq!(shares.len(), claims.len());
                prop_assert!(shares.iter().copied().sum::<BitsPerSecond>().get() <= capacity, "{:?}", policy);
                prop_assert!(shares.iter().zip(&claims).all(|(share, claim)| *share <= claim.useful()));
            }
        }
    }

    #[test]
    fn only_one_policy_uses_what_others_leave_and_protects_the_modest() {
        let rate = BitsPerSecond::mbit;
        let client = |demand| Claim::new(Weight::ONE, Band::OPEN, demand);
        let claims = [client(Demand::Known(rate(2))), client(Demand::Backlogged)];
        assert_eq!(Policy::Shared.divide(rate(20), &claims), [rate(2), rate(18)]);
        assert_eq!(Policy::Static.divide(rate(20), &claims), [rate(2), rate(10)]);
        let [modest, greedy] = Policy::Fifo.divide(rate(20), &claims)[..] else {
            unreachable!()
        };
        assert!(modest < rate(2) && greedy > rate(18), "{modest} {greedy}");
    }
}
