//! Capacity that is known in advance.

use crate::link::{Capacity, SourceConfig};
use crate::moment::Moment;
use crate::rate::BitsPerSecond;

const DAY_MS: i64 = 86_400_000;

/// What the schedule says for now, within the bounds of the operator; `None` without a schedule. Times
/// are of the day where it does not say when it repeats; before its first step the base rate holds.
pub(super) fn rate_at(capacity: &Capacity, now: Moment) -> Option<BitsPerSecond> {
    let SourceConfig::Schedule { steps, repeat_ms } = capacity.source() else {
        return None;
    };
    let period = repeat_ms.map_or(DAY_MS, |repeat| i64::try_from(repeat).unwrap_or(DAY_MS));
    let at = (now.micros() / 1_000).rem_euclid(period.max(1));
    let at = u64::try_from(at).unwrap_or(0);
    let step = steps.iter().rev().find(|step| step.at_ms <= at);
    let rate = step.map_or(capacity.base(), |step| step.rate);
    Some(capacity.bounded(rate))
}
