//! XML as JSON and back: an element is a field, `@name` its attribute, `#text` its text beside these, a list its repetition.
//!
//! | XML | JSON |
//! |---|---|
//! | `<user id="7"><mail>a</mail><mail>b</mail></user>` | `{"user": {"@id": "7", "mail": ["a", "b"]}}` |
//! | `<phone type="work">12</phone>` | `{"phone": {"@type": "work", "#text": "12"}}` |
//! | `<nick/>`, `<nick></nick>` | `{"nick": null}` |
//!
//! No document type, no entities but the five of XML itself, so that a text is never larger than its bytes.

use crate::wire::path::TEXT;
use crate::wire::template::as_text;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// How deep elements may lie in each other.
const DEEPEST: usize = 64;

/// Why a value cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// There is not exactly one root element.
    #[error("XML has one root element, so the body is a map with one field")]
    Root,
    /// A field's name is none in XML, or a list stands in a list.
    #[error("a field of the body has no form in XML")]
    Form,
    /// A text holds a character that XML cannot hold at all.
    #[error("a text holds a character that XML cannot hold")]
    Character,
}

/// The document of a value with one field.
///
/// # Errors
/// The value has no form in XML.
pub fn write(body: &Value) -> Result<String, XmlError> {
    let mut fields = body.as_object().ok_or(XmlError::Root)?.iter();
    let (Some((name, value)), None) = (fields.next(), fields.next()) else { return Err(XmlError::Root) };
    if value.is_array() || name.starts_with(['@', '#']) {
        return Err(XmlError::Root);
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(name, value, (&mut text, 0))?;
    Ok(text)
}

fn element(name: &str, value: &Value, (text, depth): (&mut String, usize)) -> Result<(), XmlError> {
    if !is_name(name) || depth > DEEPEST {
        return Err(XmlError::Form);
    }
    text.push('<');
    text.push_str(name);
    match value {
        Value::Null => {
            text.push_str("/>");
            return Ok(());
        }
        Value::Array(_) => return Err(XmlError::Form),
        Value::Object(fields) => {
            attributes(fields, text)?;
            text.push('>');
            for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('@')) {
                child(name, value, (text, depth))?;
            }
        }
        scalar => {
            text.push('>');
            escape(&as_text(scalar), text)?;
        }
    }
    text.push_str("</");
    text.push_str(name);
    text.push('>');
    Ok(())
}

fn attributes(fields: &Map<String, Value>, text: &mut String) -> Result<(), XmlError> {
    for (name, value) in fields {
        let Some(name) = name.strip_prefix('@').filter(|_| !value.is_null()) else { continue };
        if !is_name(name) || value.is_array() || value.is_object() {
            return Err(XmlError::Form);
        }
        text.push(' ');
        text.push_str(name);
        text.push_str("=\"");
        escape(&as_text(value), text)?;
        text.push('"');
    }
    Ok(())
}

fn child(name: &str, value: &Value, (text, depth): (&mut String, usize)) -> Result<(), XmlError> {
    match value {
        Value::Array(_) | Value::Object(_) if name == TEXT => Err(XmlError::Form),
        scalar if name == TEXT => escape(&as_text(scalar), text),
        Value::Array(list) => list.iter().try_for_each(|one| element(name, one, (text, depth + 1))),
        one => element(name, one, (text, depth + 1)),
    }
}

/// Line ends and tabs are written as references, or a reader would make blanks or other line ends of them (XML 1.0 §2.11, §3.3.3).
fn escape(plain: &str, text: &mut String) -> Result<(), XmlError> {
    for letter in plain.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            '\n' => text.push_str("&#10;"),
            '\t' => text.push_str("&#9;"),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => return Err(XmlError::Character),
            other => text.push(other),
        }
    }
    Ok(())
}

/// The names of XML 1.0 §2.3, a little narrower.
fn is_name(name: &str) -> bool {
    let inner = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
    name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') && name.chars().all(inner)
}

/// An element that is being read.
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

/// The value of a document: one field, named after the root element. `None`: it is no XML, or more of XML than is read here.
pub fn read(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = Map::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() >= DEEPEST || (open.is_empty() && !root.is_empty()) {
                    return None;
                }
                open.push(begun(&start)?);
            }
            Event::Empty(start) => {
                if open.is_empty() && !root.is_empty() {
                    return None;
                }
                let (name, value) = ended(begun(&start)?);
                put(open.last_mut().map_or(&mut root, |parent| &mut parent.fields), name, value);
            }
            Event::End(_) => {
                let (name, value) = ended(open.pop()?);
                put(open.last_mut().map_or(&mut root, |parent| &mut parent.fields), name, value);
            }
            Event::Text(piece) => said(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => said(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(entity) => {
                let letter = match entity.resolve_char_ref().ok()? {
                    Some(letter) => letter,
                    None => named(&entity.xml10_content())?,
                };
                open.last_mut()?.text.push(letter);
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            // Whoever sends a document type means entities, or HTML.
            Event::DocType(_) => return None,
            Event::Eof => break,
        }
    }
    (open.is_empty() && !root.is_empty()).then_some(Value::Object(root))
}

fn begun(start: &BytesStart<'_>) -> Option<Open> {
    let name = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    let mut fields = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        fields.insert(format!("@{}", attribute.key.into_inner()), Value::from(value.into_owned()));
    }
    Some(Open { name: name(start.name().into_inner())?, fields, text: String::new() })
}

fn ended(element: Open) -> (String, Value) {
    let Open { name, mut fields, text } = element;
    let value = match (fields.is_empty(), text.is_empty()) {
        (true, true) => Value::Null,
        (true, false) => Value::String(text),
        (false, _) => {
            let children = fields.keys().any(|name| !name.starts_with('@'));
            // Blanks between elements are there for people.
            if !(text.is_empty() || children && text.chars().all(char::is_whitespace)) {
                fields.insert(TEXT.to_owned(), Value::String(text));
            }
            Value::Object(fields)
        }
    };
    (name, value)
}

fn put(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => drop(fields.insert(name, value)),
    }
}

/// Text belongs into an element; between document and root only blanks do.
fn said(open: &mut [Open], piece: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        None if piece.chars().all(char::is_whitespace) => {}
        None => return None,
    }
    Some(())
}

fn named(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn elements_attributes_and_texts_are_fields() {
        let body = json!({"user": {
            "@id": 7, "#text": "x", "mail": ["a", "b&<>\"'"], "on": true, "off": null, "none": [], "@gone": null,
            "phone": {"@type": "work", "#text": "1\r\n2"},
        }});
        let text = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><user id="7">x<mail>a</mail><mail>b&amp;&lt;&gt;&quot;'</mail>"#,
            r#"<off/><on>true</on><phone type="work">1&#13;&#10;2</phone></user>"#
        );
        assert_eq!(write(&body).unwrap(), text);
        let back = json!({"user": {
            "@id": "7", "#text": "x", "mail": ["a", "b&<>\"'"], "on": "true", "off": null,
            "phone": {"@type": "work", "#text": "1\r\n2"},
        }});
        assert_eq!(read(text.as_bytes()), Some(back));
    }

    #[test]
    fn a_body_without_one_root_or_with_odd_names_is_none() {
        for body in [json!({}), json!({"a": 1, "b": 2}), json!([1]), json!("a"), json!({"a": [1]}), json!({"@a": 1})] {
            assert_eq!(write(&body), Err(XmlError::Root), "{body}");
        }
        for body in [
            json!({"a b": 1}),
            json!({"a": {"1": 1}}),
            json!({"a": {"b": [[1]]}}),
            json!({"a": {"@b": {}}}),
            json!({"a><b": 1}),
            json!({"a": {"@x=\"1\"": 1}}),
            json!({"a": {"#text": []}}),
        ] {
            assert_eq!(write(&body), Err(XmlError::Form), "{body}");
        }
        assert_eq!(write(&json!({"a": "\u{1}"})), Err(XmlError::Character));
    }

    #[test]
    fn what_products_send_is_read() {
        let text = "<?xml version=\"1.0\"?>\n<users type='array'>\n  <user><login>a</login></user>\n  <user><![CDATA[<b>]]></user>\n</users>\n";
        assert_eq!(read(text.as_bytes()), Some(json!({"users": {"@type": "array", "user": [{"login": "a"}, "<b>"]}})));
        assert_eq!(read(b"<a>&#x41;&lt;&#66;</a>"), Some(json!({"a": "A<B"})));
        assert_eq!(read(b"<a x='1'/>"), Some(json!({"a": {"@x": "1"}})));
    }

    #[test]
    fn no_entity_grows_and_no_file_is_read() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        let file = "<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&f;</a>";
        let deep = "<a>".repeat(100_000);
        let closed = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for text in
            [bomb, file, "<a>&b;</a>", "<a b='&c;'/>", &deep, &closed, "<a/><b/>", "<a></b>", "<a>", "x", "", "x<a/>"]
        {
            assert_eq!(read(text.as_bytes()), None, "{}", &text[..text.len().min(40)]);
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        "[ -~\t\n\ré\u{2028}\u{1F600}]{0,12}".prop_filter("a text of blanks alone is layout", |text| {
            text.is_empty() || !text.chars().all(char::is_whitespace)
        })
    }

    /// Values in the form in which XML is read: no single-element lists, no empty maps, no empty texts.
    fn elements() -> impl Strategy<Value = Value> {
        let text = texts().prop_map(|text| if text.is_empty() { Value::Null } else { Value::String(text) });
        text.prop_recursive(4, 24, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 2..4).prop_map(Value::Array);
            let field = prop_oneof![3 => inner, 1 => list];
            let fields = prop::collection::btree_map("[a-zA-Z_][a-z0-9._-]{0,5}", field, 1..4);
            let attributes = prop::collection::btree_map("@[a-z][a-z0-9]{0,4}", texts().prop_map(Value::String), 0..3);
            (fields, attributes).prop_map(|(fields, attributes)| {
                Value::Object(fields.into_iter().chain(attributes).collect::<Map<_, _>>())
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "[a-zA-Z_][a-z0-9._-]{0,6}", value in elements()) {
            let body = json!({ name: value });
            prop_assert_eq!(read(write(&body).unwrap().as_bytes()), Some(body));
        }

        #[test]
        fn any_text_is_a_value_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/a-c!&;\\[\\]#?\"'= -]{0,60}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
            let _ = read(format!("<?xml version='1.0'?><a>{text}</a>").as_bytes());
        }
    }
}
