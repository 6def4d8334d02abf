//! Holds accounts that a target shows against the rules that read them.

use super::finding::{Finding, Level};
use crate::mapping::election::Election;
use crate::mapping::{Rule, Shape, Source, TypeMapping};
use crate::scim::path::AttributePath;
use crate::wire::{Part, Path, Scope, Variable};
use serde_json::Value;
use std::collections::BTreeMap;

/// What every rule makes of the accounts, but those of attributes that `lacks` says are not there.
pub fn rules(
    kind: &TypeMapping,
    (accounts, settings): (&[&Value], &dyn Scope),
    lacks: &dyn Fn(&AttributePath) -> bool,
) -> Vec<Finding> {
    let looked = kind.rules.iter().filter(|rule| !lacks(&rule.attribute));
    looked
        .flat_map(|rule| faults(kind, rule, (accounts, settings)).into_iter().chain(nothing(kind, rule, accounts)))
        .collect()
}

/// The ways in which the rule cannot read them, each with how often.
fn faults(kind: &TypeMapping, rule: &Rule, (accounts, settings): (&[&Value], &dyn Scope)) -> Vec<Finding> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for account in accounts {
        if let Err(error) = kind.to_scim(account, &|path| *path == rule.attribute, settings) {
            let stands = paths(rule).iter().map(|path| kinds(&path.all(account))).collect::<Vec<_>>().join(", ");
            *counted.entry(format!("{}; there stands {stands}", error.cause)).or_default() += 1;
        }
    }
    let all = accounts.len();
    let told = |(cause, count)| finding(kind, rule, (Level::Wrong, format!("{cause} (in {count} of {all} accounts)")));
    counted.into_iter().map(told).collect()
}

/// A path at which no account holds anything: seldom right.
fn nothing(kind: &TypeMapping, rule: &Rule, accounts: &[&Value]) -> Option<Finding> {
    let holds = |path: &Path| accounts.iter().any(|account| !path.all(account).is_empty());
    let required = kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.required);
    let paths = paths(rule);
    if required || paths.is_empty() || accounts.is_empty() || paths.iter().any(|path| holds(path)) {
        return None;
    }
    let fields: Vec<String> = accounts
        .iter()
        .find_map(|one| one.as_object())
        .into_iter()
        .flatten()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let text = format!("nothing stands there in any of {} accounts; they hold {}", accounts.len(), fields.join(", "));
    Some(finding(kind, rule, (Level::Note, text)))
}

fn finding(kind: &TypeMapping, rule: &Rule, (level, text): (Level, String)) -> Finding {
    let places: Vec<&str> = paths(rule).iter().map(|path| path.text()).collect();
    let text = format!("{} from {}: {text}", rule.attribute, places.join(", "));
    Finding { level, kind: kind.kind.name.clone(), line: Some(rule.line), text }
}

/// The places that a rule reads.
fn paths(rule: &Rule) -> Vec<&Path> {
    match &rule.shape {
        Shape::Field(path) | Shape::Each { at: path, .. } | Shape::Has { at: path, .. } => vec![path],
        Shape::Elected { by: Election::Equals(at), .. } => vec![at],
        Shape::Read(sources) => sources.iter().flat_map(read).collect(),
        Shape::One { at, .. } => at.iter().map(|(_, path)| path).collect(),
        Shape::Elected { .. } | Shape::Write(_) | Shape::Kept => Vec::new(),
    }
}

fn read(source: &Source) -> Vec<&Path> {
    let field = |part| match part {
        &Part::Hole(Variable::Field(ref path)) => Some(path),
        _ => None,
    };
    match source {
        Source::At(path) => vec![path],
        Source::Template(template) => template.parts.iter().filter_map(field).collect(),
    }
}

fn kinds(values: &[&Value]) -> String {
    let kind = |value: &&Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let mut kinds: Vec<&str> = values.iter().map(kind).collect();
    kinds.dedup();
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" and ") }
}
