//! Membership that belongs to the member: lists written through another type's, and groups that only the mapping knows.

use super::context::Context;
use super::each;
use super::rules::{Draft, Subject, draft};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::{Rule, Shape, Source, Through, Transform, TypeMapping, Written};
use crate::scim::schema::{ResourceType, nearest};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Keys that a type without calls of its own does not have.
const CALLS: [&str; 6] = ["read", "list", "find", "create", "update", "delete"];

/// Every list that the file's rules name under `through`, as far as it exists.
pub(super) fn throughs(root: &Node, kinds: &[ResourceType]) -> Vec<Through> {
    let attributes = kinds.iter().filter_map(|kind| root.get(&kind.name)?.get("attributes"));
    let named = attributes.flat_map(Node::entries).filter_map(|entry| entry.value.get("through")?.text());
    named.filter_map(|text| parse(text, kinds)).collect()
}

fn parse(text: &str, kinds: &[ResourceType]) -> Option<Through> {
    let (kind, attribute) = text.split_once('.')?;
    let kind = kinds.iter().find(|known| &*known.name == kind)?;
    Some(Through { kind: kind.name.clone(), attribute: kind.path(attribute).ok()? })
}

/// A rule whose elements are written elsewhere, and read there where `each` does not say where else.
pub(super) fn rule(subject: Subject<'_>, node: &Node, place: &Node) -> Option<Draft> {
    let context = subject.names.context;
    let through = place.text().and_then(|text| parse(text, &context.kinds));
    if through.is_none() || !subject.attribute.multi_valued {
        let text = place.text().unwrap_or_default();
        let lists: Vec<String> = context.kinds.iter().map(|kind| format!("{}.groups", kind.name)).collect();
        let near = nearest(text, lists.iter().map(String::as_str)).map(str::to_owned);
        let message = format!("`{}` cannot be written through `{text}`", subject.path);
        context.report.near(&codes::THROUGH_NOTHING, &place.span, (message, near));
        return None;
    }
    let made = match node.get("each") {
        Some(array) => {
            let (path, mut shape, transform) = each::each(subject, node, array)?;
            if let Shape::Each { items, .. } = &mut shape {
                items.iter_mut().for_each(|item| item.read_only = true);
            }
            (path, shape, transform)
        }
        None => (subject.path.clone(), Shape::Read(Vec::<Source>::new()), Transform::Same),
    };
    let mut draft = draft(subject, node, made);
    (draft.rule.through, draft.rule.written) = (through, Written::Sent);
    Some(draft)
}

/// The documents that a type's `fixed:` lists.
pub(super) fn fixed(context: &Context<'_>, (node, list): (&Node, &Node)) -> Vec<Value> {
    for entry in CALLS.iter().filter_map(|call| node.entry(call)) {
        let message = format!("`{}` beside `fixed`: the mapping itself says what there is", entry.key);
        context.report.say(&codes::FIXED_AND_CALLS, &entry.key_span, message);
    }
    let document = |item: &Node| match item.json() {
        Value::String(name) => json!({ "name": name }),
        other => other,
    };
    list.items().iter().map(document).collect()
}

/// What needs both types: can the list be written, and read?
pub(super) fn check(context: &Context<'_>, root: &Node, types: &[TypeMapping]) {
    for kind in types {
        let node = root.get(&kind.kind.name);
        if let (Some(fixed), Some(list)) = (&kind.fixed, node.and_then(|node| node.get("fixed"))) {
            let mut keys = HashSet::new();
            let items = fixed.iter().zip(list.items());
            for (_, item) in items.filter(|(document, _)| !kind.key_of(document).is_some_and(|key| keys.insert(key))) {
                let message = format!("this entry has no key of its own at `{}`", kind.key.at);
                context.report.say(&codes::FIXED_AND_CALLS, &item.span, message);
            }
        }
        for rule in kind.rules.all() {
            let Some(through) = &rule.through else { continue };
            let Some(missing) = missing(context, (kind, rule), (through, types)) else { continue };
            let attributes = node.and_then(|node| node.get("attributes")).map(Node::entries).unwrap_or_default();
            let place = attributes.iter().filter_map(|entry| entry.value.get("through"));
            let name = format!("{}.", through.kind);
            if let Some(place) =
                place.into_iter().find(|place| place.text().is_some_and(|text| text.starts_with(&name)))
            {
                context.report.hint(&codes::THROUGH_NOTHING, &place.span, missing);
            }
        }
    }
}

fn missing(
    context: &Context<'_>,
    (kind, rule): (&TypeMapping, &Rule),
    (through, types): (&Through, &[TypeMapping]),
) -> Option<(String, &'static str)> {
    let other = types.iter().find(|one| one.kind.name == through.kind)?;
    let said = format!("`{}` of {}", through.attribute, through.kind);
    let list = other.rules.all().iter().find(|rule| rule.attribute == through.attribute);
    let Some(list) = list.filter(|list| matches!(list.shape, Shape::Each { .. })) else {
        return Some((
            format!("{said} has no `each:` rule"),
            "such as `groups: { each: $.tags, value: { at: ., ref: Group } }`",
        ));
    };
    if list.elements_refer_to() != Some(&*kind.kind.name) || list.reads_only() {
        let hint = "its `value` has a place, both ways, and says `ref:`";
        return Some((format!("{said} cannot be written, or does not hold a {}", kind.kind.name), hint));
    }
    if !list.has_calls() && !other.update.iter().any(|row| row.may_take(list)) {
        return Some((format!("no row of `update` takes {said}"), "add a row, or `add` and `remove` calls"));
    }
    let calls = context.calls.borrow();
    let listing =
        |search: &crate::mapping::Search| calls.get(usize::from(search.call.0)).and_then(|call| call.listing.clone());
    let whole = other.list.as_ref().and_then(listing).is_some_and(|list| list.is_complete() || list.scan.is_some());
    let found = other.find.iter().flat_map(|find| &find.by).any(|by| through.attribute.covers(by));
    let reads_itself = matches!(rule.shape, Shape::Each { .. });
    (!reads_itself && !whole && !found).then(|| {
        let message = format!("nobody could tell whose {said} holds a {}", kind.kind.name);
        (message, "give the list `scan:`, or add a `find` by it")
    })
}
