//! Forms (`application/x-www-form-urlencoded`): nested fields as `a[b]=c`, lists as repeated names or as `a[]`.

use crate::wire::template::as_text;
use form_urlencoded::Serializer;
use serde_json::{Map, Value};

/// How deep names in brackets may lie in each other; a deeper name stands as it is.
const DEEPEST: usize = 16;

/// How lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `a=1&a=2`; an empty list is not there.
    Repeated,
    /// `a[]=1&a[]=2`; an empty list is `a[]=`.
    Brackets,
}

/// The form of these fields. A list of maps is numbered in either way: `a[0][b]=c`.
pub fn write(fields: &Map<String, Value>, lists: Lists) -> String {
    let mut form = Serializer::new(String::new());
    fields.iter().for_each(|(name, value)| put(&mut form, name, (value, lists)));
    form.finish()
}

fn put(form: &mut Serializer<'_, String>, name: &str, (value, lists): (&Value, Lists)) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(inner, value)| put(form, &format!("{name}[{inner}]"), (value, lists)));
        }
        Value::Array(list) if list.iter().any(|one| one.is_array() || one.is_object()) => {
            list.iter().enumerate().for_each(|(place, one)| put(form, &format!("{name}[{place}]"), (one, lists)));
        }
        Value::Array(list) => {
            let name = if lists == Lists::Brackets { format!("{name}[]") } else { name.to_owned() };
            if list.is_empty() && lists == Lists::Brackets {
                form.append_pair(&name, "");
            }
            form.extend_pairs(list.iter().map(|one| (&name, as_text(one))));
        }
        scalar => drop(form.append_pair(name, &as_text(scalar))),
    }
}

/// The fields of a form. A name that comes twice is a list, and so is one with `[]`; all values are text.
pub fn read(bytes: &[u8]) -> Value {
    let mut fields = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(bytes).filter(|(name, _)| !name.is_empty()) {
        set(&mut fields, &pieces(&name), value.into_owned());
    }
    fields
}

/// `a[b][]` as `a`, `b` and nothing; a name of another shape is one piece.
fn pieces(name: &str) -> Vec<&str> {
    let whole = || vec![name];
    let Some((first, rest)) = name.split_once('[') else { return whole() };
    let Some(inner) = rest.strip_suffix(']').filter(|_| !first.is_empty()) else { return whole() };
    let pieces: Vec<&str> = std::iter::once(first).chain(inner.split("][")).collect();
    let odd = pieces.iter().any(|piece| piece.contains(['[', ']']));
    let unnamed = pieces.iter().rev().skip(1).any(|piece| piece.is_empty());
    if odd || unnamed || pieces.len() > DEEPEST { whole() } else { pieces }
}

fn set(place: &mut Value, pieces: &[&str], value: String) {
    match (pieces, place) {
        ([], place) => match place {
            Value::Null => *place = Value::String(value),
            Value::Array(list) => list.push(Value::String(value)),
            other => *other = Value::Array(vec![other.take(), Value::String(value)]),
        },
        ([""], place) => match place {
            Value::Array(list) => list.push(Value::String(value)),
            Value::Null => *place = Value::Array(vec![Value::String(value)]),
            other => *other = Value::Array(vec![other.take(), Value::String(value)]),
        },
        ([name, rest @ ..], Value::Object(fields)) => {
            set(fields.entry(*name).or_insert(Value::Null), rest, value);
        }
        ([name, rest @ ..], Value::Array(list)) if name.parse() == Ok(list.len()) => {
            let mut element = Value::Null;
            set(&mut element, rest, value);
            list.push(element);
        }
        ([name, rest @ ..], Value::Array(list)) => {
            let known = name.parse().ok().and_then(|place: usize| list.get_mut(place));
            if let Some(known) = known {
                set(known, rest, value);
            }
        }
        ([name, rest @ ..], place) => {
            // The first of a numbered list is number 0; any other number is a name.
            *place = if *name == "0" { Value::Array(vec![Value::Null]) } else { Value::Object(Map::new()) };
            match place {
                Value::Array(list) => list.iter_mut().for_each(|first| set(first, rest, value.clone())),
                other => set(other, &[&[*name], rest].concat(), value),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn form(body: &Value, lists: Lists) -> String {
        write(body.as_object().unwrap(), lists)
    }

    #[test]
    fn a_form_is_escaped_and_repeats_lists() {
        let body =
            json!({"a b": "x&y=z\r\n", "n": 7, "on": true, "off": null, "l": ["1", 2], "none": [], "o": {"k": "v"}});
        let text = "a+b=x%26y%3Dz%0D%0A&l=1&l=2&n=7&o%5Bk%5D=v&off=&on=true";
        assert_eq!(form(&body, Lists::Repeated), text);
        let text = "a+b=x%26y%3Dz%0D%0A&l%5B%5D=1&l%5B%5D=2&n=7&none%5B%5D=&o%5Bk%5D=v&off=&on=true";
        assert_eq!(form(&body, Lists::Brackets), text);
    }

    #[test]
    fn maps_in_lists_are_numbered() {
        let body = json!({"u": {"mails": [{"v": "a"}, {"v": "b", "t": "w"}]}});
        let text = "u[mails][0][v]=a&u[mails][1][t]=w&u[mails][1][v]=b";
        assert_eq!(form(&body, Lists::Repeated).replace("%5B", "[").replace("%5D", "]"), text);
        assert_eq!(read(text.as_bytes()), body);
    }

    #[test]
    fn what_products_answer_is_read() {
        assert_eq!(read(b"id=7&name=a+b%21"), json!({"id": "7", "name": "a b!"}));
        assert_eq!(
            read(b"r[]=1&r[]=2&s=x&s=y&t[u][v]=w"),
            json!({"r": ["1", "2"], "s": ["x", "y"], "t": {"u": {"v": "w"}}})
        );
        assert_eq!(read(b""), json!({}));
        for odd in ["[a]=1", "a[=1", "a]=1", "a[b=1", "a[][b]=1", "a[b]c=1"] {
            let name = odd.split_once('=').unwrap().0;
            assert_eq!(read(odd.as_bytes()), json!({ name: "1" }));
        }
    }

    fn fields() -> impl Strategy<Value = Value> {
        let text = "[ -~é\n]{0,8}".prop_map(Value::String);
        let value = text.clone().prop_recursive(3, 16, 4, move |inner| {
            let texts = prop::collection::vec(text.clone(), 2..4).prop_map(Value::Array);
            let map = prop::collection::btree_map("[a-z_.-]{1,5}", inner, 1..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()));
            let maps = prop::collection::vec(map.clone(), 1..4).prop_map(Value::Array);
            prop_oneof![texts, map, maps]
        });
        prop::collection::btree_map("[a-z_.-]{1,5}", value, 0..4)
            .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fields in fields()) {
            for lists in [Lists::Repeated, Lists::Brackets] {
                prop_assert_eq!(&read(form(&fields, lists).as_bytes()), &fields);
            }
        }

        #[test]
        fn any_text_is_read(text in "[a-b0-2\\[\\]=&%]{0,60}") {
            prop_assert!(read(text.as_bytes()).is_object());
        }
    }
}
