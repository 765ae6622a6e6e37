//! The one place where the machine's clock comes in.

use std::time::{SystemTime, UNIX_EPOCH};

use usher_sharing::moment::Moment;

#[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
