//! What every mapping must keep, tried with made-up values: what is written reads back, what no rule names survives, and a PATCH
//! that is decided without the account says the same as one that is decided with it.

mod made_up;
#[cfg(test)]
mod tests;

use crate::mapping::draft::Draft;
use crate::mapping::{Conversion, Mapping, Rule, Sends, Shape, Transform, TypeMapping, Wants};
use crate::plan::{Before, Planned, SameKeys, Subject, blind, diff, update};
use crate::scim::patch::{self, Change, Operation};
use crate::scim::resource::Resource;
use crate::scim::schema::Kind;
use crate::wire::{Scope, Term, Variable};
use made_up::{Dice, smallest};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

const VALUES: u64 = 48;
const ACCOUNTS: u64 = 16;
const MARK: &str = "no-rule-names-this";

/// A law that a mapping breaks. What it tells of values is made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The resource type.
    pub kind: Arc<str>,
    /// The attribute of the rule.
    pub attribute: String,
    /// The line of the mapping file.
    pub line: u32,
    /// What came out otherwise, in words.
    pub told: String,
}

/// Settings and lookups that read as their own names.
pub struct Named;

impl Scope for Named {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Setting(name) | Variable::Lookup(name) => Some(Cow::Owned(Value::from(&**name))),
            _ => None,
        }
    }
}

/// Every law that the mapping breaks, one for each rule at most.
pub fn breaches(mapping: &Mapping) -> Vec<Breach> {
    mapping.types.iter().flat_map(|kind| of_type(&World { mapping, kind })).collect()
}

fn of_type(world: &World<'_>) -> Vec<Breach> {
    let rules = world.kind.rules.all().iter().filter(|rule| is_two_way(rule));
    let mut found: Vec<Breach> = rules.filter_map(|rule| Some(world.breach(rule, world.reads_back(rule)?))).collect();
    for law in [World::survives, World::patches_alike] {
        let told = (0..ACCOUNTS).find_map(|seed| law(world, seed));
        found.extend(told.map(|(rule, told)| world.breach(rule, told)));
    }
    found
}

/// One resource type, and nobody else in the world.
#[derive(Clone, Copy)]
struct World<'a> {
    mapping: &'a Mapping,
    kind: &'a TypeMapping,
}

impl<'a> World<'a> {
    fn breach(&self, rule: &Rule, told: String) -> Breach {
        Breach { kind: self.kind.kind.name.clone(), attribute: rule.attribute.to_string(), line: rule.line, told }
    }

    fn subject(&self, before: Option<Before<'a>>) -> Subject<'a> {
        let key = if self.kind.key.number { json!(7) } else { json!("k7") };
        Subject {
            mapping: self.mapping,
            kind: self.kind,
            key: Term::Value(key),
            before,
            references: &SameKeys,
            known: &Named,
        }
    }

    fn made_up(&self, rule: &Rule, dice: &mut Dice) -> Option<Value> {
        let attribute = self.kind.kind.attribute(&rule.attribute)?;
        let referred = rule.refers_to.as_deref().or_else(|| rule.elements_refer_to());
        let numbers = referred.and_then(|name| self.mapping.kind(name)).is_some_and(|kind| kind.key.number);
        Some(dice.value(rule, (attribute, numbers)))
    }

    /// The account that holds this value of one rule and nothing else; `None`: the rule refuses it.
    fn written(&self, rule: &Rule, resource: &Resource) -> Option<Value> {
        let subject = self.subject(None);
        let mut draft = Draft { document: Value::Object(Map::new()), ..Draft::default() };
        let keyed = subject.keyed(resource);
        match &rule.shape {
            Shape::Each { .. } => subject.put_array(rule, resource, &mut draft).ok()?,
            _ => self.kind.write(rule, (&keyed, &Named), None, &mut draft).ok()?,
        }
        Some(draft.document)
    }

    fn read(&self, rule: &Rule, document: &Value) -> Result<Option<Value>, String> {
        let read = self.kind.to_scim(document, Wants::every(&|path| *path == rule.attribute), &Named);
        Ok(read.map_err(|error| error.cause.to_string())?.get(&rule.attribute).cloned())
    }

    fn reads_back(&self, rule: &Rule) -> Option<String> {
        let mut dice = Dice(u64::from(rule.line));
        let values = (0..VALUES).filter_map(|_| self.made_up(rule, &mut dice));
        let failing = values.into_iter().find(|value| self.comes_back_otherwise(rule, value).is_some())?;
        let fails = |value: &Value| self.comes_back_otherwise(rule, value).is_some();
        let value = smallest(failing, &fails);
        self.comes_back_otherwise(rule, &value)
    }

    fn comes_back_otherwise(&self, rule: &Rule, value: &Value) -> Option<String> {
        let mut resource = Resource::default();
        resource.set(&rule.attribute, value.clone());
        let document = self.written(rule, &resource)?;
        // What the product means by nothing is nothing when it is read.
        if rule.cleared.is(&sent(rule, &document)) {
            return None;
        }
        let read = match self.read(rule, &document) {
            Ok(read) => read,
            Err(cause) => return Some(format!("{value} is written as {document}, which cannot be read: {cause}")),
        };
        if loses(self.kind, rule) {
            // What is read was written by the product's rules: written again it must be the same.
            let mut again = Resource::default();
            again.set(&rule.attribute, read.unwrap_or_default());
            let settled =
                again.get(&rule.attribute).is_none() || self.written(rule, &again).as_ref() == Some(&document);
            return (!settled)
                .then(|| format!("{value} is written as {document}, and read and written again it is another"));
        }
        let alike = read.as_ref().is_some_and(|read| same(rule, value, read));
        let shown = read.unwrap_or_default();
        (!alike).then(|| format!("{value} is written as {document}, which reads as {shown}"))
    }

    /// An account with something of every rule, marked wherever no rule looks.
    fn account(&self, dice: &mut Dice) -> Option<Value> {
        let mut resource = Resource::default();
        let mut document = Value::Object(Map::new());
        for rule in self.kind.rules.all().iter().filter(|rule| is_two_way(rule)) {
            let value = self.made_up(rule, dice)?;
            let before = document.clone();
            resource.set(&rule.attribute, value);
            let subject = self.subject(Some(Before { document: &before, resource: &resource, version: None }));
            let mut draft = Draft { document, ..Draft::default() };
            let keyed = subject.keyed(&resource);
            let written = match &rule.shape {
                Shape::Each { .. } => subject.put_array(rule, &resource, &mut draft).is_ok(),
                _ => self.kind.write(rule, (&keyed, &Named), Some((&before, Sends::Account)), &mut draft).is_ok(),
            };
            // A value that the rule refuses is left out of the account.
            document = if written { draft.document } else { before };
        }
        let id = if self.kind.key.number { json!(7) } else { json!("k7") };
        self.kind.key.at.set(&mut document, id);
        mark(&mut document, self.kind.rules.all());
        Some(document)
    }

    /// Before and after some rules change.
    fn change(&self, dice: &mut Dice, document: &Value) -> Option<(Resource, Resource)> {
        let before = self.kind.to_scim(document, Wants::EVERYTHING, &Named).ok()?;
        let mut after = before.clone();
        for rule in self.kind.rules.all().iter().filter(|rule| is_two_way(rule)) {
            let value = self.made_up(rule, dice)?;
            match &rule.shape {
                Shape::Each { .. } => {
                    let mut list = after.elements(&rule.attribute).to_vec();
                    list.extend(value.as_array().into_iter().flatten().take(1).cloned());
                    after.set(&rule.attribute, Value::Array(list));
                }
                Shape::One { .. } => {}
                _ if dice.below(2) == 0 => after.set(&rule.attribute, value),
                _ => {}
            }
        }
        Some((before, after))
    }

    /// What no rule names survives every write.
    fn survives(&self, seed: u64) -> Option<(&'a Rule, String)> {
        let mut dice = Dice(seed);
        let document = self.account(&mut dice)?;
        let (before, after) = self.change(&mut dice, &document)?;
        let shown = Before { document: &document, resource: &before, version: None };
        let world = World { mapping: self.mapping, kind: self.kind };
        let steps = world.planned(shown, &after)?;
        let changed = applied(world.kind, &document, &steps);
        self.kind.rules.all().iter().filter(|rule| is_two_way(rule)).find_map(|rule| {
            let lost = lost(rule, &document, &changed)?;
            Some((rule, format!("a change loses what no rule names: {lost}")))
        })
    }

    fn planned(&self, before: Before<'_>, after: &Resource) -> Option<Vec<Planned>> {
        let changes = diff(self.kind, before.resource, after);
        let subject = Subject { before: Some(before), ..self.subject(None) };
        update(&subject, after, &changes).ok()
    }

    /// A PATCH that is decided without the account does what it does when the account is known.
    fn patches_alike(&self, seed: u64) -> Option<(&'a Rule, String)> {
        let mut dice = Dice(seed);
        let document = self.account(&mut dice)?;
        let before = self.kind.to_scim(&document, Wants::EVERYTHING, &Named).ok()?;
        self.kind.rules.all().iter().filter(|rule| is_two_way(rule) && !rule.has_calls()).find_map(|rule| {
            let value = self.made_up(rule, &mut dice)?;
            let operation = Operation {
                change: Change::Replace,
                path: rule.attribute.clone(),
                element: None,
                value: Some(value.clone()),
                position: 0,
            };
            let operations = [operation];
            let (blind_after, changes) = blind(self.mapping, self.kind, (&operations, &Resource::default()))?;
            let unseen = update(&self.subject(None), &blind_after, &changes).ok()?;
            let after = patch::apply(&operations, &before, &self.kind.kind).ok()?;
            let shown = Before { document: &document, resource: &before, version: None };
            let seen = self.planned(shown, &after)?;
            let alike = applied(self.kind, &document, &unseen) == applied(self.kind, &document, &seen);
            (!alike)
                .then(|| (rule, format!("a PATCH to {value} does something else when the account is not read before")))
        })
    }
}

fn is_two_way(rule: &Rule) -> bool {
    let both = matches!(rule.shape, Shape::Field(_) | Shape::One { .. } | Shape::Each { .. } | Shape::Has { .. });
    both && rule.is_sent() && !rule.has_calls()
}

/// May the product's form of the value be another one: is it remembered, are moments finer in SCIM, does a script tell more?
fn loses(kind: &TypeMapping, rule: &Rule) -> bool {
    let transforms = |transform: &Transform| match transform {
        Transform::As(all) => all.iter().any(|one| matches!(one, Conversion::ToTarget(_) | Conversion::Number)),
        _ => false,
    };
    let items = match &rule.shape {
        Shape::Each { items, .. } => items.iter().any(|item| transforms(&item.transform)),
        _ => false,
    };
    let of_kind = |wanted: Kind| kind.kind.attribute(&rule.attribute).is_some_and(|one| one.kind == wanted);
    // A script may know of elements what the client left out, such as their type.
    let tells_more = rule.is_scripted() && of_kind(Kind::Complex);
    rule.remember || of_kind(Kind::DateTime) || tells_more || items || transforms(&rule.transform)
}

/// What stands in the rule's field.
fn sent(rule: &Rule, document: &Value) -> Value {
    rule.writes_to().and_then(|at| at.first(document)).cloned().unwrap_or_default()
}

/// Is this what was sent, as far as the rule sends it?
fn same(rule: &Rule, value: &Value, read: &Value) -> bool {
    let subs: Vec<&str> = match &rule.shape {
        Shape::One { at, .. } => at.iter().map(|(sub, _)| &**sub).collect(),
        Shape::Each { items, .. } => items.iter().filter(|item| !item.read_only).map(|item| &*item.sub).collect(),
        _ => return value == read,
    };
    let (Some(value), Some(read)) = (value.as_array(), read.as_array()) else { return false };
    let alike = |(one, other): (&Value, &Value)| subs.iter().all(|sub| one.get(*sub) == other.get(*sub));
    // An object has no order of its own.
    let found = |one: &Value| read.iter().any(|other| alike((one, other)));
    value.len() == read.len() && value.iter().all(found)
}

/// Puts a mark at the root, and in every element that is an object and stays.
fn mark(document: &mut Value, rules: &[Rule]) {
    for rule in rules {
        let Shape::Each { at, .. } = &rule.shape else { continue };
        let (array, _) = at.without_filter();
        let Some(mut list) = array.first(document).cloned() else { continue };
        let elements = match &mut list {
            Value::Array(list) => list.iter_mut().collect::<Vec<_>>(),
            Value::Object(fields) => fields.values_mut().collect(),
            _ => continue,
        };
        for (position, element) in elements.into_iter().enumerate().filter(|(_, one)| !is_owned(one, rules)) {
            if let Value::Object(fields) = element {
                fields.insert(MARK.to_owned(), position.into());
            }
        }
        array.set(document, list);
    }
    if let Value::Object(fields) = document {
        fields.insert(MARK.to_owned(), json!({ "deep": [1] }));
    }
}

/// Does the element come and go with an attribute?
fn is_owned(element: &Value, rules: &[Rule]) -> bool {
    rules.iter().any(|rule| match &rule.shape {
        Shape::Has { member, .. } => member.is_in([element], &Named).unwrap_or(false),
        _ => false,
    })
}

/// A mark that is gone, in words.
fn lost(rule: &Rule, before: &Value, after: &Value) -> Option<String> {
    if before.get(MARK) != after.get(MARK) {
        return Some("fields of the account itself".to_owned());
    }
    let at = match &rule.shape {
        Shape::Each { at, .. } => at.without_filter().0,
        Shape::Has { at, .. } => at.clone(),
        _ => return None,
    };
    let marks = |document: &Value| match at.first(document) {
        Some(Value::Array(list)) => list.iter().filter(|one| one.get(MARK).is_some()).count(),
        Some(Value::Object(fields)) => fields.values().filter(|one| one.get(MARK).is_some()).count(),
        _ => 0,
    };
    (marks(before) > marks(after)).then(|| format!("fields of elements in {at}"))
}

/// The account after these steps.
fn applied(kind: &TypeMapping, document: &Value, steps: &[Planned]) -> Value {
    let mut document = document.clone();
    for planned in steps {
        let row = kind.update.iter().find(|row| row.by.call().is_some_and(|write| write.call == planned.step.call));
        let (Some(account), Some(row)) = (planned.account(), row) else { continue };
        match row.sends {
            Sends::Changed => merge(&mut document, account),
            Sends::Account => document = account.clone(),
        }
    }
    document
}

fn merge(held: &mut Value, sent: &Value) {
    match (held, sent) {
        (Value::Object(held), Value::Object(sent)) => {
            sent.iter().for_each(|(name, value)| merge(held.entry(name).or_insert(Value::Null), value));
        }
        (held, sent) => *held = sent.clone(),
    }
}
