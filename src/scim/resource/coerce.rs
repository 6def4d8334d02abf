//! Values as clients send them, read into the type their attribute declares.
//!
//! Each function yields `None` for what SCIM counts as unassigned: null, `""`, `[]`, `{}` (RFC 7643 §2.5).

use super::elements;
use crate::scim::error::ScimError;
use crate::scim::instant::instant;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Kind, Mutability};
use serde_json::{Map, Number, Value};

/// Reads one value, whatever shape the client gives it. Names left out are added to `ignored`.
pub(crate) fn read(
    sent: &Value,
    attribute: &Attribute,
    place: &AttributePath,
    ignored: &mut Vec<String>,
) -> Result<Option<Value>, ScimError> {
    match attribute.kind {
        _ if attribute.multi_valued => list(sent, attribute, place, ignored),
        Kind::Complex => complex(sent, attribute, place, ignored),
        _ => scalar(sent, attribute.kind, place),
    }
}

/// Whether a value counts as unassigned.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A plain value as its kind; `None` where it is of another.
pub(crate) fn typed(sent: &Value, kind: Kind) -> Option<Value> {
    match (kind, sent) {
        (Kind::String | Kind::Reference, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => Some(sent.clone()),
        (Kind::Decimal, Value::Number(_)) => Some(sent.clone()),
        (Kind::String | Kind::Reference, Value::Number(number)) => Some(number.to_string().into()),
        (Kind::String | Kind::Reference, Value::Bool(flag)) => Some(flag.to_string().into()),
        (Kind::Boolean, Value::String(text)) => boolean(text.trim()).map(Value::Bool),
        (Kind::Integer, Value::Number(number)) => whole(number).map(Value::Number),
        (Kind::Integer, Value::String(text)) => whole(&text.trim().parse().ok()?).map(Value::Number),
        (Kind::Decimal, Value::String(text)) => text.trim().parse().ok().map(Value::Number),
        (Kind::DateTime, Value::String(text)) => instant(text).map(|_| sent.clone()),
        (Kind::Binary, Value::String(text)) => is_base64(text).then(|| sent.clone()),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

// 5.0 is 5, as JSON has one kind of number; beyond 2^53 a fraction can no longer tell neighbours apart.
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
    format!("{:.0}", float + 0.0).parse().ok() // -0 is 0
}

fn is_base64(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    text.bytes().all(|byte| letter(byte) || byte.is_ascii_whitespace())
}

fn scalar(sent: &Value, kind: Kind, place: &AttributePath) -> Result<Option<Value>, ScimError> {
    match sent {
        _ if is_nothing(sent) => Ok(None),
        Value::Array(boxed) if boxed.len() == 1 => scalar(&boxed[0], kind, place),
        Value::Object(members) => match member(members, "value") {
            Some(value) => scalar(value, kind, place),
            None => Err(wrong(place, kind)),
        },
        _ => typed(sent, kind).map(Some).ok_or_else(|| wrong(place, kind)),
    }
}

fn complex(
    sent: &Value,
    attribute: &Attribute,
    place: &AttributePath,
    ignored: &mut Vec<String>,
) -> Result<Option<Value>, ScimError> {
    match sent {
        _ if is_nothing(sent) => Ok(None),
        Value::Object(members) => object(members, attribute, place, ignored),
        Value::Array(boxed) if boxed.len() == 1 => complex(&boxed[0], attribute, place, ignored),
        Value::String(text) if let Some(embedded) = embedded(text) => complex(&embedded, attribute, place, ignored),
        Value::Array(_) => Err(wrong(place, Kind::Complex)),
        _ => bare(sent, attribute, place),
    }
}

// A plain value in place of an object means the object's `value`.
fn bare(sent: &Value, attribute: &Attribute, place: &AttributePath) -> Result<Option<Value>, ScimError> {
    let Some(sub) = attribute.sub("value") else { return Err(wrong(place, Kind::Complex)) };
    let value = scalar(sent, sub.kind, &place.with_sub(&sub.name))?;
    Ok(value.map(|value| Value::Object(Map::from_iter([("value".to_owned(), value)]))))
}

fn object(
    members: &Map<String, Value>,
    attribute: &Attribute,
    place: &AttributePath,
    ignored: &mut Vec<String>,
) -> Result<Option<Value>, ScimError> {
    let every = attribute.offers_every_sub();
    let mut read_members = Map::new();
    for (name, sent) in members {
        let Some(sub) = sub_named(attribute, name).filter(|sub| writable(sub, every)) else {
            if !sent.is_null() {
                ignored.push(format!("{place}.{name}"));
            }
            continue;
        };
        let is_value = &*sub.name == "value";
        if let Some(Value::Object(whole)) = role_text(sent, attribute, sub) {
            if let Some(Value::Object(whole)) = object(&whole, attribute, place, ignored)? {
                read_members.extend(whole);
            }
            continue;
        }
        match read(sent, sub, &place.with_sub(&sub.name), ignored)? {
            Some(value) => {
                read_members.insert(sub.name.to_string(), value);
            }
            // Something whose value is taken away is gone, whatever label was left on it.
            None if is_value => return Ok(None),
            None => {}
        }
    }
    Ok(Some(Value::Object(read_members)).filter(|read_members| !is_nothing(read_members)))
}

fn writable(sub: &Attribute, every: bool) -> bool {
    (every || sub.offered) && sub.mutability != Mutability::ReadOnly
}

/// The sub-attribute a client means by a name: in any case, `displayName` for `display`, `managerId` for a `value`.
pub(crate) fn sub_named<'a>(attribute: &'a Attribute, name: &str) -> Option<&'a Attribute> {
    attribute.sub(name).or_else(|| match attribute.multi_valued {
        true if name.eq_ignore_ascii_case("displayName") => attribute.sub("display"),
        false if name.eq_ignore_ascii_case("managerId") => attribute.sub("value"),
        _ => None,
    })
}

// Some clients put the whole element, as JSON text, where its `value` belongs.
fn role_text(sent: &Value, attribute: &Attribute, sub: &Attribute) -> Option<Value> {
    let text = sent.as_str().filter(|_| attribute.multi_valued && &*sub.name == "value")?;
    embedded(text).filter(|whole| whole.as_object().is_some_and(|members| member(members, "value").is_some()))
}

fn list(
    sent: &Value,
    attribute: &Attribute,
    place: &AttributePath,
    ignored: &mut Vec<String>,
) -> Result<Option<Value>, ScimError> {
    let elements = match sent {
        Value::Array(elements) => elements,
        Value::String(text) if let Some(embedded) = embedded(text) => {
            return list(&embedded, attribute, place, ignored);
        }
        single => std::slice::from_ref(single),
    };
    let mut read_elements = Vec::with_capacity(elements.len());
    for element in elements {
        let element = match attribute.kind {
            Kind::Complex => complex(element, attribute, place, ignored)?,
            kind => scalar(element, kind, place)?,
        };
        read_elements.extend(element);
    }
    let mut read_elements = elements::united(Vec::new(), read_elements, attribute).elements;
    elements::keep_one_primary(&mut read_elements, None);
    Ok(Some(Value::Array(read_elements)).filter(|read_elements| !is_nothing(read_elements)))
}

// JSON that some clients send as text. Only text that opens like JSON is tried.
fn embedded(text: &str) -> Option<Value> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// A member of an object by its name in any case.
pub(crate) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn wrong(place: &AttributePath, kind: Kind) -> ScimError {
    let expected = match kind {
        Kind::String | Kind::Reference => "a string",
        Kind::Boolean => "true or false",
        Kind::Decimal => "a number",
        Kind::Integer => "a whole number",
        Kind::DateTime => "a dateTime such as 2011-05-13T04:42:34Z",
        Kind::Binary => "base64 text",
        Kind::Complex => "an object",
    };
    ScimError::invalid_value(format!("`{place}` must be {expected}"))
}
