//! An object whose fields are the elements of a list: `{ work: x, home: y }`.

use crate::mapping::to_scim::RuleFault;
use serde_json::{Map, Value, json};

/// The fields of the object as elements, each with its name under `key` and what it holds under `value`.
pub(crate) fn elements(object: Option<&Value>) -> Value {
    let Some(Value::Object(fields)) = object else { return Value::Array(Vec::new()) };
    let present = fields.iter().filter(|(_, value)| !value.is_null());
    present.map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// The elements as one object.
///
/// # Errors
/// An element has no name, or the name of another.
pub(crate) fn object(elements: Vec<Value>) -> Result<Value, RuleFault> {
    let mut fields = Map::new();
    for mut element in elements {
        let key = element.get("key").and_then(Value::as_str).ok_or(RuleFault::Name)?.to_owned();
        if fields.insert(key, element["value"].take()).is_some() {
            return Err(RuleFault::Name);
        }
    }
    Ok(Value::Object(fields))
}
