//! Moments: RFC 3339 in SCIM, and what targets make of them.

use super::TransformError;
use super::conversion::{kind, number};
use crate::wire::template::as_text;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use serde_json::Value;
use std::sync::Arc;

/// A moment in a spelling of the target's own, in the zone that the spelling leaves out.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pattern: Arc<str>,
    zone: TimeZone,
}

/// Why a spelling cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentError {
    /// It says too little to be read back, or is no pattern at all.
    Pattern,
    /// There is no such zone.
    Zone,
}

impl Moment {
    /// A pattern as of `strftime`, and a zone: `UTC`, `+02:00`, `Europe/Vienna`, or POSIX rules such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// # Errors
    /// What it writes does not read back as the same day, or the zone is not known.
    pub fn new(pattern: &str, zone: &str) -> Result<Moment, MomentError> {
        let zone = zone_of(zone).ok_or(MomentError::Zone)?;
        let spelling = Moment { pattern: pattern.into(), zone };
        // A day that no other reading of its numbers fits, past noon.
        let probe: Timestamp = "2009-11-23T13:45:56Z".parse().map_err(|_| MomentError::Pattern)?;
        let text = spelling.write(probe).ok_or(MomentError::Pattern)?;
        let back = spelling.read(&text).ok_or(MomentError::Pattern)?;
        let same_day = spelling.zone.to_datetime(back).date() == spelling.zone.to_datetime(probe).date();
        if same_day && spelling.write(back) == Some(text) { Ok(spelling) } else { Err(MomentError::Pattern) }
    }

    pub(super) fn to_target(&self, value: &Value) -> Result<Value, TransformError> {
        self.write(of(value)?).map(Value::from).ok_or(kind("a moment"))
    }

    pub(super) fn to_scim(&self, value: &Value) -> Result<Value, TransformError> {
        self.read(as_text(value).trim()).map(|moment| moment.to_string().into()).ok_or(kind("a moment"))
    }

    fn write(&self, moment: Timestamp) -> Option<String> {
        BrokenDownTime::from(&moment.to_zoned(self.zone.clone())).to_string(self.pattern.as_bytes()).ok()
    }

    fn read(&self, text: &str) -> Option<Timestamp> {
        let parsed = BrokenDownTime::parse(self.pattern.as_bytes(), text.as_bytes()).ok()?;
        if let Ok(moment) = parsed.to_timestamp() {
            return Some(moment);
        }
        let midnight = || parsed.to_date().ok().map(|day| day.at(0, 0, 0, 0));
        let naive = parsed.to_datetime().ok().or_else(midnight)?;
        self.zone.to_timestamp(naive).ok()
    }
}

fn zone_of(text: &str) -> Option<TimeZone> {
    match text {
        "UTC" | "Z" => Some(TimeZone::UTC),
        _ if text.starts_with(['+', '-']) => offset(text).map(TimeZone::fixed),
        _ => TimeZone::get(text).or_else(|_| TimeZone::posix(text)).ok(),
    }
}

/// `+02:00` or `-0330`.
fn offset(text: &str) -> Option<Offset> {
    let digits: String = text.get(1..)?.chars().filter(|letter| *letter != ':').collect();
    let (hours, minutes): (i32, i32) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok().filter(|_| minutes < 60)
}

/// The moment that a SCIM value names.
pub(super) fn of(value: &Value) -> Result<Timestamp, TransformError> {
    value.as_str().and_then(|text| text.trim().parse().ok()).ok_or(kind("a moment with its zone"))
}

pub(super) fn to_date(value: &Value) -> Result<Value, TransformError> {
    Ok(in_utc(value)?.date().to_string().into())
}

pub(super) fn to_naive(value: &Value) -> Result<Value, TransformError> {
    Ok(in_utc(value)?.to_string().into())
}

pub(super) fn from_date(value: &Value) -> Result<Value, TransformError> {
    let day: Option<civil::Date> = value.as_str().and_then(|text| text.trim().parse().ok());
    day.and_then(|day| utc(day.at(0, 0, 0, 0))).ok_or(kind("a moment"))
}

pub(super) fn from_naive(value: &Value) -> Result<Value, TransformError> {
    let naive = value.as_str().and_then(|text| text.trim().parse::<civil::DateTime>().ok());
    naive.and_then(utc).ok_or(kind("a moment"))
}

pub(super) fn from_seconds(value: &Value) -> Result<Value, TransformError> {
    Ok(stamp(value, Timestamp::from_second)?.to_string().into())
}

pub(super) fn from_millis(value: &Value) -> Result<Value, TransformError> {
    Ok(stamp(value, Timestamp::from_millisecond)?.to_string().into())
}

fn in_utc(value: &Value) -> Result<civil::DateTime, TransformError> {
    Ok(of(value)?.to_zoned(TimeZone::UTC).datetime())
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
