//! Answer rows and conditions.

use super::call;
use super::context::{Context, Root, Use};
use super::functions::{self, Job};
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::text::{Form, form};
use crate::wire::answer::{Detail, Judge, Means, Operand};
use crate::wire::{AnswerRow, CallId, Condition, Meaning, Test, Variable};
use serde_json::Value;
use std::ops::Range;

const CONDITIONS: [&str; 7] = ["status", "at", "equals", "text", "matches", "empty", "not"];
const TESTS: [&str; 5] = ["equals", "text", "matches", "empty", "not"];

/// The rows of an `answers:` list.
pub(super) fn rows(context: &Context<'_>, node: &Node) -> Vec<AnswerRow> {
    let mut rows: Vec<AnswerRow> = Vec::new();
    let mut open: Vec<(Vec<u16>, u32)> = Vec::new();
    for item in node.items().iter().filter(|item| item.is_map()) {
        let Some(row) = row(context, item) else { continue };
        if let Some((_, line)) = open.iter().find(|(status, _)| covers(status, &row.when.status)) {
            let hint = format!("the row in line {line} fits first");
            context.report.hint(&codes::ROW_UNREACHABLE, &item.span, ("this row is never reached", hint));
        }
        // A function may have no opinion.
        if row.when.at.is_none() && row.when.test.is_none() && row.means.said().is_some() {
            open.push((row.when.status.clone(), row.line));
        }
        rows.push(row);
    }
    rows
}

/// A list of conditions on an account, or on an item.
pub(super) fn conditions(context: &Context<'_>, (node, root): (&Node, Root)) -> Vec<Condition> {
    node.items().iter().filter(|item| item.is_map()).filter_map(|item| condition(context, (item, root))).collect()
}

fn covers(open: &[u16], status: &[u16]) -> bool {
    let one = |code: u16| open.contains(&code) || open.contains(&(code / 100));
    open.is_empty() || (!status.is_empty() && status.iter().all(|code| one(*code)))
}

fn row(context: &Context<'_>, node: &Node) -> Option<AnswerRow> {
    let always = node.get("script").is_some() && CONDITIONS.iter().all(|key| node.get(key).is_none());
    let when = if always { Some(Condition::default()) } else { condition(context, (node, Root::Whole)) };
    let means = means(context, node);
    let detail = node.get("detail").and_then(|node| detail(context, node));
    let retry_at = node.get("retry_at").and_then(|node| context.path_at(node, (Root::Whole, Use::Read)));
    let confirm =
        node.get("confirm").and_then(|confirm| confirming(context, (confirm, means.as_ref().and_then(Means::said))));
    let line = context.report.line(node.span.start);
    Some(AnswerRow { when: when?, means: means?, detail, retry_at, confirm, line })
}

/// A meaning, or a function that says it.
fn means(context: &Context<'_>, node: &Node) -> Option<Means> {
    match node.get("script") {
        Some(function) => {
            let count = functions::parameters(context, function, Job::Meaning)?;
            let settings = (count == 4).then(|| context.all_settings());
            Some(Means::Asked(Judge { function: function.text()?.into(), settings }))
        }
        None => context.word(node.get("means")?, (&codes::UNKNOWN_MEANING, &Meaning::ALL)).map(Means::Said),
    }
}

/// The call that must succeed before an absence is believed. It has no account yet, so only settings can stand in it.
fn confirming(context: &Context<'_>, (node, means): (&Node, Option<Meaning>)) -> Option<CallId> {
    if means.is_some_and(|means| means != Meaning::Absent) {
        let hint = "an absence is confirmed, no other meaning";
        context.report.hint(&codes::CONFIRMS_NOTHING, &node.span, ("`confirm` goes with `means: absent`", hint));
    }
    let names = Names { context, place: Place::Auth, kind: None, member: None };
    let call = call::call(&names, node, &format!("confirm.{}", context.report.line(node.span.start)))?;
    Some(context.declare(call))
}

fn detail(context: &Context<'_>, node: &Node) -> Option<Detail> {
    match form(node.text()?) {
        Form::Rooted(path) => context.path(node, path).map(Detail::At),
        _ => {
            let names = Names { context, place: Place::Detail, kind: None, member: None };
            names.template(node).map(Detail::Text)
        }
    }
}

pub(super) fn condition(context: &Context<'_>, (node, root): (&Node, Root)) -> Option<Condition> {
    let status = node.get("status").map(|node| statuses(context, node)).unwrap_or_default();
    let at = node.get("at").map(|node| context.path_at(node, (root, Use::Read)));
    let tests: Vec<&str> = TESTS.into_iter().filter(|key| node.get(key).is_some()).collect();
    if tests.len() > 1 {
        unclear(context, &node.span, "a condition has at most one test");
    }
    if status.is_empty() && at.is_none() && tests.is_empty() && node.get("status").is_none() {
        unclear(context, &node.span, "this condition tests nothing");
        return None;
    }
    let test = match tests.as_slice() {
        [key] => Some(test(context, (key, node.get(key)?))?),
        _ => None,
    };
    match at {
        Some(None) => None,
        at => Some(Condition { status, at: at.flatten(), test }),
    }
}

fn unclear(context: &Context<'_>, span: &Range<usize>, message: &str) {
    let hint = "a condition has a `status`, an `at`, and one of equals, text, matches, empty, not";
    context.report.hint(&codes::CONDITION_UNCLEAR, span, (message, hint));
}

fn test(context: &Context<'_>, (key, node): (&str, &Node)) -> Option<Test> {
    match key {
        "equals" => Some(Test::Equals(operands(context, node))),
        "text" => Some(Test::Text(operands(context, node))),
        "matches" => pattern(context, node),
        "empty" if node.json() == Value::Bool(false) => Some(Test::Not(Box::new(Test::Empty))),
        "empty" => Some(Test::Empty),
        _ if node.is_map() => {
            let entry = match node.entries() {
                [one] => one,
                _ => {
                    unclear(context, &node.span, "`not` takes a constant or one test");
                    return None;
                }
            };
            test(context, (&entry.key, &entry.value)).map(|inner| Test::Not(Box::new(inner)))
        }
        _ => Some(Test::Not(Box::new(Test::Equals(operands(context, node))))),
    }
}

fn pattern(context: &Context<'_>, node: &Node) -> Option<Test> {
    regex(context, node).map(Test::Matches)
}

/// A regular expression.
pub(super) fn regex(context: &Context<'_>, node: &Node) -> Option<regex::Regex> {
    match regex::RegexBuilder::new(node.text()?).size_limit(1 << 20).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ");
            context.report.say(&codes::BAD_PATTERN, &node.span, format!("not a regular expression: {last}"));
            None
        }
    }
}

fn operands(context: &Context<'_>, node: &Node) -> Vec<Operand> {
    node.items().iter().filter_map(|item| operand(context, item)).collect()
}

fn operand(context: &Context<'_>, node: &Node) -> Option<Operand> {
    let constant = node.json();
    let Value::String(_) = &constant else { return Some(Operand::Constant(constant)) };
    let names = Names { context, place: Place::Condition, kind: None, member: None };
    let template = names.template(node)?;
    match (template.alone(), template.literal()) {
        (Some(Variable::Setting(name)), _) => Some(Operand::Setting(name.clone())),
        (Some(Variable::Lookup(name)), _) => Some(Operand::Lookup(name.clone())),
        (_, Some(text)) => Some(Operand::Constant(text.into())),
        _ => {
            context.report.say(
                &codes::BAD_TEMPLATE,
                &node.span,
                "here stands a constant, or one setting or lookup alone",
            );
            None
        }
    }
}

fn statuses(context: &Context<'_>, node: &Node) -> Vec<u16> {
    let read = |item: &Node| {
        let text = item.text()?;
        let code = match text.strip_suffix("xx") {
            Some(hundred) => hundred.parse().ok().filter(|hundred| (1..=5).contains(hundred)),
            None => text.parse().ok().filter(|code| (100..=599).contains(code)),
        };
        if code.is_none() {
            let hint = "a status is a number from 100 to 599, or `4xx`";
            context.report.hint(&codes::STATUS_RANGE, &item.span, (format!("`{text}` is not a status"), hint));
        }
        code
    };
    node.items().iter().filter_map(read).collect()
}
