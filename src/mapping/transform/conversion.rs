//! `as:` — the built-in conversions, each with its inverse where it has one.

use super::TransformError;
use super::coerce;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Number, Value};

/// A built-in conversion, named for what the field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// A number.
    Number,
    /// A text.
    Text,
    /// A boolean.
    Boolean,
    /// A boolean, the other way round.
    Negated,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// `2024-05-31`; its moment is midnight in UTC.
    Date,
    /// `2024-05-31T10:00:00` without a zone, in UTC. A blank for the `T` is read too.
    NaiveUtc,
    /// Text in lower case.
    Lower,
    /// Text in upper case.
    Upper,
    /// Text without blanks at its ends.
    Trim,
}

impl Conversion {
    /// Every conversion with its word in a mapping file.
    pub const ALL: [(&'static str, Conversion); 11] = [
        ("number", Conversion::Number),
        ("text", Conversion::Text),
        ("boolean", Conversion::Boolean),
        ("negated", Conversion::Negated),
        ("epoch_seconds", Conversion::EpochSeconds),
        ("epoch_millis", Conversion::EpochMillis),
        ("date", Conversion::Date),
        ("naive_utc", Conversion::NaiveUtc),
        ("lower", Conversion::Lower),
        ("upper", Conversion::Upper),
        ("trim", Conversion::Trim),
    ];

    /// Can it be undone, and so stand in a two-way rule?
    pub fn has_inverse(self) -> bool {
        !matches!(self, Conversion::Lower | Conversion::Upper | Conversion::Trim)
    }

    pub(super) fn to_target(self, value: &Value) -> Result<Value, TransformError> {
        match self {
            Conversion::Number => number(value),
            Conversion::Text => coerce::text(value).ok_or(kind("a single value")),
            Conversion::Boolean => coerce::boolean(value).ok_or(kind("a boolean")),
            Conversion::Negated => negated(value),
            Conversion::EpochSeconds => Ok(moment(value)?.as_second().into()),
            Conversion::EpochMillis => Ok(moment(value)?.as_millisecond().into()),
            Conversion::Date => Ok(in_utc(value)?.date().to_string().into()),
            Conversion::NaiveUtc => Ok(in_utc(value)?.to_string().into()),
            Conversion::Lower | Conversion::Upper | Conversion::Trim => self.text(value),
        }
    }

    pub(super) fn to_scim(self, value: &Value) -> Result<Value, TransformError> {
        let date = || kind("a moment");
        match self {
            // The attribute's own type is given to it afterwards.
            Conversion::Number | Conversion::Text | Conversion::Boolean => Ok(value.clone()),
            Conversion::Negated => negated(value),
            Conversion::EpochSeconds => Ok(stamp(value, Timestamp::from_second)?.to_string().into()),
            Conversion::EpochMillis => Ok(stamp(value, Timestamp::from_millisecond)?.to_string().into()),
            Conversion::Date => {
                let day: civil::Date = value.as_str().and_then(|text| text.trim().parse().ok()).ok_or_else(date)?;
                utc(day.at(0, 0, 0, 0)).ok_or_else(date)
            }
            Conversion::NaiveUtc => {
                let naive = value.as_str().and_then(|text| text.trim().parse::<civil::DateTime>().ok());
                naive.and_then(utc).ok_or_else(date)
            }
            Conversion::Lower | Conversion::Upper | Conversion::Trim => self.text(value),
        }
    }

    fn text(self, value: &Value) -> Result<Value, TransformError> {
        let text = value.as_str().ok_or(kind("a text"))?;
        Ok(match self {
            Conversion::Lower => text.to_lowercase(),
            Conversion::Upper => text.to_uppercase(),
            _ => text.trim().to_owned(),
        }
        .into())
    }
}

const fn kind(expected: &'static str) -> TransformError {
    TransformError::Kind { expected }
}

fn number(value: &Value) -> Result<Value, TransformError> {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) => text.trim().parse::<Number>().map(Value::Number).map_err(|_| kind("a number")),
        _ => Err(kind("a number")),
    }
}

fn negated(value: &Value) -> Result<Value, TransformError> {
    match coerce::boolean(value) {
        Some(Value::Bool(truth)) => Ok((!truth).into()),
        _ => Err(kind("a boolean")),
    }
}

fn moment(value: &Value) -> Result<Timestamp, TransformError> {
    value.as_str().and_then(|text| text.trim().parse().ok()).ok_or(kind("a moment with its zone"))
}

fn in_utc(value: &Value) -> Result<civil::DateTime, TransformError> {
    Ok(moment(value)?.to_zoned(TimeZone::UTC).datetime())
}

fn utc(moment: civil::DateTime) -> Option<Value> {
    moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().to_string().into())
}

fn stamp(value: &Value, make: fn(i64) -> Result<Timestamp, jiff::Error>) -> Result<Timestamp, TransformError> {
    let whole = match number(value)? {
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    whole.and_then(|whole| make(whole).ok()).ok_or(kind("a moment"))
}
