//! Create, update and delete as steps.

use crate::mapping::to_scim::RuleError;
use crate::mapping::to_target::Draft;
use crate::mapping::{By, Mapping, PlannerError, Rule, Sends, Shape, Takes, TypeMapping, UpdateRow, Write};
use crate::plan::change::{Changes, ElementChange, calls_name};
use crate::plan::{Planned, Purpose, key_value};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::template::as_text;
use crate::wire::{Argument, Nothing, Path, Scope, Term, Variable};
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
    /// A function that plans calls refuses or fails, or lists what cannot be called.
    #[error(transparent)]
    Script(#[from] PlannerError),
    /// No `update` row takes this attribute.
    #[error("no `update` row of the mapping takes {0}")]
    NotTaken(String),
    /// Rows take other values of this attribute, and none takes this one.
    #[error("{0} cannot be changed to this value in the target")]
    ValueNotTaken(String),
}

/// SCIM ids → the target's keys. Looked up before planning, so that planning does not wait.
pub trait References: Sync {
    /// The key of the resource with this id; `None`: there is none.
    fn key(&self, kind: &str, id: &str) -> Option<String>;

    /// The resource with this id, where a call names attributes of it.
    fn resource(&self, kind: &str, id: &str) -> Option<&Resource> {
        let _ = (kind, id);
        None
    }

    /// Was the resource looked for, and is not there?
    fn is_gone(&self, kind: &str, id: &str) -> bool {
        let _ = (kind, id);
        false
    }
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
    /// The account as it was, where it was read.
    pub before: Option<Before<'a>>,
    /// How references become keys.
    pub references: &'a dyn References,
    /// What the instance knows: its settings.
    pub known: &'a dyn Scope,
}

/// An account before it is written.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// As the target shows it.
    pub document: &'a Value,
    /// The same in SCIM.
    pub resource: &'a Resource,
    /// The target's own version of it.
    pub version: Option<&'a str>,
}

/// The steps that change an account: elements added, rows in file order, elements removed. What follows a step that moves the
/// account's key speaks of the new one.
///
/// # Errors
/// No row takes a change; a rule fails; an element refers to nobody.
pub fn update(subject: &Subject<'_>, after: &Resource, changes: &Changes) -> Result<Vec<Planned>, PlanError> {
    let mut steps = Vec::new();
    if changes.rules.iter().any(|place| subject.kind.is_in_key(&subject.kind.rules[*place])) {
        made_key(subject.kind, (after, subject.known))?;
    }
    for change in changes.elements.iter().filter(|change| subject.kind.rules[change.rule].has_calls()) {
        steps.extend(subject.adds(change, after)?);
    }
    let (rows, key) = rows(subject, after, changes)?;
    steps.extend(rows);
    let moved = Subject { key, ..*subject };
    for change in changes.elements.iter().filter(|change| subject.kind.rules[change.rule].has_calls()) {
        steps.extend(moved.removes(change, after)?);
    }
    Ok(steps)
}

/// Must the account be read before it is deleted: to fill the calls, because a tombstone looks deletable, or because the product
/// says yes to everything?
pub fn delete_needs_account(subject: &Subject<'_>) -> bool {
    let Some(delete) = &subject.kind.delete else { return false };
    let By::Call(call) = &delete.by else { return true };
    let follow = subject.mapping.follow(*call);
    let after = follow.iter().flat_map(|follow| follow.then.iter().chain(follow.poll.iter().map(|poll| &poll.call)));
    let mut holes = std::iter::once(call).chain(after).flat_map(|call| subject.mapping.call(*call).holes());
    delete.look_first
        || subject.kind.key.any_case
        || !subject.kind.absent_when.is_empty()
        || holes.any(|hole| matches!(hole, Variable::Attribute(_) | Variable::Field(_) | Variable::Version))
}

/// The steps that delete an account.
///
/// # Errors
/// The mapping declares no delete.
pub fn delete(subject: &Subject<'_>) -> Result<Vec<Planned>, PlanError> {
    let delete = subject.kind.delete.as_ref().ok_or(PlanError::NotOffered("deleting"))?;
    let call = match &delete.by {
        By::Call(call) => *call,
        By::Script(planner) => return subject.planned_delete(planner),
    };
    let arguments = subject.account_arguments(call);
    let nothing = Resource::default();
    let resource = subject.before.map_or(&nothing, |before| before.resource);
    Ok(subject.followed(Planned::of(call, Purpose::Delete, arguments), resource))
}

/// The key of a new account, where it is made of attributes.
///
/// # Errors
/// The target does not take such a key.
pub fn made_key(kind: &TypeMapping, (resource, known): (&Resource, &dyn Scope)) -> Result<Option<Term>, PlanError> {
    let text = kind.make_key(resource, known)?;
    Ok(text.and_then(|text| key_value(kind, &text)).map(Term::Value))
}

/// The steps of the `update` rows that take these changes, and the account's key once they are done.
pub(super) fn rows(
    subject: &Subject<'_>,
    after: &Resource,
    changes: &Changes,
) -> Result<(Vec<Planned>, Term), PlanError> {
    let kind = subject.kind;
    let mut taken: Vec<Vec<&Rule>> = vec![Vec::new(); kind.update.len()];
    let whole = |place: &usize| !kind.rules[*place].has_calls() && kind.rules[*place].through.is_none();
    let arrays = changes.elements.iter().map(|change| change.rule).filter(whole);
    if kind.update.is_empty() && !(changes.rules.is_empty() && arrays.clone().next().is_none()) {
        return Err(PlanError::NotOffered("changing"));
    }
    for rule in changes.rules.iter().copied().chain(arrays).map(|place| &kind.rules[place]) {
        let row = kind.update.iter().position(|row| row.takes_change(rule, (kind, kind.value_of(rule, after))));
        let row = row.or_else(|| kind.update.iter().position(|row| subject.carries(row, rule)));
        taken[row.ok_or_else(|| not_taken(kind, rule))?].push(rule);
    }
    let mut steps = Vec::new();
    let mut earlier: Vec<&Rule> = Vec::new();
    let mut current = Subject { key: subject.key.clone(), ..*subject };
    for (row, rules) in kind.update.iter().zip(taken).filter(|(_, rules)| !rules.is_empty()) {
        let (so_far, new) = ((&*earlier, &*rules), (after, &*changes.elements));
        let mut planned = match &row.by {
            By::Call(write) => planned_row(&current, (row, write), so_far, new)?.into_iter().collect(),
            By::Script(planner) => current.planned_update(planner, so_far, new)?,
        };
        // Of several calls the last is the one that may move the account.
        if let Some(last) = planned.last_mut() {
            last.moves_to = current.moved_by(last, &rules, after)?;
            if let Some(key) = last.moves_to.as_deref().and_then(|key| key_value(kind, key)) {
                current.key = Term::Value(key);
            }
        }
        steps.extend(planned.into_iter().flat_map(|planned| current.followed(planned, after)));
        // What is never read is no part of an account that is sent back.
        earlier.extend(rules.into_iter().filter(|rule| !matches!(rule.shape, Shape::Write(_))));
    }
    Ok((steps, current.key))
}

fn not_taken(kind: &TypeMapping, rule: &Rule) -> PlanError {
    let attribute = rule.attribute.to_string();
    match kind.update.iter().any(|row| row.names(rule)) {
        true => PlanError::ValueNotTaken(attribute),
        false => PlanError::NotTaken(attribute),
    }
}

/// The step of one row; `None` where the arrays that it would send are as they should be already. A whole account holds what earlier
/// rows changed, too.
fn planned_row(
    subject: &Subject<'_>,
    (row, write): (&UpdateRow, &Write),
    (earlier, rules): (&[&Rule], &[&Rule]),
    (after, elements): (&Resource, &[ElementChange]),
) -> Result<Option<Planned>, PlanError> {
    let whole = if row.sends == Sends::Account { [earlier, rules].concat() } else { rules.to_vec() };
    let others = whole.len() - rules.len();
    let nothing = Value::Null;
    let before = subject.before.map_or(&nothing, |before| before.document);
    let document = match (row.sends, before) {
        (Sends::Account, Value::Object(fields)) => Value::Object(subject.carried_along(fields, &whole)),
        (Sends::Account | Sends::Changed, _) => Value::Object(Map::new()),
    };
    let mut draft = Draft { document, ..Draft::default() };
    subject.put_rules((&whole[..others], row.sends), (after, elements), &mut draft)?;
    draft.lines.clear();
    subject.put_rules((&whole[others..], row.sends), (after, elements), &mut draft)?;
    let keyed = subject.keyed(after);
    let names = rules.iter().any(|rule| matches!(rule.shape, Shape::Read(_)));
    if draft.lines.is_empty() && !names {
        return Ok(None);
    }
    if row.sends == Sends::Account {
        put_back_unchanged_arrays(before, &whole, &mut draft);
    }
    let covers = rules.iter().map(|rule| rule.attribute.clone()).collect();
    let mut planned = carried(subject, write, (&mut draft, covers), after)?;
    if let [rule] = rules {
        let asked = || subject.mapping.call(write.call).holes().contains(&&Variable::Value);
        let value = match &rule.shape {
            Shape::Read(_) if !asked() => None,
            Shape::Read(_) => subject.kind.read_backwards(rule, (&keyed, subject.known))?,
            _ => match rule.only_path().and_then(|at| at.first(planned.account()?)) {
                // It may be a list of 50,000.
                Some(Value::Array(_)) if !calls_name(subject.mapping, write.call, |hole| *hole == Variable::Value) => {
                    None
                }
                value => value.cloned(),
            },
        };
        planned.step.arguments.extend(value.map(|value| Argument::of(Variable::Value, value)));
    }
    Ok(Some(planned))
}

/// The field of the account that the rule's array is, where it is one.
fn whole_root_array(rule: &Rule) -> Option<&str> {
    match &rule.shape {
        Shape::Each { at, .. } if at.is_plain() && at.hops().is_some_and(|hops| hops.len() == 1) => at.root_field(),
        _ => None,
    }
}

/// An array that turned out as it was belongs to an account that is sent whole.
fn put_back_unchanged_arrays(before: &Value, rules: &[&Rule], draft: &mut Draft) {
    let Value::Object(document) = &mut draft.document else { return };
    for name in rules.iter().copied().filter_map(whole_root_array) {
        if let (None, Some(array)) = (document.get(name), before.get(name)) {
            document.insert(name.to_owned(), array.clone());
        }
    }
}

impl Subject<'_> {
    /// Writes what these rules send of the account's new form.
    pub(super) fn put_rules(
        &self,
        (rules, sends): (&[&Rule], Sends),
        (after, elements): (&Resource, &[ElementChange]),
        draft: &mut Draft,
    ) -> Result<(), PlanError> {
        let nothing = Value::Null;
        let before = self.before.map_or(&nothing, |before| before.document);
        let keyed = self.keyed(after);
        for rule in rules {
            match (elements.iter().find(|change| std::ptr::eq(&self.kind.rules[change.rule], *rule)), &rule.shape) {
                (Some(change), _) => self.put_changed_array(rule, change, draft)?,
                (None, Shape::Each { .. }) => self.put_array(rule, after, draft)?,
                (None, _) => self.kind.write(rule, (&keyed, self.known), Some((before, sends)), draft)?,
            }
        }
        Ok(())
    }

    /// The account as it was, but for arrays that are put whole anyway and may be long.
    fn carried_along(&self, fields: &Map<String, Value>, rules: &[&Rule]) -> Map<String, Value> {
        let replaced: Vec<&str> = rules.iter().copied().filter_map(whole_root_array).collect();
        let kept =
            fields.iter().filter(|(name, _)| !replaced.contains(&name.as_str()) && !self.kind.is_named_read(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// A step whose call carries an account: every hole that the plan knows is filled.
pub(super) fn carried(
    subject: &Subject<'_>,
    write: &Write,
    (draft, covers): (&mut Draft, Vec<AttributePath>),
    resource: &Resource,
) -> Result<Planned, PlanError> {
    for path in &write.drop {
        path.remove(&mut draft.document);
    }
    let scope = crate::mapping::to_target::ResourceScope { mapping: subject.kind, resource, known: &Nothing };
    for (name, body) in &write.with {
        let (at, line) = (Path::of_names([&**name]), subject.mapping.call(write.call).line);
        let scope = WithKey { key: &subject.key, scope: &scope };
        if body.holes().into_iter().any(Variable::is_late) {
            draft.put_late(&at, (body, &scope), line);
        } else if let Some(value) = body.fill(&scope) {
            draft.put(&at, value, line);
        }
    }
    let names = |document: &Value| {
        let fields = document.as_object().map(|fields| fields.keys().map(String::as_str).collect::<Vec<_>>());
        Value::from(fields.unwrap_or_default().join(","))
    };
    let mut arguments = Vec::new();
    // A key that a later answer yields cannot stand in the call that yields it.
    if let Term::Value(_) = &subject.key {
        arguments.push(Argument { variable: Variable::Key, term: subject.key.clone() });
    }
    for hole in subject.mapping.call(write.call).holes() {
        let value = match hole {
            Variable::Fields => Some(names(&draft.document)),
            hole => subject.value_of_hole(hole, (Some(&draft.document), resource)),
        };
        arguments.extend(value.map(|value| Argument::of(hole.clone(), value)));
    }
    arguments.push(Argument { variable: Variable::Account, term: draft.take_term() });
    let mut planned = Planned::of(write.call, Purpose::Update, arguments);
    (planned.covers, planned.fields) = (covers, std::mem::take(&mut draft.lines));
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

impl Subject<'_> {
    /// The account's key after this step, where the step moves it.
    fn moved_by(&self, planned: &Planned, rules: &[&Rule], after: &Resource) -> Result<Option<String>, PlanError> {
        let Term::Value(key) = &self.key else { return Ok(None) };
        if self.kind.key.stable {
            return Ok(None);
        }
        let made = if rules.iter().any(|rule| self.kind.is_in_key(rule)) {
            self.kind.make_key(after, self.known)?
        } else {
            planned.account().and_then(|account| self.kind.key_of(account))
        };
        Ok(made.filter(|made| **made != *as_text(key)))
    }

    /// Does this row take what no other row names? What is only read is in no account that is sent: the call itself must name it.
    fn carries(&self, row: &UpdateRow, rule: &Rule) -> bool {
        let named = |hole: &&Variable| match hole {
            Variable::Attribute(name) => **name == *rule.attribute.to_string(),
            _ => false,
        };
        let names = || match &row.by {
            By::Call(write) => self.mapping.call(write.call).holes().iter().any(named),
            By::Script(_) => true,
        };
        row.takes.is_empty() && (!matches!(rule.shape, Shape::Read(_)) || names())
    }

    /// The resource with the target's keys where it refers to others. Who is unknown to the target is not written to it.
    pub(super) fn keyed<'r>(&self, resource: &'r Resource) -> Cow<'r, Resource> {
        let mut keyed = Cow::Borrowed(resource);
        for (_, rule) in self.kind.rules.referring_in(resource).filter(|(_, rule)| rule.is_sent()) {
            if let (Some(kind), Some(id)) = (&rule.refers_to, resource.text(&rule.attribute)) {
                let key = self.references.key(kind, id).and_then(|key| key_value(self.mapping.kind(kind)?, &key));
                keyed.to_mut().set(&rule.attribute, key.unwrap_or(Value::Null));
            }
        }
        keyed
    }
}

impl UpdateRow {
    pub(super) fn takes_change(&self, rule: &Rule, (kind, value): (&TypeMapping, Option<&Value>)) -> bool {
        self.takes.iter().any(|takes: &Takes| {
            // A row for a part takes the whole, unless the part has a rule of its own.
            let part = rule.attribute.covers(&takes.attribute)
                && !kind.rules.of(&takes.attribute).any(|(_, other)| other.attribute == takes.attribute);
            let named = takes.attribute.covers(&rule.attribute) || part;
            named && takes.value.as_ref().is_none_or(|wanted| value == Some(wanted))
        })
    }
}
