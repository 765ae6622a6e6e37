//! What is seen of the link: round trips past the shaper, what passes, and what the modem says.

mod pinger;

use std::time::Duration;

use usher_sharing::capacity::{Baseline, Sample};
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;

use crate::controller::{ControlError, Controller, SIDES};
use crate::kernel::Kernel;
pub(crate) use pinger::Pinger;

/// What was seen last.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    last: Option<(Moment, [u64; 2])>,
    baseline: Option<Baseline>,
    /// What the modem says the link carries.
    pub(crate) told: [Option<BitsPerSecond>; 2],
}

impl Follow {
    /// Looks once and tells the controller. `trip` is a round trip that has just come back.
    pub(crate) fn look<K: Kernel>(
        &mut self,
        controller: &mut Controller<K>,
        trip: Option<Duration>,
        now: Moment,
    ) -> Result<(), ControlError> {
        let Some(desired) = controller.desired() else {
            return Ok(());
        };
        let rtt = Duration::from_millis(desired.link().down.rtt_ms().into());
        let baseline = self.baseline.get_or_insert(Baseline::new(rtt));
        let added = trip.map(|trip| baseline.added(trip));
        let mut passed = [0; 2];
        for side in SIDES {
            passed[side as usize] = controller.kernel().passed(side)?;
        }
        if let Some((then, had)) = self.last.replace((now, passed)) {
            for side in SIDES {
                let (had, has) = (had[side as usize], passed[side as usize]);
                let sample = Sample {
                    at: now,
                    added,
                    achieved: BitsPerSecond::of(has.saturating_sub(had), now.since(then)),
                    told: self.told[side as usize],
                };
                controller.sample(side, sample)?;
            }
        }
        Ok(())
    }
}
