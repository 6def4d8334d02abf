//! `each:` rules: a multi-valued attribute is an array.

use super::answers;
use super::call::call;
use super::change::{Aim, Way, reference, transform};
use super::context::{Root, Use, flag};
use super::election::is_election;
use super::follow::follow;
use super::names::Place;
use super::rules::{Subject, writable};
use crate::mapping::codes;
use crate::mapping::member::Apart;
use crate::mapping::rule::{Item, Shape};
use crate::mapping::source::{Entry, Node};
use crate::mapping::transform::{Conversion, Transform};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Kind, Mutability, nearest};
use crate::wire::{CallId, Path, Variable};
use std::sync::Arc;

const SUBS: [&str; 4] = ["value", "display", "primary", "type"];

pub(super) fn each(subject: Subject<'_>, node: &Node, array: &Node) -> Option<(AttributePath, Shape, Transform)> {
    let context = subject.names.context;
    if !subject.attribute.multi_valued || subject.path.sub.is_some() {
        let message = format!("`{}` is single-valued", subject.path);
        context.report.hint(&codes::EACH_ON_SINGLE, &array.span, (message, "use `at:`"));
        return None;
    }
    let elected = node.get("primary").is_some_and(is_election);
    let given = SUBS.iter().filter(|sub| !elected || **sub != "primary").filter_map(|sub| node.entry(sub));
    let further = node.get("sub").map(Node::entries).unwrap_or_default();
    let keyed = SUBS.iter().filter_map(|sub| node.get(sub)).chain(further.iter().map(|entry| &entry.value)).any(is_key);
    let of = Elements { remembers: flag(node, "remember"), keyed };
    let items: Vec<Item> = given.chain(further).filter_map(|entry| item(subject, entry, of)).collect();
    twice(subject, node, further);
    let valued = subject.attribute.sub("value").is_some() || further.is_empty();
    if node.get("value").is_none() && subject.attribute.kind == Kind::Complex && valued {
        let hint = "`value: .id` says where in an element the value stands";
        context.report.hint(&codes::MISSING_KEY, subject.key, ("`value` is missing from an `each:` rule", hint));
    }
    let add = member_call(subject, (node, "add", Place::Add), &items);
    let remove = member_call(subject, (node, "remove", Place::Remove), &items);
    let through = context.is_through(&subject.kind.name, subject.path);
    let reads_only =
        (subject.attribute.mutability == Mutability::ReadOnly && !through) || items.iter().all(|item| item.read_only);
    if let Some(entry) = node.entry("add").or(node.entry("remove")).filter(|_| reads_only) {
        writable(subject, &entry.key_span);
    }
    let by_calls = add.is_some() && remove.is_some() || node.get("through").is_some();
    let purpose = if reads_only || by_calls { Use::Read } else { Use::Write };
    let at = context.path_at(array, (Root::Whole, purpose))?;
    if keyed && (add.is_some() || remove.is_some() || at.without_filter().1.is_some()) {
        let message = "where names are the fields of an object, it is sent whole: no filter, no `add`, no `remove`";
        context.report.say(&codes::KEYED_ELEMENTS, &array.span, message);
    }
    let absent =
        node.get("absent_when").map(|node| answers::conditions(context, (node, Root::Item))).unwrap_or_default();
    let apart = Apart { absent, ..Apart::default() };
    let stays = stays(subject, node);
    Some((subject.path.clone(), Shape::Each { at, items, add, remove, apart, stays, keyed }, Transform::Same))
}

/// The attribute that names the element which is never removed.
fn stays(subject: Subject<'_>, node: &Node) -> Option<AttributePath> {
    let (context, entry) = (subject.names.context, node.entry("stays")?);
    if node.get("remove").is_none() {
        let message = "`stays` means nothing without `remove`";
        context.report.say(&codes::KEY_WITHOUT_PARTNER, &entry.key_span, message);
    }
    context.attribute(subject.kind, (entry.value.text()?, &entry.value.span))
}

/// A sub-attribute that stands in the rule and under `sub:` too.
fn twice(subject: Subject<'_>, node: &Node, further: &[Entry]) {
    let has = |entry: &&Entry| SUBS.iter().any(|sub| entry.key.eq_ignore_ascii_case(sub) && node.get(sub).is_some());
    if let Some(entry) = further.iter().find(has) {
        let message = format!("`{}` of `{}` has a place already", entry.key, subject.path);
        subject.names.context.report.say(&codes::TWO_RULES_ONE_ATTRIBUTE, &entry.key_span, message);
    }
}

/// A field of the element that a `one:` rule maps to a sub-attribute.
pub(super) fn place(subject: Subject<'_>, entry: &Entry) -> Option<(Arc<str>, Path)> {
    let sub = sub_attribute(subject, entry)?;
    Some((sub, subject.names.context.path_at(&entry.value, (Root::Whole, Use::Write))?))
}

fn sub_attribute(subject: Subject<'_>, entry: &Entry) -> Option<Arc<str>> {
    if let Some(sub) = subject.attribute.sub(&entry.key) {
        return Some(sub.name.clone());
    }
    if entry.key == "value" && subject.attribute.kind != Kind::Complex {
        return Some("value".into());
    }
    let known: Vec<&str> = subject.attribute.sub_attributes.iter().map(|sub| &*sub.name).collect();
    let message = format!("`{}` has no sub-attribute `{}`", subject.path, entry.key);
    let near = nearest(&entry.key, known.into_iter()).map(str::to_owned);
    subject.names.context.report.near(&codes::UNKNOWN_ATTRIBUTE, &entry.key_span, (message, near));
    None
}

/// What the sub-attributes of one rule share.
#[derive(Clone, Copy)]
struct Elements {
    remembers: bool,
    /// They are the fields of an object.
    keyed: bool,
}

fn is_key(node: &Node) -> bool {
    node.is_map() && flag(node, "key")
}

fn item(subject: Subject<'_>, entry: &Entry, of: Elements) -> Option<Item> {
    let context = subject.names.context;
    let sub = sub_attribute(subject, entry)?;
    let attribute = subject.attribute.sub(&sub).unwrap_or(subject.attribute);
    let own = &entry.value;
    let aim = Aim { attribute, whole_list: false, way: Way::Both, remembers: of.remembers };
    if is_key(own) {
        if let Some(other) = own.entry("at").or(own.entry("read")) {
            let message = format!("`key` and `{}` in one sub-attribute", other.key);
            context.report.say(&codes::KEYED_ELEMENTS, &other.key_span, message);
        }
        let (transform, refers_to) = (transform(context, own, aim), reference(context, own));
        return Some(Item { sub, at: Path::of_names(["key"]), read_only: false, refers_to, transform });
    }
    let (place, read_only) = match (own.get("at"), own.get("read")) {
        (Some(_), Some(read)) => {
            let message = "`at` and `read` in one sub-attribute";
            context.report.hint(&codes::DIRECTION_UNCLEAR, &read.span, (message, "it has one of at, read"));
            return None;
        }
        (Some(at), None) => (at, false),
        (None, Some(read)) => (read, true),
        (None, None) if own.is_map() => {
            let hint = "it has one of at, read";
            context.report.hint(&codes::DIRECTION_UNCLEAR, &own.span, ("this sub-attribute stands nowhere", hint));
            return None;
        }
        (None, None) => (own, false),
    };
    let (purpose, way) = if read_only { (Use::Read, Way::ToScim) } else { (Use::Write, Way::Both) };
    let transform = transform(context, own, Aim { way, ..aim });
    one_value(subject, own, &transform);
    let refers_to = reference(context, own);
    let at = context.path_at(place, (Root::Item, purpose))?;
    let at = if of.keyed { within(&at)? } else { at };
    Some(Item { sub, at, read_only, refers_to, transform })
}

/// Says so where a conversion would make a list of one sub-attribute.
fn one_value(subject: Subject<'_>, node: &Node, transform: &Transform) {
    let splits = |one: &Conversion| matches!(one, Conversion::Split(_));
    let splits = matches!(transform, Transform::As(all) if all.iter().any(splits));
    if let (true, Some(place)) = (splits, node.get("as")) {
        let message = "`split` would make a list of each element";
        let hint = format!(
            "where one text holds all elements, write `{}: {{ at: PATH, as: {{ join: \",\" }} }}`",
            subject.path
        );
        subject.names.context.report.hint(&codes::CONVERSION_MISFIT, &place.span, (message, hint));
    }
}

/// The place of a field of what stands under a name.
fn within(at: &Path) -> Option<Path> {
    Path::parse(&format!(".value{}", if at.text() == "." { "" } else { at.text() })).ok()
}

fn member_call(subject: Subject<'_>, (node, key, place): (&Node, &str, Place), items: &[Item]) -> Option<CallId> {
    let refers_to = items.iter().find(|item| &*item.sub == "value").and_then(|item| item.refers_to.as_deref());
    let mut names = subject.names.at(place);
    names.member = refers_to.and_then(|name| names.context.kind(name));
    let name = format!("{}.{}.{key}", subject.kind.name, subject.path);
    let call = call(&names, node.get(key)?, &name)?;
    let asks = call.holes().into_iter().find(|hole| matches!(hole, Variable::Member | Variable::Members));
    if let (Some(hole), None, Some(entry)) = (asks, refers_to, node.entry(key)) {
        let message = format!("`<{hole}>` is the key of another account, and `value` refers to none");
        let hint = "say `ref:` on `value`, or use `<value>`";
        names.context.report.hint(&codes::VARIABLE_NOT_HERE, &entry.value.span, (message, hint));
    }
    let id = names.context.declare(call);
    follow(&names, node.get(key)?, (id, &name));
    Some(id)
}
