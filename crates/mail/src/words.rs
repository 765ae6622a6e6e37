//! How moments and spans of time are written in a mail.

use std::time::Duration;

use usher_accounts::time::Timestamp;

/// `2023-11-14 22:13:20 UTC`: whole seconds, and the zone spelled out for people.
pub(crate) fn moment(at: Timestamp) -> String {
    Timestamp::from_seconds(at.seconds())
        .to_string()
        .replace('T', " ")
        .replace('Z', " UTC")
}

/// `1 minute`, `90 seconds`, `2 hours`: the largest unit that needs no fraction.
pub(crate) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = [(86_400, "day"), (3_600, "hour"), (60, "minute")]
        .into_iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .map_or((seconds, "second"), |(size, unit)| (seconds / size, unit));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_to_the_second() {
        assert_eq!(
            moment(Timestamp::from_micros(1_700_000_000_999_999)),
            "2023-11-14 22:13:20 UTC"
        );
    }

    #[test]
    fn a_span_is_written_in_the_largest_whole_unit() {
        let written = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 60, 90, 600, 3_600, 172_800].map(written),
            [
                "0 seconds",
                "1 second",
                "1 minute",
                "90 seconds",
                "10 minutes",
                "1 hour",
                "2 days"
            ]
        );
    }
}
