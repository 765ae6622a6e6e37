//! One direction of the link as its operator describes it: what it is sold as, between which bounds its
//! capacity may be believed to move, and who says what it is at the moment.

use serde::{Deserialize, Serialize};

use crate::rate::BitsPerSecond;

/// Towards the clients, or from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Towards the clients.
    Down,
    /// From the clients.
    Up,
}

/// One direction of the link. Made by deserialising, which checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenCapacity")]
pub struct Capacity {
    rated: BitsPerSecond,
    base: BitsPerSecond,
    lowest: BitsPerSecond,
    margin_permille: u16,
    rtt_ms: u32,
    source: SourceConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    handover: Option<Handover>,
    dry_run: bool,
}

/// Who says how much the link carries at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceConfig {
    /// Always the base rate. The default: it cannot be misled.
    #[default]
    Fixed,
    /// Known in advance.
    Schedule {
        /// From when on which rate holds, earliest first.
        steps: Vec<ScheduleStep>,
        /// The schedule starts again after so many milliseconds; never, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repeat_ms: Option<u64>,
    },
    /// Told by the modem or the dish.
    Telemetry,
    /// Inferred from delay and what arrives. Good at 40 ms, poor at 600 ms, opt-in.
    Probe,
}

/// One line of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleStep {
    /// Milliseconds since the schedule began (since midnight UTC on a live link).
    pub at_ms: u64,
    /// What the link carries from then on.
    pub rate: BitsPerSecond,
}

/// Moments at which a satellite is swapped for the next; delay jumps for an instant and means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// One every so many milliseconds.
    pub period_ms: u32,
    /// The first one, in milliseconds of the same clock as the samples.
    #[serde(default)]
    pub phase_ms: u32,
    /// For how long after it delay is not believed.
    pub width_ms: u32,
}

/// Which rule of a direction of the link is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// A link that carries nothing.
    #[error("The rated capacity of a link must be more than nothing.")]
    Nothing,
    /// `lowest <= base <= rated` does not hold.
    #[error("The lowest capacity may not be above the base, nor the base above the rated capacity.")]
    Order,
    /// Outside 500 to 1000.
    #[error("A margin is 500 to 1000 thousandths of the capacity.")]
    Margin,
    /// Outside 1 to 5000.
    #[error("An unloaded round trip takes 1 to 5000 ms.")]
    Rtt,
    /// Empty, too long, out of order, or beyond its own repetition.
    #[error("A schedule has 1 to 1000 steps, each later than the one before and earlier than it repeats.")]
    Schedule,
    /// Never, or always.
    #[error("A handover lasts less than half of the time between two.")]
    Handover,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCapacity {
    rated: BitsPerSecond,
    base: Option<BitsPerSecond>,
    lowest: Option<BitsPerSecond>,
    margin_permille: Option<u16>,
    rtt_ms: Option<u32>,
    #[serde(default)]
    source: SourceConfig,
    handover: Option<Handover>,
    #[serde(default)]
    dry_run: bool,
}

impl Capacity {
    /// Most steps of a schedule.
    pub const MAX_STEPS: usize = 1_000;

    /// A link that always carries `rated`, with 5 % of margin and 40 ms of round trip.
    pub fn fixed(rated: BitsPerSecond) -> Result<Self, CapacityError> {
        WrittenCapacity {
            rated,
            base: None,
            lowest: None,
            margin_permille: None,
            rtt_ms: None,
            source: SourceConfig::Fixed,
            handover: None,
            dry_run: false,
        }
        .try_into()
    }

    /// What the link is sold as: the estimate never goes above it.
    pub const fn rated(&self) -> BitsPerSecond {
        self.rated
    }

    /// What holds when nobody knows better; the rated capacity unless written.
    pub const fn base(&self) -> BitsPerSecond {
        self.base
    }

    /// The estimate never goes below it; a tenth of the rated capacity unless written.
    pub const fn lowest(&self) -> BitsPerSecond {
        self.lowest
    }

    /// How many thousandths of the estimate are used, so that the queue stays on this side; 950 unless
    /// written.
    pub const fn margin_permille(&self) -> u16 {
        self.margin_permille
    }

    /// The round trip over the empty link in milliseconds; 40 unless written.
    pub const fn rtt_ms(&self) -> u32 {
        self.rtt_ms
    }

    /// Who says what the link carries.
    pub const fn source(&self) -> &SourceConfig {
        &self.source
    }

    /// When delay is not believed.
    pub const fn handover(&self) -> Option<Handover> {
        self.handover
    }

    /// Decide and report, but leave the shaper at the margin of the base rate.
    pub const fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// `rate` within the bounds of the operator.
    #[must_use]
    pub fn bounded(&self, rate: BitsPerSecond) -> BitsPerSecond {
        rate.clamp(self.lowest, self.rated)
    }

    /// What the link carries at any time: what may be promised for good.
    #[must_use]
    pub fn surely(&self) -> BitsPerSecond {
        match &self.source {
            SourceConfig::Fixed => self.base,
            SourceConfig::Schedule { steps, .. } => {
                let rates = steps.iter().map(|step| self.bounded(step.rate));
                rates.fold(self.base, Ord::min)
            }
            SourceConfig::Telemetry | SourceConfig::Probe => self.lowest,
        }
    }

    /// What the shaper is set to when the link is believed to carry `estimate`.
    #[must_use]
    pub fn cruise(&self, estimate: BitsPerSecond) -> BitsPerSecond {
        estimate.portion(u64::from(self.margin_permille), 1_000)
    }
}

impl TryFrom<WrittenCapacity> for Capacity {
    type Error = CapacityError;

    fn try_from(written: WrittenCapacity) -> Result<Self, CapacityError> {
        let rated = written.rated;
        let base = written.base.unwrap_or(rated);
        let lowest = written.lowest.unwrap_or(rated.portion(1, 10).min(base));
        let margin_permille = written.margin_permille.unwrap_or(950);
        let rtt_ms = written.rtt_ms.unwrap_or(40);
        if rated == BitsPerSecond::ZERO {
            return Err(CapacityError::Nothing);
        }
        if lowest > base || base > rated {
            return Err(CapacityError::Order);
        }
        if !(500..=1_000).contains(&margin_permille) {
            return Err(CapacityError::Margin);
        }
        if !(1..=5_000).contains(&rtt_ms) {
            return Err(CapacityError::Rtt);
        }
        if written
            .handover
            .is_some_and(|handover| handover.width_ms == 0 || handover.width_ms > handover.period_ms / 2)
        {
            return Err(CapacityError::Handover);
        }
        check_schedule(&written.source)?;
        Ok(Self {
            rated,
            base,
            lowest,
            margin_permille,
            rtt_ms,
            source: written.source,
            handover: written.handover,
            dry_run: written.dry_run,
        })
    }
}

fn check_schedule(source: &SourceConfig) -> Result<(), CapacityError> {
    let SourceConfig::Schedule { steps, repeat_ms } = source else {
        return Ok(());
    };
    let in_order = steps.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms);
    let last = steps.last().ok_or(CapacityError::Schedule)?;
    let fits = repeat_ms.is_none_or(|repeat| last.at_ms < repeat);
    if in_order && fits && steps.len() <= Capacity::MAX_STEPS {
        return Ok(());
    }
    Err(CapacityError::Schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Capacity, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rated_capacity_is_all_that_must_be_written() {
        let link = read(r#"{"rated":"20M"}"#).unwrap();
        assert_eq!(Ok(link.clone()), Capacity::fixed(BitsPerSecond::mbit(20)));
        assert_eq!(link.cruise(link.base()), BitsPerSecond::mbit(19));
        assert_eq!(link.lowest(), BitsPerSecond::mbit(2));
    }

    #[test]
    fn a_link_says_which_rule_it_breaks() {
        for (text, error) in [
            (r#"{"rated":0}"#, CapacityError::Nothing),
            (r#"{"rated":5,"lowest":6}"#, CapacityError::Order),
            (r#"{"rated":5,"base":6}"#, CapacityError::Order),
            (r#"{"rated":5,"margin_permille":1001}"#, CapacityError::Margin),
            (r#"{"rated":5,"rtt_ms":0}"#, CapacityError::Rtt),
            (
                r#"{"rated":5,"source":{"kind":"schedule","steps":[]}}"#,
                CapacityError::Schedule,
            ),
            (
                r#"{"rated":5,"source":{"kind":"schedule","steps":[{"at_ms":9,"rate":1}],"repeat_ms":9}}"#,
                CapacityError::Schedule,
            ),
            (
                r#"{"rated":5,"handover":{"period_ms":100,"width_ms":51}}"#,
                CapacityError::Handover,
            ),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(&error.to_string()), "{text}: {said}");
        }
        assert!(read(r#"{"rated":5,"sauce":1}"#).unwrap_err().contains("sauce"));
    }
}
