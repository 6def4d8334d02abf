//! Create, update and delete as steps.

use crate::mapping::draft::Draft;
use crate::mapping::to_scim::RuleError;
use crate::mapping::{By, Mapping, PlannerError, TypeMapping, Write};
use crate::plan::change::Changes;
use crate::plan::rows::rows;
use crate::plan::{Planned, Purpose, key_value};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::{Argument, Nothing, Path, Scope, Term, Variable};
use serde_json::Value;
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
            // It is taken from the account once that is filled.
            Variable::Field(path) if draft.is_late(path) => None,
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
