//! The `tests:` of a mapping.

use super::context::Context;
use crate::mapping::codes;
use crate::mapping::source::{Entry, Node};
use crate::mapping::{Exchange, TestCase};
use crate::scim::schema::nearest;
use crate::wire::template::as_text;
use crate::wire::{Call, Part, Template};
use serde_json::{Map, Value};
use std::ops::Range;
use std::sync::Arc;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Every test that could be read.
pub(super) fn tests(context: &Context<'_>, node: &Node) -> Vec<TestCase> {
    let mut tests: Vec<TestCase> = Vec::new();
    for item in node.items().iter().filter(|item| item.is_map()) {
        let Some(test) = test(context, item) else { continue };
        if let Some(first) = tests.iter().find(|other| other.name == test.name) {
            let span = item.get("name").map_or(&item.span, |name| &name.span);
            let hint = format!("the first one stands in line {}", first.line);
            context.report.hint(&codes::DUPLICATE_TEST, span, (format!("two tests are called `{}`", test.name), hint));
        }
        tests.push(test);
    }
    tests
}

fn test(context: &Context<'_>, node: &Node) -> Option<TestCase> {
    let given = node.get("given").map(|node| accounts(context, node)).unwrap_or_default();
    let kept = node.get("kept").map(|node| accounts(context, node)).unwrap_or_default();
    let kept = kept.into_iter().map(|(kind, id, value)| (kind, id, object(value))).collect();
    let settings = node.get("settings").map(|node| settings(context, node)).unwrap_or_default();
    let lookups = node.get("lookups").map(|node| lookups(context, node)).unwrap_or_default();
    let calls = node.get("calls").map(|node| node.items().iter().filter_map(|item| expected(context, item)).collect());
    let exchanges = |node: &Node| {
        node.items().iter().filter(|item| item.is_map()).filter_map(|item| exchange(context, item)).collect()
    };
    let exchange = node.get("exchange").map(exchanges);
    let request = node.get("scim").and_then(|node| request(context, node));
    Some(TestCase {
        name: node.get("name")?.text()?.to_owned(),
        line: context.report.line(node.span.start),
        given,
        kept,
        settings,
        lookups,
        request: request?,
        calls,
        exchange,
        answer: node.get("answer").map(|node| object(node.json())).unwrap_or_default(),
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// `User/7: { … }`.
fn accounts(context: &Context<'_>, node: &Node) -> Vec<(Arc<str>, String, Value)> {
    let one = |entry: &Entry| {
        let (name, id) = entry.key.split_once('/').unwrap_or((&entry.key, ""));
        let Some(kind) = context.kind(name).filter(|_| !id.is_empty()) else {
            let near = nearest(name, context.kinds.iter().map(|kind| &*kind.name)).map(|near| format!("{near}/{id}"));
            let message = format!("`{}` is not TYPE/KEY of a type that the file describes", entry.key);
            context.report.near(&codes::UNKNOWN_TYPE, &entry.key_span, (message, near));
            return None;
        };
        Some((kind.name.clone(), id.to_owned(), entry.value.json()))
    };
    node.entries().iter().filter_map(one).collect()
}

fn settings(context: &Context<'_>, node: &Node) -> Vec<(Arc<str>, String)> {
    let one = |entry: &Entry| {
        let Some((name, _)) = context.settings.iter().find(|(name, _)| **name == *entry.key) else {
            let near = nearest(&entry.key, context.settings.iter().map(|(name, _)| &**name)).map(str::to_owned);
            let message = format!("the setting `{}` is not declared", entry.key);
            context.report.near(&codes::UNKNOWN_SETTING, &entry.key_span, (message, near));
            return None;
        };
        Some((name.clone(), as_text(&entry.value.json()).into_owned()))
    };
    node.entries().iter().filter_map(one).collect()
}

fn lookups(context: &Context<'_>, node: &Node) -> Vec<(Arc<str>, Value)> {
    let one = |entry: &Entry| {
        let known = context.lookups.borrow();
        let Some(lookup) = known.iter().find(|lookup| *lookup.name == *entry.key) else {
            let near = nearest(&entry.key, known.iter().map(|lookup| &*lookup.name)).map(str::to_owned);
            let message = format!("the lookup `{}` is not declared", entry.key);
            context.report.near(&codes::UNKNOWN_VARIABLE, &entry.key_span, (message, near));
            return None;
        };
        Some((lookup.name.clone(), entry.value.json()))
    };
    node.entries().iter().filter_map(one).collect()
}

/// A line and what stands beside it: `GET /Users/7`, or `{ POST /Users: { … } }`.
fn lined(context: &Context<'_>, node: &Node) -> Option<(String, Value, Range<usize>)> {
    match (node.text(), node.entries()) {
        (Some(text), _) => Some((text.to_owned(), Value::Null, node.span.clone())),
        (None, [only]) => Some((only.key.clone(), only.value.json(), only.key_span.clone())),
        (None, _) => {
            context.report.say(
                &codes::WRONG_KIND,
                &node.span,
                "here stands one request: `METHOD /path`, or `{ METHOD /path: body }`",
            );
            None
        }
    }
}

fn request(context: &Context<'_>, node: &Node) -> Option<(String, String, Value)> {
    let (line, body, span) = lined(context, node)?;
    let (method, target) = line.split_once(' ').unwrap_or((&line, ""));
    let target = target.trim();
    let path = target.split('?').next().unwrap_or_default();
    let pieces: Vec<&str> = path.split('/').skip(1).collect();
    let endpoints: Vec<&str> = context.kinds.iter().map(|kind| kind.endpoint.trim_start_matches('/')).collect();
    let known = match pieces.as_slice() {
        [first] => {
            endpoints.contains(first)
                || matches!(*first, "Bulk" | "Schemas" | "ResourceTypes" | "ServiceProviderConfig" | ".search")
        }
        [first, id] => !id.is_empty() && (endpoints.contains(first) || matches!(*first, "Schemas" | "ResourceTypes")),
        _ => false,
    };
    if !METHODS.contains(&method) || !known {
        let near = pieces.first().and_then(|first| nearest(first, endpoints.iter().copied()));
        let near = near.filter(|near| Some(near) != pieces.first()).map(|near| format!("/{near}"));
        let message = format!("`{line}` is not a SCIM request that this mapping could answer");
        context.report.near(&codes::TEST_ROUTE, &span, (message, near));
        return None;
    }
    Some((method.to_owned(), target.to_owned(), body))
}

fn expected(context: &Context<'_>, node: &Node) -> Option<(String, Value)> {
    let (line, body, span) = lined(context, node)?;
    declared(context, &line, &span);
    Some((line, body))
}

fn exchange(context: &Context<'_>, node: &Node) -> Option<Exchange> {
    let call = node.get("call")?;
    let line = call.text()?;
    declared(context, line, &call.span);
    let gives = node.get("gives");
    let part = |key: &str| gives.and_then(|gives| gives.get(key));
    let status = part("status").or(gives.filter(|gives| !gives.is_map()));
    let code = match status.map(|node| (node, node.json().as_u64().and_then(|code| u16::try_from(code).ok()))) {
        None => 200,
        Some((_, Some(code))) if (100..=599).contains(&code) => code,
        Some((node, _)) => {
            let message = format!("`{}` is not a status", node.text().unwrap_or_default());
            context.report.hint(&codes::STATUS_RANGE, &node.span, (message, "a status is a number from 100 to 599"));
            return None;
        }
    };
    let headers = part("headers").map(Node::entries).unwrap_or_default().iter();
    let headers = headers.map(|entry| (entry.key.clone(), as_text(&entry.value.json()).into_owned()));
    Some(Exchange {
        call: line.to_owned(),
        body: node.get("body").map(Node::json),
        status: code,
        headers: headers.collect(),
        answer: part("body").map(Node::json).unwrap_or_default(),
    })
}

/// A test that expects a call which nothing can make would never pass.
fn declared(context: &Context<'_>, line: &str, span: &Range<usize>) {
    let (method, target) = line.split_once(' ').unwrap_or((line, ""));
    let path = target.trim().split('?').next().unwrap_or_default();
    let pieces: Vec<&str> = path.split('/').skip(1).collect();
    let calls = context.calls.borrow();
    let fits = |call: &&Call| {
        call.shared.as_ref().is_some_and(|shared| *shared.label == *line)
            || call.method.as_str() == method
                && call.path.len() == pieces.len()
                && call.path.iter().zip(&pieces).all(|(template, piece)| could_be(template, piece))
    };
    if context.all_read.get() && !calls.iter().any(|call| fits(&call)) {
        context.report.say(&codes::TEST_CALL, span, format!("no call of the file could be `{line}`"));
    }
}

/// Could the filled template be this text?
fn could_be(template: &Template, text: &str) -> bool {
    let mut rest = text;
    for (position, part) in template.parts.iter().enumerate() {
        let Part::Text(literal) = part else { continue };
        match rest.find(&**literal) {
            Some(at) if at == 0 || position > 0 => rest = &rest[at + literal.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || matches!(template.parts.last(), Some(Part::Hole(_)))
}
