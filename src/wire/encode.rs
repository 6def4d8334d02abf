//! Bodies on the wire: a JSON value written as a call wants it, an answer's bytes read as tolerantly as targets need.

use crate::wire::call::{Decoding, Encoding};
use crate::wire::form::{self, Lists};
use crate::wire::template::as_text;
use crate::wire::xml::{self, XmlError};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

/// Why a body cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A form of something else than fields.
    #[error("a form is made of named fields")]
    Fields,
    /// No XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

/// The content type that goes with an encoding; there is none where there is no body.
pub fn content_type(encoding: Encoding) -> Option<&'static str> {
    match encoding {
        Encoding::Json => Some("application/json"),
        Encoding::Form | Encoding::FormBrackets => Some("application/x-www-form-urlencoded"),
        Encoding::Xml => Some("application/xml"),
        Encoding::Text => Some("text/plain; charset=utf-8"),
        Encoding::Nothing => None,
    }
}

/// The bytes of a body.
///
/// # Errors
/// The value has no form in this encoding.
pub fn encode(encoding: Encoding, body: &Value) -> Result<Vec<u8>, EncodeError> {
    let fields = || body.as_object().ok_or(EncodeError::Fields);
    Ok(match encoding {
        Encoding::Json => body.to_string().into_bytes(),
        Encoding::Form => form::write(fields()?, Lists::Repeated).into_bytes(),
        Encoding::FormBrackets => form::write(fields()?, Lists::Brackets).into_bytes(),
        Encoding::Xml => xml::write(body)?.into_bytes(),
        Encoding::Text => as_text(body).into_owned().into_bytes(),
        Encoding::Nothing => Vec::new(),
    })
}

/// How long a value is as JSON: about, as numbers and escapes are only guessed at.
pub fn json_length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 12,
        Value::String(text) => text.len() + 3,
        Value::Array(list) => 2 + list.iter().map(json_length).sum::<usize>(),
        Value::Object(fields) => 2 + fields.iter().map(|(name, one)| name.len() + 4 + json_length(one)).sum::<usize>(),
    }
}

/// A request's body, read back.
pub fn decode_request(headers: &HeaderMap, bytes: &[u8]) -> Value {
    let form = content_type(Encoding::Form).is_some_and(|form| said(headers) == form);
    decode_answer(if form { Decoding::Form } else { Decoding::Seen }, headers, bytes)
}

/// The content type without its parameters.
fn said(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// An answer's body: as the call says, else as its content type says, where that is true.
pub fn decode_answer(decoding: Decoding, headers: &HeaderMap, bytes: &[u8]) -> Value {
    let said = said(headers);
    match decode(bytes) {
        Value::String(_) if decoding == Decoding::Form => form::read(bytes),
        // XML without its first line, that says so in the header.
        Value::String(text) if said.ends_with("/xml") || (said.ends_with("+xml") && !said.contains("xhtml")) => {
            xml::read(text.as_bytes()).filter(|read| !is_page(read)).unwrap_or(Value::String(text))
        }
        other => other,
    }
}

/// A body by looking: JSON where it is JSON, XML where it begins as XML does, null where it is empty, else its text.
pub fn decode(bytes: &[u8]) -> Value {
    // Some products send a byte order mark before their JSON; RFC 8259 §8.1 lets a reader skip it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Value::Null;
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    let document = bytes.trim_ascii_start();
    let read = if document.starts_with(b"<?xml") { xml::read(document) } else { None };
    let text = || Value::String(String::from_utf8_lossy(bytes).into_owned());
    read.filter(|read| !is_page(read)).unwrap_or_else(text)
}

/// Is it a JSON object or list? Nothing of it is kept to tell that.
pub fn is_document(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// A page for people, however well it is formed.
fn is_page(read: &Value) -> bool {
    read.as_object().is_some_and(|fields| fields.keys().any(|name| name.eq_ignore_ascii_case("html")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use serde_json::json;

    #[test]
    fn a_form_of_anything_but_fields_is_none() {
        for body in [json!("a=b"), json!(["a"]), json!(null), json!(7)] {
            assert_eq!(encode(Encoding::Form, &body), Err(EncodeError::Fields));
        }
    }

    #[test]
    fn json_keeps_its_types() {
        let body = json!({"b": 1, "a": [null, "é"]});
        assert_eq!(encode(Encoding::Json, &body).unwrap(), r#"{"a":[null,"é"],"b":1}"#.as_bytes());
    }

    #[test]
    fn the_length_of_json_is_told_well_enough_to_make_room_for_it() {
        let members: Vec<String> = (0..1000).map(|number| format!("mem_{number:016x}")).collect();
        for body in [json!({ "memberIds": members, "name": "Guides" }), json!([1, true, null, {}, [], "text"])] {
            let (told, true_length) = (json_length(&body), body.to_string().len());
            assert!(told >= true_length && told < true_length * 3 / 2 + 50, "{told} {true_length}");
        }
    }

    fn sent(encoding: Encoding, body: &Value) -> Value {
        let kind = HeaderValue::from_static(content_type(encoding).unwrap());
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        decode_request(&headers, &encode(encoding, body).unwrap())
    }

    #[test]
    fn every_encoding_is_read_back() {
        let body = json!({"user": {"name": "a & b", "mail": ["x", "y"]}});
        for encoding in [Encoding::Json, Encoding::Form, Encoding::FormBrackets, Encoding::Xml] {
            assert_eq!(sent(encoding, &body), body, "{encoding:?}");
        }
        let text = json!("a <b> {\"c\"");
        assert_eq!(sent(Encoding::Text, &text), text);
        assert_eq!(encode(Encoding::Nothing, &body).unwrap(), b"");
        assert_eq!(sent(Encoding::Form, &json!({})), json!(null));
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
        assert_eq!(decode(b"\n<?xml version='1.0'?><a>1</a>"), json!({"a": "1"}));
        assert_eq!(decode(b"<a>1</a>"), json!("<a>1</a>"));
    }

    #[test]
    fn a_document_is_told_from_everything_else() {
        for bytes in ["{}", " [1]\r\n", "\u{feff}{\"a\":[\"b\"]}"] {
            assert!(is_document(bytes.as_bytes()), "{bytes}");
        }
        for bytes in ["", "null", "\"taken\"", "7", "{\"a\":", "{} {}", "<html>", "[<?xml"] {
            assert!(!is_document(bytes.as_bytes()), "{bytes}");
        }
    }

    fn answered(said: &'static str, bytes: &[u8]) -> Value {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(said))]);
        decode_answer(Decoding::Seen, &headers, bytes)
    }

    #[test]
    fn the_content_type_tells_xml_from_text_and_pages_stay_text() {
        assert_eq!(answered("application/xml; charset=utf-8", b"<a>1</a>"), json!({"a": "1"}));
        assert_eq!(answered("application/soap+xml", b"<a>1</a>"), json!({"a": "1"}));
        assert_eq!(answered("text/html", b"<?xml version='1.0'?><a>1</a>"), json!({"a": "1"}));
        assert_eq!(answered("text/html", b"{\"a\":1}"), json!({"a": 1}));
        for page in ["<html><body>no</body></html>", "<?xml version='1.0'?><HTML/>", "<!DOCTYPE html><p>"] {
            assert_eq!(answered("application/xml", page.as_bytes()), json!(page));
        }
        assert_eq!(answered("application/xhtml+xml", b"<a>1</a>"), json!("<a>1</a>"));
        assert_eq!(answered("application/xml", b"<a>"), json!("<a>"));
    }

    #[test]
    fn a_form_is_read_where_the_call_says_so() {
        let none = HeaderMap::new();
        assert_eq!(decode_answer(Decoding::Form, &none, b"id=7&ok=1"), json!({"id": "7", "ok": "1"}));
        assert_eq!(decode_answer(Decoding::Seen, &none, b"id=7&ok=1"), json!("id=7&ok=1"));
        assert_eq!(decode_answer(Decoding::Form, &none, b""), json!(null));
    }
}
