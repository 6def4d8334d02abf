//! JSON values to Rhai's and back. Only data crosses: no functions, no ranges, no number that would change on the way.

use rhai::{Array, Dynamic, ImmutableString, Map};
use serde_json::{Number, Value};

pub(super) fn to_dynamic(value: &Value) -> Result<Dynamic, &'static str> {
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_i64(), number.is_f64(), number.as_f64()) {
            (Some(whole), ..) => whole.into(),
            (None, true, Some(float)) => float.into(),
            _ => return Err("a number is too large"),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => list.iter().map(to_dynamic).collect::<Result<Array, _>>()?.into(),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, value)| Ok((name.into(), to_dynamic(value)?)));
            pairs.collect::<Result<Map, &'static str>>()?.into()
        }
    })
}

pub(super) fn to_value(dynamic: &Dynamic) -> Result<Value, &'static str> {
    if dynamic.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(truth) = dynamic.as_bool() {
        return Ok(truth.into());
    }
    if let Ok(whole) = dynamic.as_int() {
        return Ok(Value::from(whole));
    }
    if let Ok(float) = dynamic.as_float() {
        return Number::from_f64(float).map(Value::Number).ok_or("the result is not a number");
    }
    if let Ok(letter) = dynamic.as_char() {
        return Ok(letter.to_string().into());
    }
    if let Some(text) = dynamic.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    if let Some(list) = dynamic.read_lock::<Array>() {
        return list.iter().map(to_value).collect();
    }
    let fields = dynamic.read_lock::<Map>().ok_or("the result is no data")?;
    fields.iter().map(|(name, value)| Ok((name.to_string(), to_value(value)?))).collect()
}
