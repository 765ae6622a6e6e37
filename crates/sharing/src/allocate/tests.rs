//! The promises of a division, on a million random ones in a release build and fewer in a debug build.

use super::*;
use crate::dice::SeededDice;

const CASES: u64 = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };

fn amount(dice: &mut SeededDice) -> u64 {
    let end = [8, 100, 50_000, 30_000_000, 1_000_000_000_000][dice.below(5) as usize];
    dice.below(end)
}

fn claim(dice: &mut SeededDice) -> Claim {
    let cap = (dice.below(2) == 0).then(|| BitsPerSecond::saturating(1 + amount(dice)));
    let floor = [0, amount(dice)][dice.below(2) as usize];
    let floor = BitsPerSecond::saturating(floor).min(cap.unwrap_or(BitsPerSecond::MAX));
    let demand = match dice.below(3) {
        0 => Demand::Backlogged,
        _ => Demand::Known(BitsPerSecond::saturating(amount(dice))),
    };
    let weight =
        Weight::new([1, 1 + dice.below(4) as u16, 1 + dice.below(100) as u16][dice.below(3) as usize]);
    Claim::new(weight.unwrap(), Band::new(floor, cap).unwrap(), demand)
}

fn each(check: impl Fn(&mut SeededDice, u64, &[Claim], &[u64])) {
    for case in 0..CASES {
        let mut dice = SeededDice::child(20, case);
        let capacity = amount(&mut dice);
        let claims: Vec<Claim> = (0..dice.below(9)).map(|_| claim(&mut dice)).collect();
        let shares = divide(capacity, &claims);
        check(&mut dice, capacity, &claims, &shares);
    }
}

fn divide(capacity: u64, claims: &[Claim]) -> Vec<u64> {
    allocate(BitsPerSecond::saturating(capacity), claims)
        .into_iter()
        .map(BitsPerSecond::get)
        .collect()
}

fn useful(claim: &Claim) -> u64 {
    claim.useful.get()
}

#[test]
fn m30_shares_are_feasible_conserve_work_and_keep_floors() {
    each(|_, capacity, claims, shares| {
        let context = || format!("{capacity} {claims:?} {shares:?}");
        let wanted: u64 = claims.iter().map(useful).sum();
        let promised: u64 = claims.iter().map(Claim::promised).sum();
        assert_eq!(shares.iter().sum::<u64>(), capacity.min(wanted), "{}", context());
        for (claim, share) in claims.iter().zip(shares) {
            assert!(*share <= useful(claim), "{}", context());
            if promised <= capacity {
                assert!(*share >= claim.promised(), "{}", context());
            } else {
                assert!(*share <= claim.promised(), "{}", context());
            }
        }
    });
}

/// Whoever could use more has no more than a bit less, by weight, than anybody above their floor. When
/// the floors do not fit, the same holds for the floors.
#[test]
fn m30_nobody_has_more_than_somebody_who_could_use_it() {
    each(|_, capacity, claims, shares| {
        let promised: u64 = claims.iter().map(Claim::promised).sum();
        let tight = promised > capacity;
        let weight = |claim: &Claim| {
            u128::from(if tight {
                claim.floor.get()
            } else {
                claim.weight.get()
            })
        };
        let top = |claim: &Claim| if tight { claim.promised() } else { useful(claim) };
        let base = |claim: &Claim| if tight { 0 } else { claim.promised() };
        for (i, x_i) in claims.iter().zip(shares).filter(|(i, x_i)| **x_i < top(i)) {
            for (j, x_j) in claims.iter().zip(shares).filter(|(j, x_j)| **x_j > base(j)) {
                assert!(
                    u128::from(*x_j) * weight(i) <= u128::from(*x_i + 1) * weight(j),
                    "{capacity} {claims:?} {shares:?}"
                );
            }
        }
    });
}

#[test]
fn m30_the_order_of_clients_does_not_matter() {
    each(|dice, capacity, claims, shares| {
        let key = |claim: &Claim, share: u64| (claim.weight, claim.floor, claim.useful, share);
        let mut order: Vec<usize> = (0..claims.len()).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, dice.below(place as u64 + 1) as usize);
        }
        let shuffled: Vec<Claim> = order.iter().map(|place| claims[*place]).collect();
        let again = divide(capacity, &shuffled);
        let sorted = |claims: &[Claim], shares: &[u64]| {
            let mut all: Vec<_> = claims.iter().zip(shares).map(|(c, x)| key(c, *x)).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(
            sorted(claims, shares),
            sorted(&shuffled, &again),
            "{capacity} {claims:?}"
        );
    });
}

/// Ten times the link, the floors, the caps and the demands: ten times the shares, but for the bits that
/// rounding leaves over, of which a client has at most its weight for each other client.
#[test]
fn m30_shares_scale_with_the_link() {
    each(|_, capacity, claims, shares| {
        let tenfold: Option<Vec<Claim>> = claims.iter().map(|claim| scaled(claim, 10)).collect();
        let (Some(tenfold), true) = (tenfold, capacity * 10 <= BitsPerSecond::MAX.get()) else {
            return;
        };
        let promised: u64 = claims.iter().map(Claim::promised).sum();
        let room = |claim: &Claim| {
            let weight = if promised > capacity {
                claim.floor.get()
            } else {
                claim.weight.get()
            };
            10 * (1 + u128::from(weight) * claims.len() as u128)
        };
        for ((claim, x), y) in claims.iter().zip(shares).zip(divide(capacity * 10, &tenfold)) {
            let apart = u128::from((x * 10).abs_diff(y));
            assert!(apart <= room(claim), "{capacity} {claims:?} {shares:?} {y}");
        }
    });
}

fn scaled(claim: &Claim, by: u64) -> Option<Claim> {
    let times = |rate: BitsPerSecond| BitsPerSecond::new(rate.get() * by).ok();
    Some(Claim {
        weight: claim.weight,
        floor: times(claim.floor)?,
        useful: times(claim.useful)?,
    })
}

/// More link never takes from anybody, and so much more never gives anybody more than that.
#[test]
fn m30_shares_follow_the_capacity_steadily() {
    each(|dice, capacity, claims, shares| {
        let most = amount(dice).min(capacity.max(8));
        let more = dice.below(1 + most);
        let later = divide(capacity + more, claims);
        for (x, y) in shares.iter().zip(&later) {
            assert!(
                x <= y && y - x <= more,
                "{capacity} + {more} {claims:?} {shares:?} {later:?}"
            );
        }
    });
}

#[test]
fn m30_another_client_never_gives_anybody_more() {
    each(|dice, capacity, claims, shares| {
        let mut more = claims.to_vec();
        more.push(claim(dice));
        let later = divide(capacity, &more);
        for (x, y) in shares.iter().zip(&later) {
            assert!(y <= x, "{capacity} {more:?} {shares:?} {later:?}");
        }
    });
}

#[test]
fn m30_asking_for_more_than_one_gets_gains_nothing() {
    each(|dice, capacity, claims, shares| {
        for (place, share) in shares.iter().enumerate() {
            if *share == useful(&claims[place]) {
                continue;
            }
            let mut greedy = claims.to_vec();
            greedy[place].useful = BitsPerSecond::saturating(useful(&claims[place]) + 1 + amount(dice));
            let later = divide(capacity, &greedy);
            assert!(
                later[place] <= *share,
                "{capacity} {greedy:?} {shares:?} {later:?}"
            );
        }
    });
}

#[test]
fn m30_the_published_example_is_shared_as_published() {
    let client = |cir, mir| {
        let band = Band::new(BitsPerSecond::kbit(cir), Some(BitsPerSecond::mbit(mir))).unwrap();
        Claim::new(Weight::ONE, band, Demand::Backlogged)
    };
    let claims = [client(500, 1), client(1_000, 10), client(1_000, 10)];
    assert_eq!(divide(30_000_000, &claims), [1_000_000, 10_000_000, 10_000_000]);
    assert_eq!(divide(11_000_000, &claims), [1_000_000, 5_000_000, 5_000_000]);
    assert_eq!(divide(1_250_000, &claims), [250_000, 500_000, 500_000]);
}

#[test]
fn weights_divide_what_caps_leave() {
    let client = |weight, cap: Option<u16>| {
        let band = Band::new(BitsPerSecond::ZERO, cap.map(BitsPerSecond::mbit)).unwrap();
        Claim::new(Weight::new(weight).unwrap(), band, Demand::Backlogged)
    };
    let claims = [
        client(1, None),
        client(2, None),
        client(4, None),
        client(100, Some(6)),
    ];
    assert_eq!(
        divide(20_000_000, &claims),
        [2_000_000, 4_000_000, 8_000_000, 6_000_000]
    );
}
