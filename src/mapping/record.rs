//! Writes what tests expect into a mapping file, and leaves every other byte of it alone.

use super::diagnostic::Report;
use super::source::{self, Entry, Node, What};
use serde_json::{Map, Value};
use std::ops::Range;

/// The width at which a line is broken.
const WIDTH: usize = 120;

/// What one test is to say under one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The test's name.
    pub test: String,
    /// `calls` or `answer`.
    pub key: &'static str,
    /// What stands there from now on.
    pub value: Value,
}

/// One piece of a file and what takes its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The test's name.
    pub test: String,
    /// What stood there; empty where nothing did.
    pub removed: String,
    /// What stands there now, without the line breaks around it.
    pub added: String,
    place: Range<usize>,
    text: String,
}

/// The edits that make each test say what is expected, in file order. A test that the file does not have gets none.
pub fn edits(text: &str, expected: &[Expected]) -> Vec<Edit> {
    let report = Report::new("", text);
    let Some(file) = source::read(&report) else { return Vec::new() };
    let tests = file.get("tests").map(Node::items).unwrap_or_default();
    let mut edits: Vec<Edit> = expected
        .iter()
        .filter_map(|one| {
            let test = tests.iter().find(|test| test.get("name").and_then(Node::text) == Some(&one.test))?;
            Some(edit(text, test, one))
        })
        .collect();
    // Two keys put into one place keep their order.
    edits.sort_by_key(|edit| edit.place.start);
    edits
}

/// The text with the edits made.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let (mut edited, mut from) = (String::new(), 0);
    for edit in edits {
        edited.push_str(&text[from..edit.place.start]);
        edited.push_str(&edit.text);
        from = edit.place.end;
    }
    edited + &text[from..]
}

fn edit(text: &str, test: &Node, expected: &Expected) -> Edit {
    let braces = matches!(test.what, What::Map { braces: true, .. });
    let indent = test.entries().first().map_or(0, |entry| column(text, entry.key_span.start));
    let added =
        if braces { flow_entry(expected.key, &expected.value) } else { entry(expected.key, &expected.value, indent) };
    let made = |place: Range<usize>, filled: String| Edit {
        test: expected.test.clone(),
        removed: at_the_edge(&text[place.clone()], indent),
        added: at_the_edge(&added, indent),
        place,
        text: filled,
    };
    let breaks = format!("\n{}", " ".repeat(indent));
    if let Some(standing) = test.entry(expected.key) {
        return made(standing.key_span.start..entry_end(text, standing), added.clone());
    }
    if let Some(answer) = test.entry("answer").filter(|_| expected.key == "calls") {
        let at = answer.key_span.start;
        return made(at..at, if braces { format!("{added}, ") } else { format!("{added}{breaks}") });
    }
    let last = test.entries().last().map_or(test.span.end, |entry| entry_end(text, entry));
    if braces {
        return made(last..last, format!(", {added}"));
    }
    let at = text[last..].find('\n').map_or(text.len(), |found| last + found);
    let at = if text[..at].ends_with('\r') { at - 1 } else { at };
    made(at..at, format!("{breaks}{added}"))
}

/// A piece of the file as it reads on its own.
fn at_the_edge(piece: &str, indent: usize) -> String {
    piece.replace(&format!("\n{}", " ".repeat(indent)), "\n")
}

fn column(text: &str, at: usize) -> usize {
    text[..at].chars().rev().take_while(|letter| *letter != '\n').count()
}

fn entry_end(text: &str, entry: &Entry) -> usize {
    let colon = text[entry.key_span.end..].find(':').map_or(entry.key_span.end, |at| entry.key_span.end + at + 1);
    node_end(text, &entry.value).max(colon)
}

/// Where a node's own text ends: what a block holds may be followed by blank lines and comments that belong to what comes next.
fn node_end(text: &str, node: &Node) -> usize {
    let written = text.get(node.span.clone()).unwrap_or_default();
    let own = node.span.start + written.trim_end().len();
    match &node.what {
        What::List(list) if !written.starts_with('[') => list.last().map_or(own, |last| node_end(text, last)),
        What::Map { entries, braces: false } => entries.last().map_or(own, |last| entry_end(text, last)),
        _ => own,
    }
}

/// `key: value`, on one line where that fits.
fn entry(key: &str, value: &Value, indent: usize) -> String {
    let short = flow_entry(key, value);
    if indent + short.chars().count() <= WIDTH {
        return short;
    }
    let inner = indent + 2;
    let breaks = format!("\n{}", " ".repeat(inner));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let lines = fields.iter().map(|(key, value)| format!("{breaks}{}", entry(key, value, inner)));
            format!("{}:{}", text(key), lines.collect::<String>())
        }
        Value::Array(list) if !list.is_empty() => {
            let lines = list.iter().map(|value| format!("{breaks}- {}", item(value, inner + 2)));
            format!("{}:{}", text(key), lines.collect::<String>())
        }
        _ => short,
    }
}

fn item(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() && indent + flow(value).chars().count() > WIDTH => {
            let lines: Vec<String> = fields.iter().map(|(key, value)| entry(key, value, indent)).collect();
            lines.join(&format!("\n{}", " ".repeat(indent)))
        }
        _ => flow(value),
    }
}

fn flow_entry(key: &str, value: &Value) -> String {
    format!("{}: {}", text(key), flow(value))
}

fn flow(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => format!("{{ {} }}", joined(flow_entries(fields))),
        Value::Array(list) => format!("[{}]", joined(list.iter().map(flow).collect())),
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

fn flow_entries(fields: &Map<String, Value>) -> Vec<String> {
    fields.iter().map(|(key, value)| flow_entry(key, value)).collect()
}

/// A text, quoted unless every reader takes it for text without.
fn text(text: &str) -> String {
    const OTHERWISE: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = |letter: char| letter.is_alphanumeric() || "_./@-?=&%<> ".contains(letter);
    let begins = text.starts_with(|letter: char| letter.is_alphabetic() || "/_<".contains(letter));
    if begins && text.chars().all(plain) && !text.ends_with(' ') && !OTHERWISE.contains(&&*text.to_lowercase()) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recorded(text: &str, expected: &[(&str, &'static str, Value)]) -> String {
        let expected: Vec<Expected> = expected
            .iter()
            .map(|(test, key, value)| Expected { test: (*test).to_owned(), key, value: value.clone() })
            .collect();
        apply(text, &edits(text, &expected))
    }

    #[test]
    fn what_lacks_is_put_at_the_end_of_its_test_and_nothing_else_moves() {
        let text = "# head\ntests:\n  - name: one   # the first\n    scim: GET /Users/7   # why\n\n  # the second\n  - { name: two, scim: GET /Users/8 }\nUser: {}  # last\n";
        let both = recorded(
            text,
            &[
                ("two", "answer", json!({ "active": false })),
                ("one", "calls", json!([])),
                ("one", "answer", json!({ "userName": "b@x" })),
            ],
        );
        assert_eq!(
            both,
            "# head\ntests:\n  - name: one   # the first\n    scim: GET /Users/7   # why\n    calls: []\n    answer: { userName: b@x }\n\n  # the second\n  - { name: two, scim: GET /Users/8, answer: { active: false } }\nUser: {}  # last\n"
        );
    }

    #[test]
    fn calls_stand_before_the_answer() {
        let block = "tests:\n  - name: one\n    scim: GET /Users/7\n    answer: {}";
        let calls = json!([{ "PUT /u/7?a=b": { "number": 1 } }, "DELETE /u/8"]);
        assert_eq!(
            recorded(block, &[("one", "calls", calls)]),
            "tests:\n  - name: one\n    scim: GET /Users/7\n    calls: [{ PUT /u/7?a=b: { number: 1 } }, DELETE /u/8]\n    answer: {}"
        );
        let braces = "tests: [{ name: one, answer: {} }]";
        assert_eq!(recorded(braces, &[("one", "calls", json!([]))]), "tests: [{ name: one, calls: [], answer: {} }]");
    }

    #[test]
    fn what_stands_is_replaced_up_to_its_own_end() {
        let text = "tests:\n  - name: one\n    answer:\n      active: true\n      userName: b   # kept\n    # about the request\n    scim: GET /Users/7\n    calls:\n\n  - name: two\n";
        assert_eq!(
            recorded(text, &[("one", "answer", json!({ "status": 404 })), ("one", "calls", json!([]))]),
            "tests:\n  - name: one\n    answer: { status: 404 }   # kept\n    # about the request\n    scim: GET /Users/7\n    calls: []\n\n  - name: two\n"
        );
    }

    #[test]
    fn long_lines_are_broken() {
        let long = "x".repeat(70);
        let value = json!([{ "PUT /u/7": { "a": long, "b": long } }]);
        let text = recorded("tests:\n  - name: one\n", &[("one", "calls", value)]);
        assert_eq!(
            text,
            format!("tests:\n  - name: one\n    calls:\n      - PUT /u/7:\n          a: {long}\n          b: {long}\n")
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back_as_it_was(texts in proptest::collection::vec("\\PC{0,12}|[-a-z: #\\[\\]{},&*!|>'\"%@`0-9~?.]{0,12}", 1..6), wide in 0usize..140) {
            let list: Value = texts.iter().map(|text| json!({ text: [text, wide] })).collect();
            let value = json!({ "list": list, "pad": "y".repeat(wide) });
            let text = recorded("tests:\n  - name: one\n  - name: two\n", &[("one", "answer", value.clone())]);
            let report = Report::new("", &text);
            let tree = source::read(&report);
            proptest::prop_assert!(tree.is_some(), "{text}");
            let read = tree.and_then(|tree| tree.get("tests")?.items().first()?.get("answer").map(Node::json));
            proptest::prop_assert_eq!(read, Some(value), "{}", text);
        }
    }
}
