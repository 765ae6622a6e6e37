//! A time as a page shows it: exact for the script, readable without one.

use serde::{Serialize, Serializer, ser::SerializeStruct};
use usher_accounts::time::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time on a page. Serializes as `{iso, text}`: RFC 3339, and words in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(Timestamp);

impl Moment {
    fn text(self) -> String {
        let at = self.0.to_datetime();
        let month = MONTHS[usize::from(u8::from(at.month())) - 1];
        let (hour, minute, second) = at.to_hms();
        format!(
            "{} {month} {}, {hour:02}:{minute:02}:{second:02} UTC",
            at.day(),
            at.year()
        )
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut moment = serializer.serialize_struct("Moment", 2)?;
        moment.serialize_field("iso", &self.0)?;
        moment.serialize_field("text", &self.text())?;
        moment.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_exact_for_scripts_and_readable_for_people() {
        let moment = Moment::from(Timestamp::from_seconds(1_700_000_000));
        let shown = serde_json::to_value(moment).unwrap();
        assert_eq!(shown["iso"], "2023-11-14T22:13:20Z");
        assert_eq!(shown["text"], "14 Nov 2023, 22:13:20 UTC");
    }
}
