//! Create, update and delete as steps.

use crate::mapping::to_scim::RuleError;
use crate::mapping::to_target::Draft;
use crate::mapping::{Mapping, Rule, Sends, Shape, Takes, TypeMapping, UpdateRow, Write};
use crate::plan::change::{Changes, ElementChange};
use crate::plan::{Planned, Purpose, key_value};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::{Argument, CallId, Path, Scope, Term, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Why no plan can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A rule could not be run.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// An element refers to nobody this target knows.
    #[error("{attribute}[{position}].value refers to no {kind} of this target")]
    UnknownReference {
        /// The multi-valued attribute.
        attribute: String,
        /// The element's position in what the client sent, from 0.
        position: usize,
        /// The resource type it should be.
        kind: Arc<str>,
    },
    /// The mapping declares no call for this.
    #[error("this target does not offer {0}")]
    NotOffered(&'static str),
    /// No `update` row takes this attribute.
    #[error("no `update` row of the mapping takes {0}")]
    NotTaken(String),
}

/// SCIM ids → the target's keys. Looked up before planning, so that planning does not wait.
pub trait References: Sync {
    /// The key of the resource with this id; `None`: there is none.
    fn key(&self, kind: &str, id: &str) -> Option<String>;
}

/// Where keys are stable the id is the key.
pub struct SameKeys;

impl References for SameKeys {
    fn key(&self, _: &str, id: &str) -> Option<String> {
        Some(id.to_owned())
    }
}

/// The account that is written.
pub struct Subject<'a> {
    /// The mapping file.
    pub mapping: &'a Mapping,
    /// What it says of the resource type.
    pub kind: &'a TypeMapping,
    /// The account's key, or the name under which the create's answer yields it.
    pub key: Term,
    /// The account as read, where it was.
    pub before: Option<&'a Value>,
    /// How references become keys.
    pub references: &'a dyn References,
}

/// The steps that make an account: the create call, then what it cannot carry. The key of later steps is captured from the first.
///
/// # Errors
/// The mapping declares no create; a rule fails; an element refers to nobody.
pub fn create(subject: &Subject<'_>, resource: &Resource) -> Result<Vec<Planned>, PlanError> {
    let kind = subject.kind;
    let create = kind.create.as_ref().ok_or(PlanError::NotOffered("creating"))?;
    let mut draft = Draft { document: Value::Object(Map::new()), ..Draft::default() };
    let mut covers = Vec::new();
    for rule in kind.rules.iter().filter(|rule| rule.is_sent()) {
        kind.write_new(rule, resource, &mut draft)?;
        covers.push(rule.attribute.clone());
    }
    let made = Subject { key: made_key(kind, resource).unwrap_or_else(|| subject.key.clone()), ..*subject };
    let mut steps = vec![carried(&made, &create.write, (draft, covers), resource)?];
    steps[0].purpose = Purpose::Create;
    let changes = crate::plan::diff(kind, &Resource::default(), resource);
    for change in &changes.elements {
        steps.extend(adds(subject, change)?);
    }
    Ok(steps)
}

/// The steps that change an account: elements added, rows in file order, elements removed.
///
/// # Errors
/// No row takes a change; a rule fails; an element refers to nobody.
pub fn update(subject: &Subject<'_>, after: &Resource, changes: &Changes) -> Result<Vec<Planned>, PlanError> {
    let mut steps = Vec::new();
    for change in &changes.elements {
        steps.extend(adds(subject, change)?);
    }
    steps.extend(rows(subject, after, &changes.rules)?);
    for change in &changes.elements {
        steps.extend(removes(subject, change)?);
    }
    Ok(steps)
}

/// The step that deletes an account.
///
/// # Errors
/// The mapping declares no delete.
pub fn delete(subject: &Subject<'_>) -> Result<Planned, PlanError> {
    let call = subject.kind.delete.ok_or(PlanError::NotOffered("deleting"))?;
    let mut arguments = vec![Argument { variable: Variable::Key, term: subject.key.clone() }];
    for hole in subject.mapping.call(call).holes() {
        if let (Variable::Field(path), Some(before)) = (hole, subject.before) {
            arguments.extend(path.first(before).map(|value| Argument::of(hole.clone(), value.clone())));
        }
    }
    Ok(Planned::of(call, Purpose::Delete, arguments))
}

/// The key of a new account, where it is made of attributes.
pub fn made_key(kind: &TypeMapping, resource: &Resource) -> Option<Term> {
    let scope = crate::mapping::to_target::ResourceScope { mapping: kind, resource };
    let text = kind.key.made.as_ref()?.fill_text(&scope)?;
    key_value(kind, &text).map(Term::Value)
}

fn rows(subject: &Subject<'_>, after: &Resource, changed: &[usize]) -> Result<Vec<Planned>, PlanError> {
    let kind = subject.kind;
    let mut taken: Vec<Vec<&Rule>> = vec![Vec::new(); kind.update.len()];
    for rule in changed.iter().map(|place| &kind.rules[*place]) {
        let row = kind.update.iter().position(|row| row.takes_change(rule, kind.value_of(rule, after)));
        let row = row.or_else(|| kind.update.iter().position(|row| row.takes.is_empty()));
        taken[row.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?].push(rule);
    }
    let busy = kind.update.iter().zip(taken).filter(|(_, rules)| !rules.is_empty());
    busy.map(|(row, rules)| planned_row(subject, row, &rules, after)).collect()
}

fn planned_row(subject: &Subject<'_>, row: &UpdateRow, rules: &[&Rule], after: &Resource) -> Result<Planned, PlanError> {
    let nothing = Value::Null;
    let before = subject.before.unwrap_or(&nothing);
    let document = match row.sends {
        Sends::Changed => Value::Object(Map::new()),
        Sends::Account => subject.before.cloned().unwrap_or_else(|| Value::Object(Map::new())),
    };
    let mut draft = Draft { document, ..Draft::default() };
    for rule in rules {
        subject.kind.write(rule, after, Some((before, row.sends)), &mut draft)?;
    }
    let covers = rules.iter().map(|rule| rule.attribute.clone()).collect();
    let mut planned = carried(subject, &row.write, (draft, covers), after)?;
    if let [rule] = rules
        && let Some(value) = rule.writes_to().and_then(|at| at.first(planned.account()?).cloned())
    {
        planned.step.arguments.push(Argument::of(Variable::Value, value));
    }
    Ok(planned)
}

/// A step whose call carries an account: every hole that the plan knows is filled.
fn carried(subject: &Subject<'_>, write: &Write, (mut draft, covers): (Draft, Vec<AttributePath>), resource: &Resource) -> Result<Planned, PlanError> {
    for path in &write.drop {
        path.remove(&mut draft.document);
    }
    let scope = crate::mapping::to_target::ResourceScope { mapping: subject.kind, resource };
    for (name, body) in &write.with {
        if let Some(value) = body.fill(&WithKey { key: &subject.key, scope: &scope }) {
            draft.put(&Path::of_names([&**name]), value, subject.mapping.call(write.call).line);
        }
    }
    let names = draft.document.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>().join(",")).unwrap_or_default();
    let mut arguments = Vec::new();
    // A key that a later answer yields cannot stand in the call that yields it.
    if let Term::Value(_) = &subject.key {
        arguments.push(Argument { variable: Variable::Key, term: subject.key.clone() });
    }
    for hole in subject.mapping.call(write.call).holes() {
        let value = match hole {
            Variable::Fields => Some(Value::from(names.clone())),
            Variable::Attribute(_) => scope.value(hole).map(Cow::into_owned),
            Variable::Field(path) => path.first(&draft.document).or_else(|| path.first(subject.before?)).cloned(),
            _ => None,
        };
        arguments.extend(value.map(|value| Argument::of(hole.clone(), value)));
    }
    arguments.push(Argument { variable: Variable::Account, term: draft.term() });
    let mut planned = Planned::of(write.call, Purpose::Update, arguments);
    (planned.covers, planned.fields) = (covers, draft.lines);
    Ok(planned)
}

/// `with:` may hold the key beside attributes.
struct WithKey<'a> {
    key: &'a Term,
    scope: &'a dyn Scope,
}

impl Scope for WithKey<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match (variable, self.key) {
            (Variable::Key, Term::Value(key)) => Some(Cow::Borrowed(key)),
            _ => self.scope.value(variable),
        }
    }
}

fn adds(subject: &Subject<'_>, change: &ElementChange) -> Result<Vec<Planned>, PlanError> {
    let rule = &subject.kind.rules[change.rule];
    let Shape::Each { add, .. } = &rule.shape else { return Ok(Vec::new()) };
    if change.adds.is_empty() {
        return Ok(Vec::new());
    }
    let call = add.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
    let elements: Vec<(usize, Value)> = change.adds.iter().map(|(at, element)| Ok((*at, subject.value(rule, (*at, element))?))).collect::<Result<_, PlanError>>()?;
    Ok(subject.element_steps(rule, call, &elements, Purpose::Add))
}

fn removes(subject: &Subject<'_>, change: &ElementChange) -> Result<Vec<Planned>, PlanError> {
    let rule = &subject.kind.rules[change.rule];
    let Shape::Each { remove, .. } = &rule.shape else { return Ok(Vec::new()) };
    if change.removes.is_empty() {
        return Ok(Vec::new());
    }
    let call = remove.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
    // Who is unknown is no member: removing them is done already.
    let known = change.removes.iter().enumerate().filter_map(|(at, element)| Some((at, subject.value(rule, (at, element)).ok()?)));
    Ok(subject.element_steps(rule, call, &known.collect::<Vec<_>>(), |_| Purpose::Remove))
}

impl Subject<'_> {
    /// The element's `value` in the target's form; a reference becomes a key.
    fn value(&self, rule: &Rule, (position, element): (usize, &Value)) -> Result<Value, PlanError> {
        let Shape::Each { items, .. } = &rule.shape else { return Ok(Value::Null) };
        let value = element.get("value").unwrap_or(element);
        let Some(item) = items.iter().find(|item| &*item.sub == "value") else { return Ok(value.clone()) };
        let Some(kind) = &item.refers_to else { return item.to_target(value).map_err(|cause| rule.failed(cause).into()) };
        let unknown = || PlanError::UnknownReference { attribute: rule.attribute.to_string(), position, kind: kind.clone() };
        let key = value.as_str().and_then(|id| self.references.key(kind, id)).ok_or_else(unknown)?;
        let referred = self.mapping.kind(kind).ok_or_else(unknown)?;
        key_value(referred, &key).ok_or_else(unknown)
    }

    /// One call for all elements where the call takes `<members>`, else one call each.
    fn element_steps(&self, rule: &Rule, call: CallId, elements: &[(usize, Value)], purpose: impl Fn(usize) -> Purpose) -> Vec<Planned> {
        let key = Argument { variable: Variable::Key, term: self.key.clone() };
        let line = self.mapping.call(call).line;
        let step = |position: usize, arguments: Vec<Argument>| {
            let mut planned = Planned::of(call, purpose(position), arguments);
            planned.covers = vec![rule.attribute.clone()];
            planned.fields = vec![(Path::of_names(["members"]), line)];
            planned
        };
        if self.mapping.call(call).holes().contains(&&Variable::Members) {
            let all: Value = elements.iter().map(|(_, value)| value.clone()).collect();
            return vec![step(elements.first().map_or(0, |(at, _)| *at), vec![key, Argument::of(Variable::Members, all)])];
        }
        let each = elements.iter().map(|(at, value)| {
            let both = [Argument::of(Variable::Member, value.clone()), Argument::of(Variable::Value, value.clone())];
            step(*at, [vec![key.clone()], both.to_vec()].concat())
        });
        each.collect()
    }
}

impl UpdateRow {
    fn takes_change(&self, rule: &Rule, value: Option<&Value>) -> bool {
        self.takes.iter().any(|takes: &Takes| {
            let named = takes.attribute.covers(&rule.attribute) || rule.attribute.covers(&takes.attribute);
            named && takes.value.as_ref().is_none_or(|wanted| value == Some(wanted))
        })
    }
}
