//! Where chance comes from: the operating system in the program, a counted stream in tests.

use std::fmt;

/// A source of random bytes fit for secrets.
pub trait Dice: Send + Sync + fmt::Debug {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Dice + '_ {
    /// An array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
