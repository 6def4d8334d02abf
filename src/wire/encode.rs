//! Bodies on the wire: a JSON value written as a call wants it, an answer's bytes read as tolerantly as targets need.

use crate::wire::call::Encoding;
use crate::wire::template::as_text;
use serde_json::Value;

/// The content type that goes with an encoding.
pub fn content_type(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Json => "application/json",
        Encoding::Form => "application/x-www-form-urlencoded",
    }
}

/// The bytes of a body. A form takes the fields of an object; lists repeat their field.
pub fn encode(encoding: Encoding, body: &Value) -> Vec<u8> {
    match encoding {
        Encoding::Json => body.to_string().into_bytes(),
        Encoding::Form => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in body.as_object().into_iter().flatten() {
                match value {
                    Value::Array(list) => list.iter().for_each(|one| {
                        form.append_pair(name, &as_text(one));
                    }),
                    one => {
                        form.append_pair(name, &as_text(one));
                    }
                }
            }
            form.finish().into_bytes()
        }
    }
}

/// An answer's body: JSON where it is JSON, null where it is empty, else its text.
pub fn decode(bytes: &[u8]) -> Value {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
