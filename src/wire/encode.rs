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

/// The bytes of a body. A form takes the fields of an object; lists repeat their field. `None`: a form of something else.
pub fn encode(encoding: Encoding, body: &Value) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Json => Some(body.to_string().into_bytes()),
        Encoding::Form => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in body.as_object()? {
                let fields = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                form.extend_pairs(fields.iter().map(|one| (name, as_text(one))));
            }
            Some(form.finish().into_bytes())
        }
    }
}

/// An answer's body: JSON where it is JSON, null where it is empty, else its text.
pub fn decode(bytes: &[u8]) -> Value {
    // Some products send a byte order mark before their JSON; RFC 8259 §8.1 lets a reader skip it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(body: &Value) -> Option<String> {
        encode(Encoding::Form, body).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_form_is_escaped_and_repeats_lists() {
        let body =
            json!({"a b": "x&y=z\r\n", "n": 7, "on": true, "off": null, "l": ["1", 2], "none": [], "o": {"k": "v"}});
        let text = "a+b=x%26y%3Dz%0D%0A&l=1&l=2&n=7&o=%7B%22k%22%3A%22v%22%7D&off=&on=true";
        assert_eq!(form(&body).as_deref(), Some(text));
        assert_eq!(form(&json!({})).as_deref(), Some(""));
    }

    #[test]
    fn a_form_of_anything_but_fields_is_none() {
        for body in [json!("a=b"), json!(["a"]), json!(null), json!(7)] {
            assert_eq!(form(&body), None);
        }
    }

    #[test]
    fn json_keeps_its_types() {
        let body = json!({"b": 1, "a": [null, "é"]});
        assert_eq!(encode(Encoding::Json, &body).unwrap(), r#"{"a":[null,"é"],"b":1}"#.as_bytes());
    }

    #[test]
    fn answers_are_read_tolerantly() {
        assert_eq!(decode(b""), json!(null));
        assert_eq!(decode(b" \r\n"), json!(null));
        assert_eq!(decode(b"\xEF\xBB\xBF{\"a\":1}\n"), json!({"a": 1}));
        assert_eq!(decode(b"\"taken\""), json!("taken"));
        assert_eq!(decode(b"<html>"), json!("<html>"));
        assert_eq!(decode(b"{\"a\":"), json!("{\"a\":"));
        assert_eq!(decode(b"caf\xE9"), json!("caf\u{FFFD}"));
        assert_eq!(decode("[".repeat(10_000).as_bytes()), json!("[".repeat(10_000)));
    }
}
