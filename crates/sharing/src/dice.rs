//! Chance that repeats: the same seed gives the same numbers on every machine.

/// A stream of numbers from a seed (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct SeededDice(u64);

impl SeededDice {
    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for one of many, so that what one of them rolls changes nothing for the rest.
    #[must_use]
    pub fn child(seed: u64, number: u64) -> Self {
        let mut parent = Self(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self(parent.roll())
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; zero when there is none.
    pub const fn below(&mut self, end: u64) -> u64 {
        let wide = self.roll() as u128 * end as u128;
        (wide >> 64) as u64
    }

    /// Anything from half to one and a half of `middle`.
    pub const fn around(&mut self, middle: u64) -> u64 {
        (middle / 2).saturating_add(self.below(middle.saturating_add(1)))
    }
}
