//! SCIM's dateTime (RFC 7643 §2.3.5) as an instant, so that different spellings of one moment are equal.

use jiff::{Timestamp, civil, tz::TimeZone};

/// The instant a dateTime names; text without an offset is read as UTC, a bare date as its first moment.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = |moment: civil::DateTime| moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<civil::DateTime>().ok().and_then(utc))
        .or_else(|| text.parse::<civil::Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_two_offsets_is_one_instant() {
        assert_eq!(instant("2011-05-13T04:42:34Z"), instant("2011-05-13T06:42:34+02:00"));
    }

    #[test]
    fn missing_offsets_and_bare_dates_are_utc() {
        assert_eq!(instant("2011-05-13T00:00:00"), instant("2011-05-13T00:00:00Z"));
        assert_eq!(instant("2011-05-13"), instant("2011-05-13T00:00:00Z"));
    }

    #[test]
    fn other_text_is_no_instant() {
        assert_eq!(instant("yesterday"), None);
        assert_eq!(instant(""), None);
    }
}
