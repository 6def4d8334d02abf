//! The file as a tree with spans. Nobody else sees the YAML parser.
//!
//! Plain scalars keep their text: what is a number and what is text is asked where the value is used, so `1.10` and `007` survive as keys.

use crate::mapping::codes;
use crate::mapping::diagnostic::Report;
use crate::mapping::slips;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use std::ops::Range;

/// A file longer than this is refused before it is parsed.
pub(super) const LONGEST_FILE: usize = 1024 * 1024;
const DEEPEST: usize = 40;

/// One node of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) what: What,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Text; `plain` without quotes.
    Scalar { text: String, plain: bool },
    /// `- a` or `[a]`.
    List(Vec<Node>),
    /// `a: b` or `{ a: b }`, the second written with braces.
    Map { entries: Vec<Entry>, braces: bool },
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) key_plain: bool,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.what {
            What::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.what {
            What::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.what, What::Map { .. })
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.what, What::List(_))
    }

    /// The elements of a list; anything else counts as a list of itself.
    pub(super) fn items(&self) -> &[Node] {
        match &self.what {
            What::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }

    /// The value as JSON: plain scalars by YAML's core schema, as far as JSON has the value.
    pub(super) fn json(&self) -> Value {
        match &self.what {
            What::Scalar { text, plain: true } => plain_value(text),
            What::Scalar { text, plain: false } => Value::from(text.as_str()),
            What::List(list) => list.iter().map(Node::json).collect(),
            What::Map { entries, .. } => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// The place of a part of this scalar's text, where text and file agree; else the whole scalar.
    pub(super) fn part(&self, part: Range<usize>, file: &str) -> Range<usize> {
        let Some(text) = self.text() else { return self.span.clone() };
        let written = file.get(self.span.clone()).unwrap_or_default();
        match written.find(text) {
            Some(offset) if !text.is_empty() => {
                let start = self.span.start + offset;
                start + part.start.min(text.len())..start + part.end.min(text.len())
            }
            _ => self.span.clone(),
        }
    }

    /// `{name}`: what people write who mean a placeholder.
    pub(super) fn braced_name(&self) -> Option<&str> {
        match &self.what {
            What::Map { entries, braces: true } => match entries.as_slice() {
                [only] if only.key_plain && only.value.span.is_empty() => Some(&only.key),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The value of a plain scalar.
fn plain_value(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        other => other.parse::<Number>().map_or_else(|_| Value::from(other), Value::Number),
    }
}

/// Reads the file. Mistakes go to the report; `None` where there is no tree to go on with.
pub(super) fn read(report: &Report) -> Option<Node> {
    let text = report.text();
    if text.len() > LONGEST_FILE {
        report.say(&codes::TOO_LARGE, &(0..0), format!("the file is longer than {LONGEST_FILE} bytes"));
        return None;
    }
    let mut events = Parser::new_from_str(text).filter(|next| !matches!(next, Ok((Event::Comment(..), _))));
    let mut reader = Reader { report, next: Box::new(move || events.next()) };
    reader.document()
}

type Next<'a> = Option<Result<(Event<'a>, Span), granit_parser::ScanError>>;

struct Reader<'a> {
    report: &'a Report,
    next: Box<dyn FnMut() -> Next<'a> + 'a>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => break,
                (Event::StreamStart | Event::DocumentEnd, _) => {}
                (Event::DocumentStart(..), span) if root.is_some() => {
                    let hint = "leave this line out, or put what follows into a file of its own";
                    let message = "a mapping file is one YAML document";
                    self.report.hint(&codes::NOT_PLAIN_YAML, &bytes(&span), (message, hint));
                    return None;
                }
                (Event::DocumentStart(..), _) => {
                    let first = self.event()?;
                    root = Some(self.node(first, 0)?);
                }
                _ => return None,
            }
        }
        if root.is_none() {
            self.report.hint(&codes::SYNTAX, &(0..0), ("the file is empty", "a mapping begins with `edition: 1`"));
        }
        root
    }

    fn event(&mut self) -> Option<(Event<'a>, Span)> {
        match (self.next)()? {
            Ok(event) => Some(event),
            Err(error) => {
                slips::tell(self.report, error.marker().byte_offset().unwrap_or(0), &error.kind().to_string());
                None
            }
        }
    }

    fn node(&mut self, (event, span): (Event<'a>, Span), depth: usize) -> Option<Node> {
        let place = bytes(&span);
        if depth > DEEPEST {
            self.report.say(&codes::TOO_LARGE, &place, format!("nested more than {DEEPEST} levels deep"));
            return None;
        }
        let anchored = matches!(
            &event,
            Event::Scalar(_, _, 1.., _) | Event::SequenceStart(_, 1.., _) | Event::MappingStart(_, 1.., _)
        );
        if event.tag().is_some() || anchored {
            let hint = "quote a text that begins with `&` or `!`";
            let message = "`&` begins an anchor and `!` a tag, and neither is used in mapping files";
            self.report.hint(&codes::NOT_PLAIN_YAML, &self.mark(&place), (message, hint));
        }
        match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                Some(Node { span: place, what: What::Scalar { text: text.into_owned(), plain } })
            }
            Event::SequenceStart(..) => self.list(place.start, depth),
            Event::MappingStart(style, ..) => self.map(place.start, (style == StructureStyle::Flow, depth)),
            Event::Alias(_) => {
                let hint = "write out what it stands for";
                self.report.hint(&codes::NOT_PLAIN_YAML, &place, ("aliases are not used in mapping files", hint));
                Some(Node { span: place, what: What::Scalar { text: String::new(), plain: true } })
            }
            _ => None,
        }
    }

    /// `{ at:$.x }` is one text to YAML; what was meant is clear.
    fn unglued(&self, entry: Entry) -> Entry {
        let alone = entry.key_plain && entry.value.span.is_empty() && !self.has_colon(&entry.key_span);
        let pair = alone.then(|| entry.key.split_once(':')).flatten();
        let Some((key, value)) = pair.filter(|(key, value)| !key.is_empty() && !value.is_empty() && *key != "urn")
        else {
            return entry;
        };
        let hint = format!("put a blank after the colon: `{key}: {value}`");
        self.report.hint(&codes::SYNTAX, &entry.key_span, (format!("`{}` is one text", entry.key), hint));
        let start = entry.key_span.start + key.len();
        let what = What::Scalar { text: value.to_owned(), plain: true };
        let value = Node { span: start + 1..entry.key_span.end, what };
        Entry { key: key.to_owned(), key_span: entry.key_span.start..start, key_plain: true, value }
    }

    fn has_colon(&self, key: &Range<usize>) -> bool {
        self.report.text().get(key.end..).is_some_and(|rest| rest.trim_start().starts_with(':'))
    }

    /// The `&` or `!` before a node, with what follows it.
    fn mark(&self, place: &Range<usize>) -> Range<usize> {
        let before = self.report.text().get(..place.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |found| found + 1);
        let sign = before[line..].rfind(['&', '!']).map(|found| line + found);
        sign.map_or(place.clone(), |sign| sign..place.end.max(sign + 1))
    }

    fn list(&mut self, start: usize, depth: usize) -> Option<Node> {
        let mut list = Vec::new();
        loop {
            match self.event()? {
                (Event::SequenceEnd, span) => {
                    return Some(Node { span: start..bytes(&span).end, what: What::List(list) });
                }
                other => list.push(self.node(other, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: usize, (braces, depth): (bool, usize)) -> Option<Node> {
        let (mut entries, mut seen): (Vec<Entry>, HashMap<String, Range<usize>>) = (Vec::new(), HashMap::new());
        loop {
            let key = match self.event()? {
                (Event::MappingEnd, span) => {
                    return Some(Node { span: start..bytes(&span).end, what: What::Map { entries, braces } });
                }
                other => self.node(other, depth + 1)?,
            };
            let next = self.event()?;
            let value = self.node(next, depth + 1)?;
            let (key_span, What::Scalar { text, plain }) = (key.span.clone(), key.what) else {
                self.report.say(&codes::NOT_PLAIN_YAML, &key.span, "a key is text here, not a list or a map");
                continue;
            };
            if let Some(first) = seen.insert(text.clone(), key_span.clone()) {
                let hint = format!("the first one stands in line {}", self.report.line(first.start));
                self.report.hint(
                    &codes::DUPLICATE_KEY,
                    &key_span,
                    (format!("the key `{text}` stands here twice"), hint),
                );
                continue;
            }
            let entry = Entry { key: text, key_span, key_plain: plain, value };
            entries.push(if braces { self.unglued(entry) } else { entry });
        }
    }
}

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(text: &str) -> Node {
        let report = Report::new("t.yaml", text);
        read(&report).unwrap_or_else(|| panic!("{:?}", report.finish()))
    }

    fn codes_of(text: &str) -> Vec<&'static str> {
        let report = Report::new("t.yaml", text);
        let _ = read(&report);
        report.finish().iter().map(|one| one.code.id).collect()
    }

    #[test]
    fn scalars_are_typed_only_where_they_are_plain() {
        let text = "a: 1\nb: \"1\"\nc: true\nd: yes\ne: null\nf:\ng: 007\nh: -1.5\ni: 2024-01-01";
        let expected = json!({"a": 1, "b": "1", "c": true, "d": "yes", "e": null, "f": null, "g": "007", "h": -1.5, "i": "2024-01-01"});
        assert_eq!(tree(text).json(), expected);
    }

    #[test]
    fn spans_are_bytes_of_the_file() {
        let text = "ä: { at: \"$.x\" }";
        let node = tree(text);
        let at = node.get("ä").and_then(|one| one.get("at")).unwrap();
        assert_eq!(&text[at.span.clone()], "\"$.x\"");
        assert_eq!(&text[at.part(2..3, text)], "x");
    }

    #[test]
    fn a_braced_name_is_recognised() {
        assert_eq!(tree("a: {member}").get("a").unwrap().braced_name(), Some("member"));
        assert_eq!(tree("a: {member: 1}").get("a").unwrap().braced_name(), None);
    }

    #[test]
    fn what_is_no_plain_yaml_is_refused() {
        assert_eq!(codes_of("a: &x 1\nb: *x"), [codes::NOT_PLAIN_YAML.id, codes::NOT_PLAIN_YAML.id]);
        assert_eq!(codes_of("a: !t 1"), [codes::NOT_PLAIN_YAML.id]);
        assert_eq!(codes_of("a: 1\n---\nb: 2"), [codes::NOT_PLAIN_YAML.id]);
        assert_eq!(codes_of("a: 1\na: 2"), [codes::DUPLICATE_KEY.id]);
        assert_eq!(codes_of(""), [codes::SYNTAX.id]);
        assert_eq!(codes_of(&format!("{}{}", "[".repeat(60), "]".repeat(60))), [codes::TOO_LARGE.id]);
        assert_eq!(codes_of("a: { at: $.x[?@.id == 1].value }"), [codes::UNQUOTED_IN_BRACES.id]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_tree_or_a_message(text in "\\PC{0,80}|[-a: \\n\\[\\]{}&*!|>'\"#,?]{0,60}") {
            let report = Report::new("t.yaml", &text);
            let tree = read(&report);
            proptest::prop_assert!(tree.is_some() || report.has_errors());
        }
    }
}
