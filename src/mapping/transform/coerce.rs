//! A target's value in the SCIM type of an attribute (RFC 7643 §2.3).

use super::TransformError;
use crate::scim::schema::Kind;
use jiff::Timestamp;
use serde_json::{Number, Value};

/// The value in this type; null and empty text are absence.
///
/// # Errors
/// It has no form in this type.
pub(in crate::mapping) fn to_kind(value: &Value, kind: Kind) -> Result<Option<Value>, TransformError> {
    match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        _ => {}
    }
    let typed = match kind {
        Kind::Complex => Some(value.clone()),
        Kind::String | Kind::Reference | Kind::Binary => text(value),
        Kind::Boolean => boolean(value),
        Kind::Integer => integer(value),
        Kind::Decimal => decimal(value),
        Kind::DateTime => moment(value),
    };
    typed.map(Some).ok_or(TransformError::Kind { expected: expected(kind) })
}

pub(super) fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(truth.to_string().into()),
        _ => None,
    }
}

pub(super) fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true.into()),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false.into()),
        Value::Number(number) => match number.as_u64() {
            Some(1) => Some(true.into()),
            Some(0) => Some(false.into()),
            _ => None,
        },
        _ => None,
    }
}

fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if !number.is_f64() => Some(value.clone()),
        Value::Number(number) => {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15)?;
            format!("{float:.0}").parse::<i64>().ok().map(Value::from)
        }
        Value::String(text) => text.trim().parse::<i64>().ok().map(Value::from),
        _ => None,
    }
}

fn decimal(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => text.trim().parse::<Number>().ok().map(Value::Number),
        _ => None,
    }
}

/// RFC 3339 with a zone; a moment without one is not guessed.
fn moment(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let moment: Timestamp = text.parse().ok()?;
    let is_rfc3339 = text.as_bytes().get(10) == Some(&b'T') && (text.ends_with('Z') || has_offset(text));
    Some(if is_rfc3339 { text.into() } else { moment.to_string().into() })
}

fn has_offset(text: &str) -> bool {
    let tail = text.len().checked_sub(6).and_then(|at| text.get(at..)).unwrap_or_default().as_bytes();
    matches!(tail, [b'+' | b'-', _, _, b':', _, _])
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::String | Kind::Reference | Kind::Binary => "a text",
        Kind::Boolean => "a boolean",
        Kind::Integer => "a whole number",
        Kind::Decimal => "a number",
        Kind::DateTime => "a moment with its zone",
        Kind::Complex => "an object",
    }
}
