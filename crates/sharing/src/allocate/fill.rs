//! Filling tubs of different widths from one tap until the water is used up.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A tub that already holds `base`, takes up to `top`, and rises by a level for every `weight` units.
/// `base <= top <= 10^12`, `1 <= weight <= 10^12`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tub {
    pub(crate) base: u64,
    pub(crate) top: u64,
    pub(crate) weight: u64,
    /// Of tubs that are equally due the next unit, the smallest rank gets it.
    pub(crate) rank: [u64; 3],
}

/// A level: `amount / weight`, compared exactly. The quotient decides nearly always and quicker: both
/// numbers are exact as floats, and rounding a quotient never turns an order round.
#[derive(Clone, Copy, Debug)]
struct Level {
    quotient: f64,
    amount: u64,
    weight: u64,
}

impl Level {
    fn of(amount: u64, weight: u64) -> Self {
        Self {
            quotient: amount as f64 / weight as f64,
            amount,
            weight,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        self.quotient
            .total_cmp(&other.quotient)
            .then_with(|| product(self.amount, other.weight).cmp(&product(other.amount, self.weight)))
    }
}

/// What is in each tub when `budget` units are in all of them together, or all are full. The bases fit
/// into the budget.
pub(crate) fn fill(budget: u64, tubs: &[Tub]) -> Vec<u64> {
    let Some((free, weights)) = level(budget, tubs) else {
        return tubs.iter().map(|tub| tub.top).collect();
    };
    let mut filled: Vec<u64> = tubs
        .iter()
        .map(|tub| {
            let share = u128::from(tub.weight) * free / weights;
            u64::try_from(share).unwrap_or(u64::MAX).clamp(tub.base, tub.top)
        })
        .collect();
    let total: u128 = filled.iter().map(|units| u128::from(*units)).sum();
    let left = u128::from(budget).saturating_sub(total);
    hand_out(u64::try_from(left).unwrap_or(0), tubs, &mut filled);
    filled
}

/// A level at which a tub begins to rise, or is full.
struct Edge {
    level: Level,
    rises: bool,
}

/// Up to where the water rises, as a fraction; `None` when all tubs get full.
fn level(budget: u64, tubs: &[Tub]) -> Option<(u128, u128)> {
    let budget = u128::from(budget);
    let mut edges: Vec<Edge> = Vec::with_capacity(tubs.len() * 2);
    for tub in tubs.iter().filter(|tub| tub.base < tub.top) {
        let edge = |amount, rises| Edge {
            level: Level::of(amount, tub.weight),
            rises,
        };
        edges.extend([edge(tub.base, true), edge(tub.top, false)]);
    }
    edges.sort_unstable_by(|a, b| a.level.compare(&b.level));
    // What is in tubs that do not rise at this level, and how fast the others rise together.
    let mut still: u128 = tubs.iter().map(|tub| u128::from(tub.base)).sum();
    let mut weights: u128 = 0;
    for Edge { level, rises } in edges {
        let free = budget.saturating_sub(still);
        if weights * u128::from(level.amount) > free * u128::from(level.weight) {
            return Some((free, weights));
        }
        if rises {
            still -= u128::from(level.amount);
            weights += u128::from(level.weight);
        } else {
            still += u128::from(level.amount);
            weights -= u128::from(level.weight);
        }
    }
    None
}

/// The next unit of a tub. The tub whose level it would raise to the lowest gets it.
struct Next<'a> {
    level: Level,
    rank: &'a [u64; 3],
    place: usize,
}

fn hand_out(left: u64, tubs: &[Tub], filled: &mut [u64]) {
    if left == 0 {
        return;
    }
    let next = |place: usize, held: u64| {
        let tub = &tubs[place];
        (held < tub.top).then(|| {
            Reverse(Next {
                level: Level::of(held + 1, tub.weight),
                rank: &tub.rank,
                place,
            })
        })
    };
    let mut queue: BinaryHeap<_> = filled
        .iter()
        .enumerate()
        .filter_map(|(place, held)| next(place, *held))
        .collect();
    for _ in 0..left {
        let Some(Reverse(Next { place, .. })) = queue.pop() else {
            return;
        };
        filled[place] += 1;
        queue.extend(next(place, filled[place]));
    }
}

impl Ord for Next<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.level
            .compare(&other.level)
            .then_with(|| (self.rank, self.place).cmp(&(other.rank, other.place)))
    }
}

impl PartialOrd for Next<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next<'_> {}
