//! What arrived at each client, read at the switch, not at the shaper.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::topology::Ports;

/// Counts of all ports at one moment.
struct Sample {
    at: Instant,
    bytes: Vec<u64>,
}

/// A record of all ports.
pub(crate) struct Record {
    samples: Vec<Sample>,
}

impl Record {
    /// Reads the ports at each interval until the end.
    pub(crate) fn take(mut ports: Ports, interval: Duration, until: Instant) -> Result<Self> {
        let mut samples = Vec::new();
        let mut next = Instant::now();
        while next < until {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += interval;
            let bytes = ports.bytes()?;
            samples.push(Sample {
                at: Instant::now(),
                bytes,
            });
        }
        Ok(Self { samples })
    }

    /// Bit/s of each client between two moments.
    pub(crate) fn rates(&self, from: Instant, until: Instant) -> Vec<f64> {
        let mut within = self
            .samples
            .iter()
            .filter(|sample| sample.at >= from && sample.at <= until);
        let (Some(first), Some(last)) = (within.next(), within.next_back()) else {
            return Vec::new();
        };
        rates(first, last)
    }

    /// Bit/s of each client over windows of this length, with the end of each.
    pub(crate) fn windows(&self, length: Duration) -> impl Iterator<Item = (Instant, Vec<f64>)> {
        let mut first = 0;
        self.samples.iter().enumerate().filter_map(move |(number, last)| {
            while first + 1 < number && last.at - self.samples[first + 1].at >= length {
                first += 1;
            }
            let whole = last.at - self.samples[first].at >= length;
            whole.then(|| (last.at, rates(&self.samples[first], last)))
        })
    }

    /// The longest time between two moments at which nothing arrived at a client that got something
    /// before and after.
    pub(crate) fn longest_gap(&self, client: usize, from: Instant, until: Instant) -> Duration {
        let within = self
            .samples
            .iter()
            .filter(|sample| sample.at >= from && sample.at <= until);
        let (mut longest, mut since, mut had) = (Duration::ZERO, None, 0);
        for sample in within {
            let bytes = sample.bytes[client];
            if since.is_none() || bytes > had {
                longest = longest.max(since.map_or(Duration::ZERO, |since| sample.at - since));
                since = Some(sample.at);
                had = bytes;
            }
        }
        longest
    }
}

fn rates(first: &Sample, last: &Sample) -> Vec<f64> {
    let seconds = (last.at - first.at).as_secs_f64();
    let bits = first
        .bytes
        .iter()
        .zip(&last.bytes)
        .map(|(before, after)| (after - before) as f64 * 8.0);
    bits.map(|bits| bits / seconds).collect()
}
