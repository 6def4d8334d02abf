//! Calls that carry an account: create and the rows of update.

use super::call::{call, result};
use super::context::{Root, Use, flag};
use super::follow::follow;
use super::functions;
use super::listing::header;
use super::names::Names;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::transform::to_kind;
use crate::mapping::{By, Create, Sends, Takes, UpdateRow, Write};
use crate::scim::schema::ResourceType;
use crate::wire::Part;
use crate::wire::{Body, Call, KeySource, ResultAt, Template, Variable};
use std::sync::Arc;

/// The create call. `issued` says that the product issues the key.
pub(super) fn create(
    names: &Names<'_>,
    node: &Node,
    (kind, envelope): (&ResourceType, Option<&str>),
) -> Option<Create> {
    let context = names.context;
    let call = call(names, node, &format!("{}.create", kind.name));
    let key = node.get("key").map(|node| key_source(names, node));
    let write_parts = parts(names, node);
    let mut call = carried(call?, (names, node), envelope);
    call.needs = context.needs(write_parts.1.iter().flat_map(|(_, body)| body.holes()));
    if let Some(key) = key {
        call.key = Some(key?);
        call.result = ResultAt::Nowhere;
    }
    let call = context.declare(call);
    follow(names, node, (call, &format!("{}.create", kind.name)));
    Some(Create {
        write: Write { call, drop: write_parts.0, with: write_parts.1 },
        look_first: flag(node, "look_first"),
    })
}

/// One row of update; `name` is how `explain` calls it.
pub(super) fn update(
    names: &Names<'_>,
    node: &Node,
    (kind, envelope): (&ResourceType, Option<&str>),
    name: &str,
) -> Option<UpdateRow> {
    let context = names.context;
    let takes = node.get("for").map(|node| takes(names, node, kind)).unwrap_or_default();
    let (line, look_first) = (context.report.line(node.span.start), flag(node, "look_first"));
    if let Some(function) = node.get("script") {
        let by = By::Script(functions::planner(context, function)?);
        return Some(UpdateRow { takes, by, sends: Sends::default(), look_first, line });
    }
    let call = call(names, node, name);
    let write_parts = parts(names, node);
    let mut call = carried(call?, (names, node), envelope);
    call.needs = context.needs(write_parts.1.iter().flat_map(|(_, body)| body.holes()));
    let call = context.declare(call);
    follow(names, node, (call, name));
    let sends = match node.get("sends").and_then(Node::text) {
        Some("account") => Sends::Account,
        _ => Sends::Changed,
    };
    let by = By::Call(Write { call, drop: write_parts.0, with: write_parts.1 });
    Some(UpdateRow { takes, by, sends, look_first, line })
}

/// The default body is the account in its envelope, which also unwraps the answer.
fn carried(mut call: Call, (names, node): (&Names<'_>, &Node), envelope: Option<&str>) -> Call {
    if node.get("body").is_none() && (node.get("via").is_none() || call.body.is_none()) {
        let account = Body::Template(Template { parts: vec![Part::Hole(Variable::Account)] });
        call.body = Some(match envelope {
            Some(name) => Body::Object(vec![(name.into(), account)]),
            None => account,
        });
    }
    // What is answered before the work is done is no account yet.
    let early = node.get("poll").is_some() && node.get("result").is_none();
    call.result = if early { ResultAt::Nowhere } else { result(names, node, envelope) };
    call
}

type Parts = (Vec<crate::wire::Path>, Vec<(Arc<str>, Body)>);

fn parts(names: &Names<'_>, node: &Node) -> Parts {
    let drop = node.get("drop").map(Node::items).unwrap_or_default();
    let drop = drop.iter().filter_map(|item| names.context.path_at(item, (Root::Whole, Use::Write))).collect();
    let with = node.get("with").map(Node::entries).unwrap_or_default();
    let with = with.iter().filter_map(|entry| Some((entry.key.as_str().into(), names.body(&entry.value)?))).collect();
    (drop, with)
}

fn key_source(names: &Names<'_>, node: &Node) -> Option<KeySource> {
    let context = names.context;
    match (node.is_map(), node.get("header"), node.get("at")) {
        (false, ..) => context.path_at(node, (Root::Whole, Use::Read)).map(KeySource::At),
        (true, Some(name), None) => {
            let after = node.get("after").and_then(Node::text).map(Arc::from);
            header(context, name).map(|name| KeySource::Header { name, after })
        }
        (true, None, Some(at)) => context.path_at(at, (Root::Whole, Use::Read)).map(KeySource::At),
        _ => {
            let hint = "it stands `at` a path of the body or in a `header`";
            context.report.hint(&codes::MISSING_KEY, &node.span, ("where does the new key stand?", hint));
            None
        }
    }
}

fn takes(names: &Names<'_>, node: &Node, kind: &ResourceType) -> Vec<Takes> {
    let context = names.context;
    if node.is_map() {
        let one = |entry: &crate::mapping::source::Entry| {
            let attribute = context.attribute(kind, (&entry.key, &entry.key_span))?;
            let of = kind.attribute(&attribute)?.kind;
            let Ok(Some(value)) = to_kind(&entry.value.json(), of) else {
                let message = format!("this is not a value of `{attribute}`, which is of type {}", of.as_str());
                context.report.say(&codes::TABLE_VALUE, &entry.value.span, message);
                return None;
            };
            Some(Takes { attribute, value: Some(value) })
        };
        return node.entries().iter().filter_map(one).collect();
    }
    let one = |item: &Node| {
        let attribute = context.attribute(kind, (item.text()?, &item.span))?;
        Some(Takes { attribute, value: None })
    };
    node.items().iter().filter_map(one).collect()
}
