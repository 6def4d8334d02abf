//! Conversions of texts.

use super::TransformError;
use super::conversion::{NameOrder, kind};
use crate::wire::template::as_text;
use crate::wire::{Scope, Template};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use icu_normalizer::DecomposingNormalizerBorrowed;
use serde_json::{Map, Value};

/// A parameter with the settings in it.
pub(super) fn filled(template: &Template, known: &dyn Scope) -> Result<String, TransformError> {
    let missing = template.holes().any(|hole| known.value(hole).is_none_or(|value| value.is_null()));
    if missing { Err(TransformError::Unset) } else { template.fill_text(known).ok_or(TransformError::Unset) }
}

pub(super) fn with_prefix(value: &Value, prefix: &str) -> Result<Value, TransformError> {
    Ok(format!("{prefix}{}", single(value)?).into())
}

pub(super) fn without_prefix(value: &Value, prefix: &str) -> Result<Value, TransformError> {
    let text = single(value)?;
    Ok(text.strip_prefix(prefix).unwrap_or(&text).into())
}

pub(super) fn with_suffix(value: &Value, suffix: &str) -> Result<Value, TransformError> {
    Ok(format!("{}{suffix}", single(value)?).into())
}

pub(super) fn without_suffix(value: &Value, suffix: &str) -> Result<Value, TransformError> {
    let text = single(value)?;
    Ok(text.strip_suffix(suffix).unwrap_or(&text).into())
}

/// The ASCII digits; a text without any has no form.
pub(super) fn digits(text: &str) -> Result<String, TransformError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { Err(kind("a text with digits")) } else { Ok(digits) }
}

/// What stands behind the last of these marks; all of it where there is none.
pub(super) fn after(text: &str, mark: &str) -> String {
    text.rsplit_once(mark).map_or(text, |(_, rest)| rest).to_owned()
}

pub(super) fn to_base64(value: &Value) -> Result<Value, TransformError> {
    Ok(STANDARD.encode(single(value)?.as_bytes()).into())
}

pub(super) fn from_base64(value: &Value) -> Result<Value, TransformError> {
    let bytes = value.as_str().and_then(|text| STANDARD.decode(text.trim()).ok());
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Value::from).ok_or(kind("text in base 64"))
}

pub(super) fn from_json(value: &Value) -> Result<Value, TransformError> {
    match value {
        Value::String(text) if text.is_empty() => Ok(Value::Null),
        Value::String(text) => serde_json::from_str(text).map_err(|_| kind("JSON")),
        other => Ok(other.clone()),
    }
}

/// Accents go, other letters than a to z and digits become `between`, once between two words and never at the ends.
pub(in crate::mapping) fn slug(text: &str, between: &str) -> String {
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize(text).to_lowercase();
    let marks = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    let kept: String = plain.chars().filter(|letter| !marks(letter)).collect();
    let words = kept.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(between)
}

/// `givenName` and `familyName` with a blank between them; `formatted` where neither is given.
pub(super) fn full_name(value: &Value) -> Result<Value, TransformError> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let parts: Vec<&str> = ["givenName", "familyName"].into_iter().filter_map(part).collect();
    match (parts.as_slice(), part("formatted")) {
        ([], Some(whole)) => Ok(whole.into()),
        ([], None) => Ok(Value::Null),
        (parts, _) => Ok(parts.join(" ").into()),
    }
}

pub(super) fn name_parts(value: &Value, order: NameOrder) -> Result<Value, TransformError> {
    let text = single(value)?;
    let text = text.trim();
    let (given, family) = match order {
        NameOrder::GivenIsFirst => text.split_once(char::is_whitespace).unwrap_or((text, "")),
        NameOrder::FamilyIsLast => text.rsplit_once(char::is_whitespace).unwrap_or(("", text)),
    };
    let parts = [("givenName", given.trim()), ("familyName", family.trim())];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    Ok(Value::Object(present.map(|(name, text)| (name.to_owned(), text.into())).collect::<Map<_, _>>()))
}

fn single(value: &Value) -> Result<std::borrow::Cow<'_, str>, TransformError> {
    match value {
        Value::Array(_) | Value::Object(_) | Value::Null => Err(kind("a text")),
        scalar => Ok(as_text(scalar)),
    }
}
