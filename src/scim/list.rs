//! List responses and the window of a list a client asks for (RFC 7644 §3.4.2, §3.4.2.4).

use super::error::{ScimError, quoted};
use serde_json::{Value, json};

/// The schema of a list response.
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The part of a list a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// `startIndex`, from 1.
    pub start: usize,
    /// How many at most.
    pub count: usize,
}

impl Window {
    /// Reads `startIndex` and `count`. RFC 7644 §3.4.2.4: a start below 1 is 1, a negative count is 0; more than `max` is `max`.
    ///
    /// # Errors
    /// `invalidValue` for what is no whole number.
    pub fn parse(start: Option<&str>, count: Option<&str>, default: usize, max: usize) -> Result<Self, ScimError> {
        let start = whole("startIndex", start)?.map_or(1, |start| start.max(1));
        let count = whole("count", count)?.unwrap_or(default).min(max);
        Ok(Self { start, count })
    }
}

// Below zero counts as zero, beyond all bounds as the largest; an empty value as not sent.
fn whole(name: &str, text: Option<&str>) -> Result<Option<usize>, ScimError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!("`{name}` must be a whole number, not `{}`", quoted(text))));
    }
    Ok(Some(if negative { 0 } else { digits.parse().unwrap_or(usize::MAX) }))
}

/// A list response: one page of `total` results, the first of which is number `start`.
pub fn list_response(resources: Vec<Value>, total: usize, start: usize) -> Value {
    let mut response = json!({
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
    });
    response["Resources"] = Value::Array(resources);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: Option<&str>, count: Option<&str>) -> (usize, usize) {
        let window = Window::parse(start, count, 100, 200).unwrap();
        (window.start, window.count)
    }

    #[test]
    fn a_window_keeps_within_its_bounds() {
        assert_eq!(window(None, None), (1, 100));
        assert_eq!(window(Some("0"), Some("2")), (1, 2));
        assert_eq!(window(Some("-5"), Some("-1")), (1, 0));
        assert_eq!(window(Some("11"), Some("0")), (11, 0));
        assert_eq!(window(Some("99999999999999999999999"), Some("99999999999999999999999")), (usize::MAX, 200));
        assert_eq!(window(Some(""), Some(" 5 ")), (1, 5));
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        for wrong in ["five", "1.5", "-", "0x10", "١"] {
            let error = Window::parse(None, Some(wrong), 100, 200).unwrap_err();
            assert!(error.detail.starts_with("`count` must be a whole number"), "{error}");
        }
    }

    #[test]
    fn an_empty_list_has_its_resources_and_three_numbers() {
        assert_eq!(
            list_response(Vec::new(), 0, 1),
            json!({ "schemas": [LIST_SCHEMA], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [] })
        );
    }
}
