//! How a rule's value changes: `values`, `as`, `script`, `ref`.

use super::context::Context;
use super::conversions::conversions;
use super::functions::{self, Job};
use crate::mapping::codes;
use crate::mapping::source::{Entry, Node};
use crate::mapping::transform::{Function, Table, Transform};
use crate::mapping::transform::{same, to_kind};
use crate::scim::schema::{Attribute, Kind, nearest};
use serde_json::Value;
use std::sync::Arc;

/// The directions of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Both,
    ToScim,
    ToTarget,
}

/// What a transform is for.
#[derive(Clone, Copy)]
pub(super) struct Aim<'a> {
    /// The attribute whose value changes.
    pub(super) attribute: &'a Attribute,
    /// The elements of a multi-valued attribute are changed as a list.
    pub(super) whole_list: bool,
    pub(super) way: Way,
    /// The sent form is remembered, so that nothing is lost on the way.
    pub(super) remembers: bool,
}

/// The transform of a rule or sub-attribute.
pub(super) fn transform(context: &Context<'_>, node: &Node, aim: Aim<'_>) -> Transform {
    let (kind, way) = (aim.attribute.kind, aim.way);
    let given: Vec<&Entry> = ["values", "as", "script"].iter().filter_map(|key| node.entry(key)).collect();
    if let [first, second, ..] = given.as_slice() {
        let message = format!("`{}` and `{}` both change the value", first.key, second.key);
        context.report.hint(
            &codes::TWO_TRANSFORMS,
            &second.key_span,
            (message, "a rule has at most one of values, as, script"),
        );
    }
    let made = given.first().map(|entry| match entry.key.as_str() {
        "values" => Transform::Table(Arc::new(table(context, &entry.value, kind))),
        "as" => Transform::As(conversions(context, &entry.value, aim)),
        _ => script(context, &entry.value, way),
    });
    if let (Some(entry), None) = (node.entry("else"), node.entry("values")) {
        context.report.say(&codes::KEY_WITHOUT_PARTNER, &entry.key_span, "`else` stands inside `values`");
    }
    made.unwrap_or_default()
}

/// The resource type that `ref` names.
pub(super) fn reference(context: &Context<'_>, node: &Node) -> Option<Arc<str>> {
    let node = node.get("ref")?;
    let name = node.text()?;
    match context.kind(name) {
        Some(kind) => Some(kind.name.clone()),
        None => {
            let near = nearest(name, context.kinds.iter().map(|kind| &*kind.name)).map(str::to_owned);
            context.report.near(&codes::UNKNOWN_TYPE, &node.span, (format!("the file describes no `{name}`"), near));
            None
        }
    }
}

fn table(context: &Context<'_>, node: &Node, kind: Kind) -> Table {
    let mut table = Table::default();
    for entry in node.entries() {
        if entry.key == "else" {
            table.otherwise = own_value(context, (&entry.value, &entry.value.span, entry.value.text()), kind);
            continue;
        }
        let own = own_value(context, (&entry.value, &entry.key_span, Some(&entry.key)), kind);
        let spellings: Vec<Value> = entry.value.items().iter().map(Node::json).collect();
        for (spelling, item) in spellings.iter().zip(entry.value.items()) {
            if let Some((other, _)) = table.rows.iter().find(|(_, all)| all.iter().any(|one| same(one, spelling))) {
                let (spelling, other) = (item.text().unwrap_or_default(), crate::wire::template::as_text(other));
                let message = format!("`{spelling}` stands for `{other}` already");
                context.report.say(&codes::TABLE_AMBIGUOUS, &item.span, message);
            }
        }
        if spellings.is_empty() {
            context.report.say(&codes::TABLE_VALUE, &entry.value.span, format!("`{}` has no spelling", entry.key));
        }
        if let Some(own) = own {
            table.rows.push((own, spellings));
        }
    }
    table
}

/// The attribute's value that a table's key stands for; `null` is absence.
fn own_value(
    context: &Context<'_>,
    (_, span, text): (&Node, &std::ops::Range<usize>, Option<&str>),
    kind: Kind,
) -> Option<Value> {
    let text = text?;
    if text == "null" {
        return Some(Value::Null);
    }
    let strict_boolean = kind != Kind::Boolean || matches!(text, "true" | "false");
    match to_kind(&Value::from(text), kind) {
        Ok(Some(value)) if strict_boolean && kind != Kind::Complex => Some(value),
        _ => {
            let message = format!("`{text}` is not a value of this attribute, which is of type {}", kind.as_str());
            let boolean = (kind == Kind::Boolean).then(|| boolean_of(text)).flatten();
            context.report.near(&codes::TABLE_VALUE, span, (message, boolean.map(str::to_owned)));
            None
        }
    }
}

fn script(context: &Context<'_>, node: &Node, way: Way) -> Transform {
    // The first of two goes to the product, and so does the one of a rule that only writes.
    let sent = |position: usize| position == 0 && way != Way::ToScim;
    let items = node.items().iter().enumerate();
    let names: Vec<Option<Function>> = items.map(|(at, item)| function(context, (item, sent(at)))).collect();
    let (to_target, to_scim) = match (names.as_slice(), way) {
        ([target, scim], Way::Both) => (target.clone(), scim.clone()),
        ([one], Way::ToScim) => (None, one.clone()),
        ([one], Way::ToTarget) => (one.clone(), None),
        ([_], Way::Both) => {
            let hint = "name two functions: [to the product, to SCIM]";
            context.report.hint(
                &codes::NO_INVERSE,
                &node.span,
                ("a two-way rule needs a function for each direction", hint),
            );
            return Transform::Same;
        }
        _ => {
            context.report.say(&codes::WRONG_KIND, &node.span, "a one-way rule takes the name of one function");
            return Transform::Same;
        }
    };
    match &context.script {
        Some(script) => Transform::Script { script: script.clone(), to_target, to_scim },
        None => Transform::Same,
    }
}

/// A function of the script file that takes one value, and perhaps the settings, and on its way to the product the field as it was.
fn function(context: &Context<'_>, (node, sent): (&Node, bool)) -> Option<Function> {
    let count = functions::parameters(context, node, Job::Change { sent })?;
    let settings = (count > 1).then(|| context.all_settings());
    Some(Function { name: node.text()?.into(), settings, before: count == 3 })
}

/// The boolean that a spelling of it means.
fn boolean_of(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some("true"),
        "false" | "no" | "off" | "n" => Some("false"),
        _ => None,
    }
}
