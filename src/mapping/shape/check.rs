//! Checks the tree against the shapes: unknown keys with the nearest known one, missing keys, wrong kinds.

use super::{ELSEWHERE, LATER, Shape, Want};
use crate::mapping::codes;
use crate::mapping::diagnostic::Report;
use crate::mapping::source::{Node, What};
use crate::scim::schema::nearest;
use std::ops::Range;

/// Checks `node`; `owner` is the key it belongs to, where a missing key is reported.
pub(in crate::mapping) fn check(report: &Report, node: &Node, (want, owner): (&Want, &Range<usize>)) {
    if node.braced_name().is_some() && !takes_map(want) {
        return; // has a message of its own
    }
    match want {
        Want::Idea(shape) if node.is_map() => idea(report, node, (shape, owner)),
        Want::List(inner) if node.is_list() => {
            node.items().iter().for_each(|item| check(report, item, (inner, &item.span)));
        }
        Want::Many(inner) => node.items().iter().for_each(|item| check(report, item, (inner, owner))),
        Want::Map(_, inner) if node.is_map() => {
            node.entries().iter().for_each(|entry| check(report, &entry.value, (inner, &entry.key_span)));
        }
        Want::Or(several) => match several.iter().find(|one| form_fits(one, node)) {
            Some(one) => check(report, node, (one, owner)),
            None => wrong_kind(report, node, want),
        },
        Want::With(key, with, without) => {
            check(report, node, (if node.get(key).is_some() { with } else { without }, owner));
        }
        Want::Word(words) => word(report, node, words),
        fits if value_fits(fits, node) => {}
        _ => wrong_kind(report, node, want),
    }
}

/// What a node is, in words.
fn found(node: &Node) -> &'static str {
    match &node.what {
        What::List(_) => "a list",
        What::Map { .. } => "a map",
        What::Scalar { text, plain: true } if text.is_empty() => "nothing",
        What::Scalar { .. } => match node.json() {
            serde_json::Value::Null => "null",
            serde_json::Value::Bool(_) => "a boolean",
            serde_json::Value::Number(_) => "a number",
            _ => "a text",
        },
    }
}

fn idea(report: &Report, node: &Node, (shape, owner): (&Shape, &Range<usize>)) {
    for entry in node.entries() {
        match shape.all_keys().find(|key| key.name == entry.key) {
            Some(key) => check(report, &entry.value, (&key.want, &entry.key_span)),
            None => unknown(report, shape, (&entry.key, &entry.key_span)),
        }
    }
    for key in shape.all_keys().filter(|key| key.required && node.get(key.name).is_none()) {
        let message = format!("`{}` is missing from {}", key.name, shape.name);
        report.hint(&codes::MISSING_KEY, owner, (message, key.doc));
    }
}

fn unknown(report: &Report, shape: &Shape, (key, span): (&str, &Range<usize>)) {
    let message = format!("`{key}` is not a key of {}", shape.name);
    if let Some((.., hint)) = ELSEWHERE.iter().find(|(name, known, _)| *name == shape.name && *known == key) {
        report.hint(&codes::UNKNOWN_KEY, span, (message, *hint));
        return;
    }
    if LATER.contains(&key) {
        report.hint(&codes::UNKNOWN_KEY, span, (message, "the language plans it; this version does not have it"));
        return;
    }
    let known = shape.all_keys().map(|key| key.name);
    match nearest(key, known) {
        Some(near) => report.near(&codes::UNKNOWN_KEY, span, (message, Some(near.to_owned()))),
        None => {
            let all: Vec<&str> = shape.all_keys().map(|key| key.name).collect();
            report.hint(&codes::UNKNOWN_KEY, span, (message, format!("its keys are {}", all.join(" "))));
        }
    }
}

fn word(report: &Report, node: &Node, words: &'static [&'static str]) {
    let Some(text) = node.text() else { return wrong_kind(report, node, &Want::Word(words)) };
    if !words.contains(&text) {
        let message = format!("`{text}` is not one of {}", words.join(", "));
        let near = nearest(text, words.iter().copied()).map(str::to_owned);
        report.near(&codes::UNKNOWN_WORD, &node.span, (message, near));
    }
}

fn wrong_kind(report: &Report, node: &Node, want: &Want) {
    let message = format!("expected {}, found {}", wanted(want), found(node));
    let scalar = node.text().unwrap_or_default();
    match want {
        Want::Flag if ["yes", "on", "no", "off"].contains(&scalar) => {
            let word = if ["yes", "on"].contains(&scalar) { "true" } else { "false" };
            report.near(&codes::WRONG_KIND, &node.span, (message, Some(word.to_owned())));
        }
        _ => report.say(&codes::WRONG_KIND, &node.span, message),
    }
}

fn wanted(want: &Want) -> String {
    match want {
        Want::Text(what) => (*what).to_owned(),
        Want::Flag => "true or false".to_owned(),
        Want::Count => "a whole number".to_owned(),
        Want::Word(words) => format!("one of {}", words.join(", ")),
        Want::Scalar => "a single value".to_owned(),
        Want::Any => "any value".to_owned(),
        Want::Idea(shape) => format!("a map with the keys of {}", shape.name),
        Want::List(_) => "a list".to_owned(),
        Want::Many(inner) => format!("{}, or a list of them", wanted(inner)),
        Want::Map(what, _) => format!("a map whose keys are each {what}"),
        Want::Or(several) => several.iter().map(wanted).collect::<Vec<_>>().join(", or "),
        Want::With(key, with, without) => format!("{}, or with `{key}` {}", wanted(without), wanted(with)),
    }
}

fn takes_map(want: &Want) -> bool {
    match want {
        Want::Idea(_) | Want::Map(..) | Want::With(..) => true,
        Want::Many(inner) => takes_map(inner),
        Want::Or(several) => several.iter().any(takes_map),
        _ => false,
    }
}

/// Is the node of the YAML form that this kind has?
fn form_fits(want: &Want, node: &Node) -> bool {
    match want {
        Want::Idea(_) | Want::Map(..) | Want::With(..) => node.is_map(),
        Want::List(_) => node.is_list(),
        Want::Many(_) | Want::Or(_) => true,
        other => value_fits(other, node),
    }
}

fn value_fits(want: &Want, node: &Node) -> bool {
    match want {
        Want::Any => true,
        Want::Flag => node.json().is_boolean(),
        Want::Count => node.json().is_u64(),
        Want::Scalar | Want::Word(_) => node.text().is_some(),
        Want::Text(_) => node.text().is_some_and(|text| !text.is_empty()),
        _ => false,
    }
}
