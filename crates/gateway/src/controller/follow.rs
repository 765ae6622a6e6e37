//! What the link carries may change; the tracker decides, and one class is told.

use usher_sharing::capacity::{Sample, Tracker};
use usher_sharing::link::Side;
use usher_sharing::moment::Moment;
use usher_sharing::rate::BitsPerSecond;
use usher_sharing::wire::Desired;

use super::{ControlError, Controller, SIDES, plan};
use crate::kernel::{Change, Kernel};

/// What holds for one direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Told {
    pub(super) estimate: BitsPerSecond,
    pub(super) shaped: BitsPerSecond,
}

impl<K: Kernel> Controller<K> {
    /// Takes what was seen of the link in one direction; a new rate is in force at once.
    pub(crate) fn sample(&mut self, side: Side, sample: Sample) -> Result<(), ControlError> {
        let Some(tracker) = &mut self.directions[side as usize].tracker else {
            return Ok(());
        };
        let before = tracker.shaped();
        let added = sample
            .added
            .map(|added| u32::try_from(added.as_micros()).unwrap_or(u32::MAX));
        self.directions[side as usize].delays.extend(added);
        self.decisions.extend(tracker.observe(sample));
        if tracker.shaped() == before {
            Ok(())
        } else {
            self.rate(side)
        }
    }

    /// The trackers for the links of this state; a link that is described as before keeps its own.
    pub(super) fn track(&mut self, desired: &Desired, now: Moment) {
        for side in SIDES {
            let capacity = plan::capacity(desired, side);
            let direction = &mut self.directions[side as usize];
            if direction.capacity.as_ref() != Some(capacity) {
                direction.tracker = Some(Tracker::new(side, capacity.clone(), now));
                direction.capacity = Some(capacity.clone());
            }
        }
    }

    /// Lets time pass for the trackers.
    pub(super) fn pass(&mut self, now: Moment) {
        for direction in &mut self.directions {
            self.decisions
                .extend(direction.tracker.iter_mut().flat_map(|tracker| tracker.tick(now)));
        }
    }

    /// What the link is believed to carry, and what is let through.
    pub(super) fn told(&self, desired: &Desired, side: Side) -> Told {
        let capacity = plan::capacity(desired, side);
        let tracker = self.directions[side as usize].tracker.as_ref();
        Told {
            estimate: tracker.map_or(capacity.base(), Tracker::estimate),
            shaped: tracker.map_or_else(|| capacity.cruise(capacity.base()), Tracker::shaped),
        }
    }

    /// Tells the one class that holds the link's rate.
    fn rate(&mut self, side: Side) -> Result<(), ControlError> {
        let direction = &self.directions[side as usize];
        let (Some(tracker), Some(shape)) = (&direction.tracker, &direction.shape) else {
            return Ok(());
        };
        let mut shape = shape.clone();
        shape.rate = (tracker.shaped().get() / 8).max(1);
        self.change(side, &[Change::SetClass(shape.top())])?;
        self.direction(side).shape = Some(shape);
        Ok(())
    }
}
