//! Conversions between lists and texts.

use super::TransformError;
use super::conversion::kind;
use crate::wire::template::as_text;
use serde_json::{Value, json};

const PARTS: &str = "a list whose values hold neither the separator nor blanks at their ends";

/// The elements' values as one text.
pub(super) fn join(value: &Value, separator: &str) -> Result<Value, TransformError> {
    let list = value.as_array().ok_or(kind("a list"))?;
    let mut joined = String::new();
    for (position, element) in list.iter().enumerate() {
        let part = as_text(element.get("value").unwrap_or(element));
        // What would not read back is not sent.
        if part.is_empty() || part.trim() != part || part.contains(separator) {
            return Err(kind(PARTS));
        }
        if position > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&part);
    }
    Ok(joined.into())
}

/// The parts of a text as elements.
pub(super) fn parts(value: &Value, (separator, complex): (&str, bool)) -> Result<Value, TransformError> {
    let text = value.as_str().ok_or(kind("a text"))?;
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(|part| if complex { json!({ "value": part }) } else { part.into() }).collect())
}

/// A text as a list of its parts.
pub(super) fn split(value: &Value, separator: &str) -> Result<Value, TransformError> {
    let text = value.as_str().ok_or(kind("a text"))?;
    Ok(text.split(separator).map(Value::from).collect())
}

/// A list as one text.
pub(super) fn joined(value: &Value, separator: &str) -> Result<Value, TransformError> {
    match value {
        Value::Array(list) => Ok(list.iter().map(as_text).collect::<Vec<_>>().join(separator).into()),
        Value::String(_) => Ok(value.clone()),
        _ => Err(kind("a list")),
    }
}
