//! `as:` — the built-in conversions, each with its inverse where it has one.

use super::moment::Moment;
use super::{TransformError, coerce, list, moment, text};
use crate::wire::{Scope, Template};
use serde_json::{Number, Value};
use std::sync::Arc;

/// A built-in conversion, named for what is done on the way to the target.
#[derive(Clone, Debug, PartialEq)]
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
    /// A moment in a spelling of the target's own.
    Moment(Arc<Moment>),
    /// Text in lower case.
    Lower,
    /// Text in upper case.
    Upper,
    /// Text without blanks at its ends.
    Trim,
    /// The ASCII digits of a text.
    Digits,
    /// Lower-case ASCII letters and digits, everything else one of these between them.
    Slug(Arc<str>),
    /// Text in base 64.
    Base64,
    /// A text that holds JSON.
    Json,
    /// Text that begins with this; one that does not is read as it is.
    Prefix(Template),
    /// Text that ends with this; one that does not is read as it is.
    Suffix(Template),
    /// To SCIM alone: what stands behind the last of these.
    After(Template),
    /// Text with one piece replaced by another, everywhere.
    Replace {
        /// The piece in SCIM.
        from: Arc<str>,
        /// The piece in the target.
        to: Arc<str>,
    },
    /// The elements of a multi-valued attribute as one text.
    Join {
        /// What stands between them.
        separator: Arc<str>,
        /// The elements are objects with a `value`.
        complex: bool,
    },
    /// A text as a list.
    Split(Arc<str>),
    /// `givenName` and `familyName` as one text.
    SplitName(NameOrder),
    /// Applied to the target alone: what comes back is taken as it is.
    ToTarget(Box<Conversion>),
}

/// Which word of a full name is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrder {
    /// The first word is the given name, everything else the family name.
    GivenIsFirst,
    /// The last word is the family name, everything else the given name.
    FamilyIsLast,
}

impl Conversion {
    /// Every conversion without parameters, with its word in a mapping file.
    pub const WORDS: [(&'static str, Conversion); 15] = [
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
        ("digits", Conversion::Digits),
        ("base64", Conversion::Base64),
        ("json", Conversion::Json),
        ("split_name", Conversion::SplitName(NameOrder::GivenIsFirst)),
    ];

    /// Can it be undone, and so stand in a two-way rule?
    pub fn has_inverse(&self) -> bool {
        !matches!(
            self,
            Conversion::Lower
                | Conversion::Upper
                | Conversion::Trim
                | Conversion::Digits
                | Conversion::Slug(_)
                | Conversion::After(_)
                | Conversion::Replace { .. }
        )
    }

    /// Does it make or take a list or an object, rather than one value?
    pub fn is_of_wholes(&self) -> bool {
        matches!(self, Conversion::Join { .. } | Conversion::Json | Conversion::SplitName(_))
    }

    /// The settings in it.
    pub fn template(&self) -> Option<&Template> {
        match self {
            Conversion::Prefix(template) | Conversion::Suffix(template) | Conversion::After(template) => Some(template),
            _ => None,
        }
    }

    /// The field's value. A list is changed element by element, where the conversion is not one of lists.
    pub(super) fn to_target(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        match (self, value) {
            (Conversion::ToTarget(inner), _) => inner.to_target(value, known),
            (_, Value::Array(list)) if !self.is_of_wholes() => {
                list.iter().map(|one| self.one_to_target(one, known)).collect()
            }
            _ => self.one_to_target(value, known),
        }
    }

    /// The attribute's value, before it takes the attribute's type.
    pub(super) fn to_scim(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        match (self, value) {
            (Conversion::ToTarget(_), _) => Ok(value.clone()),
            (Conversion::Split(_), _) => self.one_to_scim(value, known),
            (_, Value::Array(list)) if !self.is_of_wholes() => {
                list.iter().map(|one| self.one_to_scim(one, known)).collect()
            }
            _ => self.one_to_scim(value, known),
        }
    }

    fn one_to_target(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        match self {
            Conversion::Number => number(value),
            Conversion::Text => coerce::text(value).ok_or(kind("a single value")),
            Conversion::Boolean => coerce::boolean(value).ok_or(kind("a boolean")),
            Conversion::Negated => negated(value),
            Conversion::EpochSeconds => Ok(moment::of(value)?.as_second().into()),
            Conversion::EpochMillis => Ok(moment::of(value)?.as_millisecond().into()),
            Conversion::Date => moment::to_date(value),
            Conversion::NaiveUtc => moment::to_naive(value),
            Conversion::Moment(spelling) => spelling.to_target(value),
            Conversion::Base64 => text::to_base64(value),
            Conversion::Json => Ok(value.to_string().into()),
            Conversion::Prefix(template) => text::with_prefix(value, &text::filled(template, known)?),
            Conversion::Suffix(template) => text::with_suffix(value, &text::filled(template, known)?),
            Conversion::Join { separator, .. } => list::join(value, separator),
            Conversion::Split(separator) => list::split(value, separator),
            Conversion::SplitName(_) => text::full_name(value),
            _ => self.lossy(value, known),
        }
    }

    fn one_to_scim(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        match self {
            // The attribute's own type is given to it afterwards.
            Conversion::Number | Conversion::Text | Conversion::Boolean => Ok(value.clone()),
            Conversion::Negated => negated(value),
            Conversion::EpochSeconds => moment::from_seconds(value),
            Conversion::EpochMillis => moment::from_millis(value),
            Conversion::Date => moment::from_date(value),
            Conversion::NaiveUtc => moment::from_naive(value),
            Conversion::Moment(spelling) => spelling.to_scim(value),
            Conversion::Base64 => text::from_base64(value),
            Conversion::Json => text::from_json(value),
            Conversion::Prefix(template) => text::without_prefix(value, &text::filled(template, known)?),
            Conversion::Suffix(template) => text::without_suffix(value, &text::filled(template, known)?),
            Conversion::Join { separator, complex } => list::parts(value, (separator, *complex)),
            Conversion::Split(separator) => list::joined(value, separator),
            Conversion::SplitName(order) => text::name_parts(value, *order),
            _ => self.lossy(value, known),
        }
    }

    /// What cannot be undone is done the same way in either direction.
    fn lossy(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        let text = value.as_str().ok_or(kind("a text"))?;
        Ok(match self {
            Conversion::Lower => text.to_lowercase(),
            Conversion::Upper => text.to_uppercase(),
            Conversion::Digits => text::digits(text)?,
            Conversion::Slug(between) => text::slug(text, between),
            Conversion::Replace { from, to } => text.replace(&**from, to),
            Conversion::After(template) => text::after(text, &text::filled(template, known)?),
            _ => text.trim().to_owned(),
        }
        .into())
    }
}

pub(super) const fn kind(expected: &'static str) -> TransformError {
    TransformError::Kind { expected }
}

pub(super) fn number(value: &Value) -> Result<Value, TransformError> {
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
