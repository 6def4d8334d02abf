//! The rules of `attributes:`.

use super::attribute::Marks;
use super::change::{Aim, Way, reference, transform};
use super::context::{Context, Root, Use, flag};
use super::names::{Names, Place};
use super::{each, election, has, through};
use crate::mapping::codes;
use crate::mapping::rule::{Cleared, Rest, Rule, Shape, Source, Unknown, Written};
use crate::mapping::source::{Entry, Node};
use crate::mapping::text::{Form, form};
use crate::mapping::transform::Transform;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, ResourceType};
use std::ops::Range;
use std::sync::Arc;

const DIRECTIONS: [&str; 5] = ["at", "read", "write", "one", "each"];

/// A rule with what only the compiler needs to know of it.
pub(super) struct Draft {
    pub(super) rule: Rule,
    pub(super) marks: Marks,
    /// `written: ignore` is written down, so changes are accepted.
    pub(super) says_ignore: bool,
    /// The attribute's name in the file.
    pub(super) key: Range<usize>,
    /// The whole rule in the file.
    pub(super) span: Range<usize>,
}

/// What a rule is about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) names: Names<'a>,
    pub(super) kind: &'a ResourceType,
    pub(super) path: &'a AttributePath,
    pub(super) attribute: &'a Attribute,
    pub(super) key: &'a Range<usize>,
}

/// Every rule of a type.
pub(super) fn rules(context: &Context<'_>, kind: &ResourceType, node: &Node) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for entry in node.entries() {
        let Some(path) = context.attribute(kind, (&entry.key, &entry.key_span)) else { continue };
        let Some(attribute) = kind.attribute(&path) else { continue };
        if path.sub.is_some() && kind.attribute(&path.parent()).is_some_and(|parent| parent.multi_valued) {
            let message = format!("`{}` is multi-valued, so `{path}` has no one place", path.parent());
            let hint = format!("write `{}: {{ one: … }}` or `{{ each: … }}`", path.parent());
            context.report.hint(&codes::SUB_OF_LIST, &entry.key_span, (message, hint));
            continue;
        }
        let names = Names { context, place: Place::Default, kind: Some(kind), member: None };
        let subject = Subject { names, kind, path: &path, attribute, key: &entry.key_span };
        let before = drafts.len();
        for (position, node) in entry.value.items().iter().enumerate() {
            let made = rule(subject, node, position);
            let elected = made.as_ref().and_then(|each| election::election(subject, node, each));
            drafts.extend(made);
            drafts.extend(elected);
        }
        conflicts(context, entry, (&drafts, before));
    }
    has::set_apart(context, &mut drafts);
    fields(context, &drafts);
    drafts
}

fn rule(subject: Subject<'_>, node: &Node, position: usize) -> Option<Draft> {
    if node.text() == Some("keep") {
        return Some(draft(subject, node, (subject.path.clone(), Shape::Kept, Transform::Same)));
    }
    if !node.is_map() {
        let path = subject.names.context.path_at(node, (Root::Whole, Use::Write))?;
        writable(subject, &node.span)?;
        return Some(draft(subject, node, (subject.path.clone(), Shape::Field(path), Transform::Same)));
    }
    partners(subject, node);
    if let Some(place) = node.get("through") {
        return through::rule(subject, node, place);
    }
    let given: Vec<&Entry> = DIRECTIONS.iter().filter_map(|key| node.entry(key)).collect();
    let keep = flag(node, "keep");
    let direction = match given.as_slice() {
        [] if keep => return Some(draft(subject, node, (subject.path.clone(), Shape::Kept, Transform::Same))),
        [one] if !keep || one.key == "write" => one,
        all => {
            let message = match all {
                [] => "this rule goes nowhere".to_owned(),
                [one] => format!("`keep` beside `{}`: the attribute would have two homes", one.key),
                [one, other, ..] => format!("`{}` and `{}` in one rule", one.key, other.key),
            };
            let span = all.last().map_or(&node.span, |entry| &entry.key_span);
            let hint = "a rule has one of at, read, write, one, each; or keep alone, or keep beside write";
            subject.names.context.report.hint(&codes::DIRECTION_UNCLEAR, span, (message, hint));
            return None;
        }
    };
    let made = match direction.key.as_str() {
        "at" => match node.get("has") {
            Some(wanted) => has::has(subject, node, (&direction.value, wanted)),
            None => field(subject, node, (&direction.value, Way::Both)),
        },
        "write" => field(subject, node, (&direction.value, Way::ToTarget)),
        "read" => read(subject, node, &direction.value),
        "one" => one(subject, node, (&direction.value, position)),
        _ => each::each(subject, node, &direction.value),
    }?;
    Some(draft(subject, node, made))
}

pub(super) type Made = (AttributePath, Shape, Transform);

fn field(subject: Subject<'_>, node: &Node, (place, way): (&Node, Way)) -> Option<Made> {
    let context = subject.names.context;
    let (path, attribute) = valued(subject, node);
    let transform = transform(context, node, aim(node, (attribute, way)));
    writable(subject, &place.span)?;
    let at = context.path_at(place, (Root::Whole, Use::Write))?;
    let shape = if way == Way::Both { Shape::Field(at) } else { Shape::Write(at) };
    Some((path, shape, transform))
}

fn aim<'a>(node: &Node, (attribute, way): (&'a Attribute, Way)) -> Aim<'a> {
    Aim { attribute, whole_list: attribute.multi_valued, way, remembers: flag(node, "remember") }
}

/// A reference to another account stands in the `value` of a complex attribute, such as a manager's.
fn valued<'a>(subject: Subject<'a>, node: &Node) -> (AttributePath, &'a Attribute) {
    match subject.attribute.sub("value") {
        Some(value) if node.get("ref").is_some() && !subject.attribute.multi_valued => {
            (subject.path.with_sub(&value.name), value)
        }
        _ => (subject.path.clone(), subject.attribute),
    }
}

fn read(subject: Subject<'_>, node: &Node, places: &Node) -> Option<Made> {
    let context = subject.names.context;
    let (path, attribute) = valued(subject, node);
    let transform = transform(context, node, aim(node, (attribute, Way::ToScim)));
    let names = subject.names.at(Place::ReadRule);
    let source = |place: &Node| match form(place.text()?) {
        Form::Rooted(path) => context.path(place, path).map(Source::At),
        Form::Item(_) => context.path_at(place, (Root::Whole, Use::Read)).map(Source::At),
        _ => names.template(place).map(Source::Template),
    };
    let all: Vec<Option<Source>> = places.items().iter().map(source).collect();
    Some((path, Shape::Read(all.into_iter().collect::<Option<Vec<_>>>()?), transform))
}

fn one(subject: Subject<'_>, node: &Node, (places, position): (&Node, usize)) -> Option<Made> {
    let context = subject.names.context;
    if !subject.attribute.multi_valued || subject.path.sub.is_some() {
        let message = format!("`{}` is single-valued", subject.path);
        context.report.hint(&codes::ONE_ON_SINGLE, &places.span, (message, "use `at:`"));
        return None;
    }
    let value: Arc<str> = "value".into();
    let sub = subject.attribute.sub("value").unwrap_or(subject.attribute);
    let transform = transform(context, node, Aim { whole_list: false, ..aim(node, (sub, Way::Both)) });
    writable(subject, &places.span)?;
    let at = match places.entries() {
        [] => vec![(value, context.path_at(places, (Root::Whole, Use::Write))?)],
        entries => entries.iter().filter_map(|entry| each::place(subject, entry)).collect(),
    };
    let of_type = node.get("type").and_then(Node::text).map(Arc::from);
    let primary = node.get("primary").map_or(position == 0, |_| flag(node, "primary"));
    let rest = match node.get("rest").and_then(Node::text) {
        Some("keep") => Rest::Keep,
        Some("refuse") => Rest::Refuse,
        _ => Rest::Ignore,
    };
    Some((subject.path.clone(), Shape::One { at, of_type, primary, rest }, transform))
}

/// Says so where a rule writes what SCIM lets no client write.
pub(super) fn writable(subject: Subject<'_>, span: &Range<usize>) -> Option<()> {
    let own = subject.attribute.mutability == Mutability::ReadOnly;
    if own || matches!(&*subject.path.name, "id" | "schemas" | "meta") {
        let message = format!("`{}` is read-only in SCIM", subject.path);
        subject.names.context.report.hint(&codes::READ_ONLY_ATTRIBUTE, span, (message, "use `read:`"));
        return None;
    }
    Some(())
}

pub(super) fn draft(subject: Subject<'_>, node: &Node, (attribute, shape, transform): Made) -> Draft {
    let names = subject.names;
    let nothing = match &transform {
        Transform::Table(table) => table.nothing().cloned(),
        _ => None,
    };
    let keep = flag(node, "keep") && !matches!(shape, Shape::Kept);
    let refers_to = if matches!(shape, Shape::Each { .. }) { None } else { reference(names.context, node) };
    let default = node.get("default").and_then(|node| names.body(node));
    if let (Shape::Each { .. }, Some(node)) = (&shape, node.get("default").filter(|node| !node.is_list())) {
        names.context.report.say(&codes::WRONG_KIND, &node.span, "beside `each` a default is a list of elements");
    }
    // Of a list, a list is one form of nothing; of a field, each of several.
    let is_list = matches!(shape, Shape::Each { .. });
    let forms = |node: &Node| if is_list { vec![node.json()] } else { spellings(node) };
    let mut rule = Rule {
        attribute,
        shape,
        transform,
        refers_to,
        default,
        cleared: node.get("empty_as").map(forms).or(nothing.map(|one| vec![one])).map_or(Cleared::Absent, Cleared::As),
        remember: flag(node, "remember"),
        written: Written::Sent,
        keep,
        unknown: match node.get("unknown").and_then(Node::text) {
            Some("ignore") => Unknown::Ignored,
            _ => Unknown::Refused,
        },
        through: None,
        line: names.context.report.line(subject.key.start),
    };
    // The parts of a name that is one field come back as they were sent.
    rule.remember |= rule.is_split_name() && !rule.reads_only();
    let refuses = node.get("written").and_then(Node::text) == Some("refuse");
    // What another type writes through is no client's to write here.
    let through = names.context.is_through(&subject.kind.name, &rule.attribute);
    rule.written = match (rule.reads_only() || through, refuses) {
        (true, true) => Written::Refused,
        (true, false) => Written::Ignored,
        (false, _) => Written::Sent,
    };
    let says_ignore = node.get("written").and_then(Node::text) == Some("ignore");
    Draft { rule, marks: Marks::of(node), says_ignore, key: subject.key.clone(), span: node.span.clone() }
}

/// The spellings of nothing; an empty list is one itself.
fn spellings(node: &Node) -> Vec<serde_json::Value> {
    match node.items() {
        [] => vec![node.json()],
        items => items.iter().map(Node::json).collect(),
    }
}

/// Keys that mean nothing without another.
fn partners(subject: Subject<'_>, node: &Node) {
    let report = subject.names.context.report;
    let has = |key: &str| node.get(key).is_some();
    let custom = subject.path.extension.as_deref().is_some_and(|urn| urn != crate::scim::schema::ENTERPRISE_SCHEMA);
    let sent = has("at") || has("write") || has("one") || has("each");
    let table = [
        ("rest", has("one"), "`one`"),
        ("value", has("each"), "`each`"),
        ("display", has("each"), "`each`"),
        ("sub", has("each"), "`each`"),
        ("add", has("each") && !has("through"), "`each`, and without `through`"),
        ("remove", has("each") && !has("through"), "`each`, and without `through`"),
        ("primary", has("each") || has("one"), "`one` or `each`"),
        ("type", has("each") || has("one") || custom, "`one` or `each`"),
        ("multi_valued", custom, "an attribute of one's own, under its URN"),
        ("written", has("read"), "`read`"),
        ("absent_when", has("each"), "`each`"),
        ("stays", has("each"), "`each`"),
        ("unknown", has("each") || has("through"), "`each` or `through`"),
        ("remember", sent, "a rule that sends"),
        ("default", sent, "a rule that sends"),
        ("has", has("at"), "`at`"),
        (
            "empty_as",
            has("at") || has("read") || has("write") || has("one") || (has("each") && !has("add") && !has("through")),
            "`at`, `read`, `write`, `one`, or an `each` that is sent whole",
        ),
        (
            "ref",
            has("at") || has("read") || has("write"),
            "`at`, `read` or `write`; with `each` it stands beside `value`",
        ),
        (
            "values",
            !has("each") && !flag(node, "keep") || has("write"),
            "a field; with `each` it stands beside the sub-attribute",
        ),
        ("as", !has("each"), "a field; with `each` it stands beside the sub-attribute"),
        ("script", !has("each"), "a field; with `each` it stands beside the sub-attribute"),
    ];
    for (key, _, partner) in table.iter().filter(|(_, present, _)| !present) {
        if let Some(entry) = node.entry(key) {
            let message = format!("`{key}` means nothing without {partner}");
            report.say(&codes::KEY_WITHOUT_PARTNER, &entry.key_span, message);
        }
    }
}

/// Two rules for one attribute, or for it and its parent.
fn conflicts(context: &Context<'_>, entry: &Entry, (drafts, before): (&[Draft], usize)) {
    let (earlier, own) = drafts.split_at(before);
    let only_ones = own.iter().all(|draft| matches!(draft.rule.shape, Shape::One { .. }));
    if own.iter().filter(|draft| !matches!(draft.rule.shape, Shape::Elected { .. })).count() > 1 && !only_ones {
        let message = format!("only `one:` rules may share `{}`", entry.key);
        context.report.say(&codes::TWO_RULES_ONE_ATTRIBUTE, &entry.key_span, message);
    }
    let Some(new) = own.first().map(|draft| &draft.rule.attribute) else { return };
    let overlap = earlier.iter().find(|old| old.rule.attribute.covers(new) || new.covers(&old.rule.attribute));
    if let Some(old) = overlap {
        let message = format!("`{new}` has a rule already");
        let hint = format!("the first one, for `{}`, stands in line {}", old.rule.attribute, old.rule.line);
        context.report.hint(&codes::TWO_RULES_ONE_ATTRIBUTE, &entry.key_span, (message, hint));
    }
}

/// Two rules that write one field.
fn fields(context: &Context<'_>, drafts: &[Draft]) {
    let mut seen: Vec<(&str, &Draft)> = Vec::new();
    for draft in drafts {
        for path in draft.rule.written_paths() {
            let other = seen
                .iter()
                .find(|(known, first)| overlap(known, path.text()) && !share(known, path.text(), (first, draft)));
            match other {
                Some((_, first)) => {
                    let message = format!("`{path}` is written by the rule of `{}` too", first.rule.attribute);
                    let hint = format!("it stands in line {}", first.rule.line);
                    context.report.hint(&codes::TWO_RULES_ONE_FIELD, &draft.span, (message, hint));
                }
                None => seen.push((path.text(), draft)),
            }
        }
    }
}

/// Rules that own elements of one array leave each other's alone.
fn share(one: &str, other: &str, (first, second): (&Draft, &Draft)) -> bool {
    let has = |draft: &Draft| matches!(draft.rule.shape, Shape::Has { .. });
    let array = |draft: &Draft| has(draft) || matches!(draft.rule.shape, Shape::Each { .. });
    one == other && (has(first) || has(second)) && array(first) && array(second)
}

/// One path, or one inside the other.
fn overlap(one: &str, other: &str) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    one != "$" && other != "$" && (inside(one, other) || inside(other, one))
}
