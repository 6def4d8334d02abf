//! Wall-clock times as the database has them: milliseconds since 1970 (UTC).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Times before 1970 become 1970.
pub(super) fn to_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn from_millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
