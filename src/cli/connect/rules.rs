//! Holds accounts that a target shows against the rules that read them.

use super::finding::{Finding, Level};
use crate::mapping::election::Election;
use crate::mapping::{Item, Rule, Shape, Source, TypeMapping, Wants};
use crate::scim::path::AttributePath;
use crate::wire::{Part, Path, Scope, Variable};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What every rule makes of the accounts, but those of attributes that `lacks` says are not there.
pub fn rules(
    kind: &TypeMapping,
    (accounts, settings): (&[&Value], &dyn Scope),
    lacks: &dyn Fn(&AttributePath) -> bool,
) -> Vec<Finding> {
    let looked = kind.rules.all().iter().filter(|rule| !lacks(&rule.attribute));
    let one = |rule| {
        let mut found = faults(kind, rule, (accounts, settings));
        found.extend(nothing(kind, rule, accounts));
        found.extend(hollow(kind, rule, accounts));
        found
    };
    looked.flat_map(one).collect()
}

/// The ways in which the rule cannot read them, each with how often.
fn faults(kind: &TypeMapping, rule: &Rule, (accounts, settings): (&[&Value], &dyn Scope)) -> Vec<Finding> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for account in accounts {
        if let Err(error) = kind.to_scim(account, Wants::every(&|path| *path == rule.attribute), settings) {
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
    let text = format!("nothing stands there in any of {} accounts; they hold {}", accounts.len(), held(accounts));
    Some(finding(kind, rule, (Level::Note, text)))
}

/// Sub-attributes that no element of a list holds.
fn hollow(kind: &TypeMapping, rule: &Rule, accounts: &[&Value]) -> Vec<Finding> {
    let Shape::Each { at, items, .. } = &rule.shape else { return Vec::new() };
    let elements: Vec<&Value> = accounts.iter().flat_map(|account| at.items(account)).collect();
    let without = |item: &&Item| !elements.is_empty() && !elements.iter().any(|one| item.at.first(one).is_some());
    let told = |item: &Item| {
        let (sub, place) = (&item.sub, item.at.text());
        let (all, hold) = (elements.len(), held(&elements));
        let text = format!("{sub}: nothing stands at {place} in any of {all} elements; they hold {hold}");
        finding(kind, rule, (Level::Note, text))
    };
    items.iter().filter(without).map(told).collect()
}

/// The names of the fields of the first that has any; of what has no fields, the kind.
fn held(all: &[&Value]) -> String {
    let fields = all.iter().filter_map(|one| one.as_object()).find(|fields| !fields.is_empty());
    let names =
        |fields: &Map<String, Value>| fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    fields.map_or_else(|| kinds(all), names)
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
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Nothing;
    use serde_json::json;

    fn told(rule: &str, accounts: &[Value]) -> Vec<String> {
        let text = format!(
            "edition: 1\nproduct: P\nUser:\n  key: $.id\n  attributes:\n    userName: {{ at: $.login, required: true }}\n    {rule}\n  read: GET /u/<key>\n"
        );
        let mapping = crate::mapping::compile("t.yaml", &text, None).unwrap().mapping;
        let accounts: Vec<&Value> = accounts.iter().collect();
        rules(&mapping.types[0], (&accounts, &Nothing), &|_| false).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stands_there_is_told_by_its_kind() {
        let accounts =
            [json!({ "login": "a", "on": "perhaps" }), json!({ "login": "b", "on": true }), json!({ "on": [] })];
        let told = told("active: { read: $.on }", &accounts);
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(
            told[0].starts_with("WRONG  User, line 6: userName from $.login: ")
                && told[0].contains("there stands nothing (in 1 of 3")
        );
        assert!(told.iter().any(|one| one.contains("line 7: active from $.on: ") && one.contains("a text (in 1 of 3")));
        assert!(!told.concat().contains("perhaps"), "{told:#?}");
    }

    #[test]
    fn elements_without_what_a_rule_wants_are_told_with_what_they_have() {
        let accounts =
            [json!({ "login": "a", "roles": [] }), json!({ "login": "b", "roles": [{ "ref": "x", "since": 7 }] })];
        let told = told("roles: { each: $.roles, value: { read: .id } }", &accounts);
        let wanted = "note   User, line 7: roles from $.roles: value: nothing stands at .id in any of 1 elements; they hold `ref`, `since`";
        assert_eq!(told, [wanted]);
        let bare = super::tests::told("title: { read: $.title }", &[json!("anna"), json!("bob")]);
        assert!(bare.iter().any(|one| one.ends_with("in any of 2 accounts; they hold a text")), "{bare:#?}");
        assert!(super::tests::told("roles: { each: $.roles, value: { read: .ref } }", &accounts).is_empty());
    }
}
