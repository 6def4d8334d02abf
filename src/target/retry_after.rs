//! How long a busy target asks us to wait: `Retry-After`, or the place in the answer that the mapping names.

use super::attempt::Received;
use crate::wire::template::as_text;
use crate::wire::{Answer, AnswerRow};
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Numbers from here on are moments since 1970, in seconds: nobody asks for a wait of thirty years.
const EPOCH_FROM: f64 = 1e9;
/// From here on they are milliseconds.
const EPOCH_MILLIS_FROM: f64 = 1e12;

impl Received<'_> {
    /// The wait that the answer asks for, if it does.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after((&self.answer, self.row), self.said.retry_at.as_ref())
    }
}

/// What a function said counts first, then the place that the row names, then the header.
fn retry_after((answer, row): (&Answer, Option<&AnswerRow>), said: Option<&Value>) -> Option<Duration> {
    let declared = row.and_then(|row| row.retry_at.as_ref()).and_then(|path| path.first(&answer.body));
    let declared = said.or(declared).map(|value| as_text(value).into_owned());
    let header = || header(&answer.headers, &RETRY_AFTER).map(str::to_owned);
    let text = declared.or_else(header)?;
    wait(text.trim(), &answer.headers)
}

/// Seconds, an HTTP date (RFC 9110 §10.2.3), or in a body also a moment.
fn wait(text: &str, headers: &HeaderMap) -> Option<Duration> {
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => None,
        Ok(seconds) if seconds < EPOCH_FROM => Duration::try_from_secs_f64(seconds).ok(),
        Ok(moment) if moment < EPOCH_MILLIS_FROM => Some(since(Timestamp::from_second(moment as i64).ok()?, headers)),
        Ok(moment) => Some(since(Timestamp::from_millisecond(moment as i64).ok()?, headers)),
        Err(_) => Some(since(date(text)?, headers)),
    }
}

/// Counted from the target's own clock where it shows it, so that a wrong clock on either side does not matter.
fn since(moment: Timestamp, headers: &HeaderMap) -> Duration {
    let now = header(headers, &DATE).and_then(date).unwrap_or_else(Timestamp::now);
    Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO)
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().or_else(|| text.parse().ok())
}

fn header<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::built_in;
    use crate::wire::{Meaning, Path};
    use http::StatusCode;
    use serde_json::json;

    fn answer(headers: &[(&'static str, &str)], body: Value) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body }
    }

    fn retry_after_of(answer: &Answer) -> Option<Duration> {
        retry_after((answer, None), None)
    }

    fn of_header(text: &str) -> Option<Duration> {
        retry_after_of(&answer(&[("retry-after", text), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")], json!(null)))
    }

    #[test]
    fn the_header_is_seconds_or_a_date() {
        assert_eq!(of_header("7"), Some(Duration::from_secs(7)));
        assert_eq!(of_header(" 0 "), Some(Duration::ZERO));
        assert_eq!(of_header("Sun, 06 Nov 1994 08:49:40 GMT"), Some(Duration::from_secs(3)));
        assert_eq!(of_header("Sun, 06 Nov 1994 08:40:00 GMT"), Some(Duration::ZERO));
        for text in ["soon", "-3", "NaN", "inf", ""] {
            assert_eq!(of_header(text), None, "{text}");
        }
        assert_eq!(retry_after_of(&answer(&[], json!(null))), None);
    }

    #[test]
    fn the_mapping_may_name_a_place_of_the_body() {
        let mut row = built_in().into_iter().find(|row| row.means.said() == Some(Meaning::Busy)).unwrap();
        row.retry_at = Some(Path::parse("$.wait").unwrap());
        let headers = [("retry-after", "60"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let of_body = |wait: Value| retry_after((&answer(&headers, json!({"wait": wait})), Some(&row)), None);
        assert_eq!(of_body(json!("2.5")), Some(Duration::from_millis(2500)));
        assert_eq!(of_body(json!(3)), Some(Duration::from_secs(3)));
        assert_eq!(of_body(json!("1994-11-06T08:49:39Z")), Some(Duration::from_secs(2)));
        assert_eq!(of_body(json!(784_111_777_i64 + 4_000_000_000)).map(|wait| wait.as_secs()), Some(4_000_000_000));
        assert_eq!(of_body(json!(null)), Some(Duration::from_secs(60)));
    }
}
