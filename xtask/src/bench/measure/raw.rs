//! The machine's own argon2id rate: what every share is a share of.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::machine;
use super::statistics::median;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const SLICE: Duration = Duration::from_secs(2);

/// Slices of raw hashing, taken between the loads: a machine's speed drifts.
#[derive(Debug, Default)]
pub(super) struct Raw {
    slices: Vec<f64>,
}

impl Raw {
    /// Hashes on all cores for a while, with the product's parameters and each core's memory reused.
    pub(super) fn sample(&mut self) -> Result<()> {
        let begun = Instant::now();
        let hashes: Result<Vec<u32>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..machine::cores())
                .map(|_| scope.spawn(move || hash_until(begun + SLICE)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().ok().context("a hash thread broke down")?)
                .collect()
        });
        self.slices
            .push(f64::from(hashes?.iter().sum::<u32>()) / begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Hashes per second of the whole machine.
    pub(super) fn rate(&self) -> f64 {
        median(&self.slices)
    }
}

fn hash_until(deadline: Instant) -> Result<u32> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).context("argon2 refuses its parameters")?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hashes = 0;
    let mut tag = [0; 32];
    while Instant::now() < deadline {
        argon2
            .hash_password_into_with_memory(b"seven quiet otters", b"sixteen salty by", &mut tag, &mut memory)
            .context("argon2 refuses to hash")?;
        hashes += 1;
    }
    Ok(hashes)
}
