//! What people put in front of such a link today, to be measured beside: the idea of cake-autorate, from the
//! outline in its README ("Theory of Operation"), written anew. The rate falls by a factor when several of the
//! last round trips were late, rises while the link is loaded and they are not, and goes back to a base when
//! nobody asks. The numbers below are ours, after what is commonly set; nothing was tuned for or against it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use usher_sharing::capacity::Baseline;
use usher_sharing::link::Side;
use usher_sharing::rate::BitsPerSecond;

use super::scheme::devices;
use super::topology::{SERVER, Topology};
use crate::follow::Pinger;
use crate::kernel::{Change, Kernel};
use crate::shape::Shape;

/// A round trip later than this counts as late.
const LATE: f64 = 30.0;
/// So many of the last are looked at, and so many of them late are too many.
const LAST: usize = 6;
const TOO_MANY: usize = 3;
/// How far the rate falls when round trips are just late, and when they are twice as late or more.
const DOWN: [f64; 2] = [0.99, 0.75];
/// How far it rises while they are below a third of late; less as they come near to late.
const UP: f64 = 1.04;
const FINE: f64 = 10.0;
/// The link is loaded from this part of the rate on.
const LOADED: f64 = 0.75;
/// A step towards the base when it is not.
const DECAY: f64 = 0.01;
/// After a fall, and after a step towards the base, the rate rests.
const REST: Duration = Duration::from_millis(300);
const DECAY_REST: Duration = Duration::from_secs(1);
/// What arrives is averaged over so long.
const RATES: Duration = Duration::from_millis(200);

/// The rule by itself.
struct Rule {
    baseline: Baseline,
    added: VecDeque<f64>,
    rate: f64,
    least: f64,
    base: f64,
    most: f64,
    fallen: Option<Instant>,
    decayed: Option<Instant>,
}

impl Rule {
    fn new(rtt: Duration, most: u64) -> Self {
        let most = most as f64;
        Self {
            baseline: Baseline::new(rtt),
            added: VecDeque::new(),
            rate: most,
            least: most / 10.0,
            base: most / 2.0,
            most,
            fallen: None,
            decayed: None,
        }
    }

    /// Takes a round trip and what arrives, bit/s; the rate from now on.
    fn look(&mut self, now: Instant, trip: Duration, achieved: f64) -> f64 {
        self.added
            .push_back(self.baseline.added(trip).as_secs_f64() * 1e3);
        if self.added.len() > LAST {
            self.added.pop_front();
        }
        let late = self.added.iter().filter(|added| **added > LATE).count();
        let mean = self.added.iter().sum::<f64>() / self.added.len() as f64;
        let rested = |since: Option<Instant>, rest| since.is_none_or(|since| now - since >= rest);
        if late >= TOO_MANY {
            if rested(self.fallen, REST) {
                let how_late = ((mean - LATE) / LATE).clamp(0.0, 1.0);
                self.rate *= DOWN[0] + (DOWN[1] - DOWN[0]) * how_late;
                self.fallen = Some(now);
            }
        } else if achieved >= LOADED * self.rate {
            if rested(self.fallen, REST) {
                let how_near = ((mean - FINE) / (LATE - FINE)).clamp(0.0, 1.0);
                self.rate *= UP + (1.0 - UP) * how_near;
            }
        } else if rested(self.decayed, DECAY_REST) {
            let step = if self.rate > self.base {
                1.0 - DECAY
            } else {
                1.0 + DECAY
            };
            self.rate *= step;
            self.decayed = Some(now);
        }
        self.rate = self.rate.clamp(self.least, self.most);
        self.rate
    }
}

/// The rule at work on a tree of queues; it stops when this goes.
pub(crate) struct Autorate {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Autorate {
    pub(crate) fn start(
        topology: &Topology,
        shape: Shape,
        rtt: Duration,
        most: BitsPerSecond,
    ) -> Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = topology.gateway.spawn(move || {
            let hand = RefCell::new(Hand {
                rule: Rule::new(rtt, most.get()),
                devices: devices()?,
                shape,
                passed: VecDeque::new(),
            });
            let failed = RefCell::new(None);
            Pinger::open(SERVER)?.run(|trip| match hand.borrow_mut().turn(trip) {
                Ok(()) => !stopped.load(Ordering::Relaxed),
                Err(error) => {
                    *failed.borrow_mut() = Some(error);
                    false
                }
            })?;
            failed.into_inner().map_or(Ok(()), Err)
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Ends it, and says what went wrong.
    pub(crate) fn end(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take();
        thread.map_or(Ok(()), |thread| {
            thread.join().map_err(|_| anyhow!("the rule's thread died"))?
        })
    }
}

impl Drop for Autorate {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Who turns the one class that holds the link's rate.
struct Hand<K> {
    rule: Rule,
    devices: K,
    shape: Shape,
    passed: VecDeque<(Instant, u64)>,
}

impl<K: Kernel> Hand<K> {
    fn turn(&mut self, trip: Duration) -> Result<()> {
        let now = Instant::now();
        let has = self.devices.passed(Side::Down)?;
        self.passed.push_back((now, has));
        while self.passed.len() > 2 && now - self.passed[1].0 >= RATES {
            self.passed.pop_front();
        }
        let (then, had) = self.passed[0];
        let achieved = BitsPerSecond::of(has.saturating_sub(had), now - then);
        let rate = self.rule.look(now, trip, achieved.get() as f64) as u64 / 8;
        if rate == self.shape.rate {
            return Ok(());
        }
        self.shape.rate = rate;
        let refused = self
            .devices
            .apply(Side::Down, &[Change::SetClass(self.shape.top())])?;
        ensure!(refused.is_empty(), "{refused:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(40);

    /// The rate after so many samples, one every 50 ms, that are all alike.
    fn after(rule: &mut Rule, begun: Instant, samples: u32, added: Duration, load: f64) -> f64 {
        let mut rate = rule.rate;
        for sample in 0..samples {
            let now = begun + Duration::from_millis(50) * sample;
            rate = rule.look(now, RTT + added, load * rate);
        }
        rate
    }

    #[test]
    fn the_rate_falls_on_delay_rests_rises_under_load_and_stays_within_its_bounds() {
        let begun = Instant::now();
        let mut rule = Rule::new(RTT, 19_000_000);
        let late = Duration::from_millis(100);
        let once = after(&mut rule, begun, 6, late, 1.0);
        assert!((once / 19e6 - 0.75).abs() < 0.01, "{once}");
        let low = after(&mut rule, begun + Duration::from_secs(1), 200, late, 1.0);
        assert!((low - 1.9e6).abs() < 1.0, "{low}");
        let high = after(
            &mut rule,
            begun + Duration::from_mins(1),
            200,
            Duration::ZERO,
            0.9,
        );
        assert!((high - 19e6).abs() < 1.0, "{high}");
    }

    #[test]
    fn the_rate_of_an_idle_link_goes_to_its_base() {
        let mut rule = Rule::new(RTT, 20_000_000);
        let base = after(&mut rule, Instant::now(), 20 * 200, Duration::ZERO, 0.1);
        assert!((base / 10e6 - 1.0).abs() < 0.02, "{base}");
    }
}
