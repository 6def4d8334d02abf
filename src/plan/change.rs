//! What changes: the rules and elements that differ between two forms of a resource, or that a PATCH touches without knowing the first.

use crate::mapping::{Mapping, Rest, Rule, Sends, Shape, TypeMapping, Written};
use crate::scim::filter::{Comparison, Filter, Operator};
use crate::scim::fold::fold;
use crate::scim::patch::{self, Change, Operation};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::{Kind, Mutability};
use crate::wire::{CallId, Variable};
use serde_json::Value;

/// Elements that are added, each with its position in what the client sent, and elements that go.
type Named = (Vec<(usize, Value)>, Vec<Value>);

/// What must be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Places in [`TypeMapping::rules`] of the rules whose fields change.
    pub rules: Vec<usize>,
    /// Elements that are added or removed by calls of their own.
    pub elements: Vec<ElementChange>,
}

/// The change of one multi-valued attribute whose elements have calls of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementChange {
    /// The place of its rule.
    pub rule: usize,
    /// New elements, each with its position in what the client sent.
    pub adds: Vec<(usize, Value)>,
    /// Elements that go.
    pub removes: Vec<Value>,
}

impl Changes {
    /// What is written as elements of another type's lists.
    pub fn elsewhere<'a>(&'a self, kind: &'a TypeMapping) -> impl Iterator<Item = (&'a Rule, &'a ElementChange)> {
        self.elements.iter().map(|change| (&kind.rules[change.rule], change)).filter(|(rule, _)| rule.through.is_some())
    }

    /// Is there nothing to write to the target?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.elements.iter().all(|change| change.adds.is_empty() && change.removes.is_empty())
    }
}

/// Compares two forms of one resource, rule by rule.
pub fn diff(kind: &TypeMapping, before: &Resource, after: &Resource) -> Changes {
    let mut changes = Changes::default();
    let written = |rule: &Rule| rule.is_sent() || rule.through.is_some();
    for (place, rule) in kind.rules.present_in(&[before, after]).filter(|(_, rule)| written(rule)) {
        if rule.has_calls() || rule.through.is_some() {
            changes.elements.extend(element_diff(place, rule, before, after));
        } else if !kind.sends_alike(rule, before, after) {
            changes.rules.push(place);
        }
    }
    changes
}

/// What a PATCH changes, where that can be told without knowing the account: plain replacement of whole fields that a partial
/// update sends, elements that have calls of their own. `kept` is what our store holds. `None`: the account must be read first.
///
/// The resource is the account's new form as far as it is known: what the PATCH sets, and what is kept.
pub fn blind(
    mapping: &Mapping,
    kind: &TypeMapping,
    (operations, kept): (&[Operation], &Resource),
) -> Option<(Resource, Changes)> {
    if !kind.absent_when.is_empty() || kind.key.any_case || kind.update.iter().any(|row| row.sends == Sends::Account) {
        return None;
    }
    let mut changes = Changes::default();
    for operation in operations {
        let (place, rule) = kind.rules.of(&operation.path).find(|(_, rule)| concerns(rule, operation))?;
        if rule.through.is_some() {
            return None;
        }
        if rule.written == Written::Refused {
            return None;
        }
        if matches!(rule.shape, Shape::Kept) || !rule.is_sent() {
            continue;
        }
        if !rule.is_blind()
            || kind.rules.of(&rule.attribute).filter(|(_, other)| shares(other, rule)).count() > 1
            || (!rule.has_calls() && !is_self_contained(mapping, kind, rule))
            || is_partial(kind, rule, operation)
            || rule.stays().is_some()
        {
            return None;
        }
        if rule.has_calls() {
            changes.note(place, blind_elements(operation)?);
        } else if replaces(kind, rule, operation) {
            changes.rules.retain(|known| *known != place);
            changes.rules.push(place);
        } else {
            return None;
        }
    }
    changes.rules.sort_unstable();
    changes.settle();
    if elements_need_account(mapping, kind, &changes) {
        return None;
    }
    // Nothing for the target to do means that nothing proves that the account is there.
    if changes.is_empty() {
        return None;
    }
    let scalar = |operation: &&Operation| kind.rule(&operation.path).is_none_or(|rule| !rule.has_calls());
    let scalars: Vec<Operation> = operations.iter().filter(scalar).cloned().collect();
    let after = patch::apply(&scalars, kept, &kind.kind).ok()?;
    let unsure = changes.rules.iter().any(|place| depends_on_before(kind, &kind.rules[*place], &after));
    (!unsure && kind.check_rest(&after).is_ok()).then_some((after, changes))
}

/// The parts of a PATCH that add or remove elements by name in arrays that are sent whole, or written elsewhere: told without the resource's own
/// list, which may be long. What is left must be applied to the resource.
pub fn listed<'a>(kind: &TypeMapping, operations: &'a [Operation]) -> (Changes, Vec<&'a Operation>) {
    let mut changes = Changes::default();
    let (mut by_name, mut rest) = (Vec::new(), Vec::new());
    for operation in operations {
        let array = kind.rules.of(&operation.path).find(|(_, rule)| concerns(rule, operation) && is_array(kind, rule));
        match array.and_then(|(place, _)| Some((place, blind_elements(operation)?))) {
            Some(named) => by_name.push((named, operation)),
            None => rest.push(operation),
        }
    }
    // An operation that is not by name decides the whole list, and the order of operations counts.
    for ((place, elements), operation) in by_name {
        if rest.iter().any(|other| kind.rules[place].attribute.covers(&other.path)) {
            rest.push(operation);
        } else {
            changes.note(place, elements);
        }
    }
    rest.sort_by_key(|operation| operation.position);
    changes.settle();
    (changes, rest)
}

/// Do two rules hold parts of the same elements?
fn shares(one: &Rule, other: &Rule) -> bool {
    one.attribute.covers(&other.attribute) || other.attribute.covers(&one.attribute)
}

fn is_array(kind: &TypeMapping, rule: &Rule) -> bool {
    if rule.through.is_some() {
        return true;
    }
    let Shape::Each { items, .. } = &rule.shape else { return false };
    // Which element is primary can only be told from all of them.
    let elects = |other: &Rule| matches!(other.shape, Shape::Elected { .. }) && shares(other, rule);
    if kind.rules.of(&rule.attribute).any(|(_, other)| elects(other)) {
        return false;
    }
    // Elements with more than a value and what is only shown are compared as wholes.
    let writable = items.iter().filter(|item| !item.read_only).count();
    rule.is_sent()
        && !rule.has_calls()
        && writable == 1
        && items.iter().any(|item| &*item.sub == "value" && !item.read_only)
}

impl Changes {
    fn note(&mut self, rule: usize, (adds, removes): Named) {
        let at = self.elements.iter().position(|change| change.rule == rule).unwrap_or_else(|| {
            self.elements.push(ElementChange { rule, adds: Vec::new(), removes: Vec::new() });
            self.elements.len() - 1
        });
        let change = &mut self.elements[at];
        change.adds.retain(|(_, known)| !removes.iter().any(|gone| same_element(known, gone)));
        change.removes.retain(|known| !adds.iter().any(|(_, new)| same_element(known, new)));
        change.adds.extend(adds);
        change.removes.extend(removes);
    }

    /// An element named twice is written once.
    fn settle(&mut self) {
        for change in &mut self.elements {
            let mut kept: Vec<(usize, Value)> = Vec::with_capacity(change.adds.len());
            let mut seen = std::collections::HashSet::new();
            for (position, element) in change.adds.drain(..) {
                if seen.insert(identity(&element)) {
                    kept.push((position, element));
                }
            }
            change.adds = kept;
            let mut seen = std::collections::HashSet::new();
            change.removes.retain(|element| seen.insert(identity(element)));
        }
    }
}

fn element_diff(place: usize, rule: &Rule, before: &Resource, after: &Resource) -> Option<ElementChange> {
    let (old, new) = (before.elements(&rule.attribute), after.elements(&rule.attribute));
    let known: std::collections::HashSet<String> = old.iter().map(identity).collect();
    let wanted: std::collections::HashSet<String> = new.iter().map(identity).collect();
    let adds: Vec<(usize, Value)> = new
        .iter()
        .enumerate()
        .filter(|(_, element)| !known.contains(&identity(element)))
        .map(|(at, element)| (at, element.clone()))
        .collect();
    let stays = rule.stays().and_then(|attribute| after.get(attribute)).map(identity);
    let goes = |element: &&Value| !wanted.contains(&identity(element)) && stays.as_ref() != Some(&identity(element));
    let removes: Vec<Value> = old.iter().filter(goes).cloned().collect();
    (!adds.is_empty() || !removes.is_empty()).then_some(ElementChange { rule: place, adds, removes })
}

/// What makes two elements the same: their `value`, folded.
pub fn identity(element: &Value) -> String {
    let value = element.get("value").unwrap_or(element);
    fold(&crate::wire::template::as_text(value)).into_owned()
}

fn same_element(one: &Value, other: &Value) -> bool {
    identity(one) == identity(other)
}

fn concerns(rule: &Rule, operation: &Operation) -> bool {
    rule.attribute.covers(&operation.path) || (rule.refers_to.is_some() && rule.attribute.parent() == operation.path)
}

/// Is the change allowed, or anything at all, only if the account holds the right thing before?
fn depends_on_before(kind: &TypeMapping, rule: &Rule, after: &Resource) -> bool {
    let attribute = kind.kind.attribute(&rule.attribute);
    let cleared = kind.value_of(rule, after).is_none();
    attribute.is_some_and(|one| one.mutability == Mutability::Immutable || (one.required && cleared))
        || (cleared && !rule.can_be_cleared())
}

/// Can every call that may carry this rule be written out without the account as it was?
fn is_self_contained(mapping: &Mapping, kind: &TypeMapping, rule: &Rule) -> bool {
    // A function that plans calls is shown the account as it was.
    let mut writes = kind.update.iter().filter(|row| row.may_take(rule)).map(|row| row.by.call());
    let all = kind.update.iter().filter_map(|row| row.by.call());
    let with = all.flat_map(|write| &write.with).flat_map(|(_, body)| body.holes());
    if with.into_iter().any(needs_account) {
        return false;
    }
    writes.all(|write| write.is_some_and(|write| !calls_need_account(mapping, write.call)))
}

/// Do the calls of these elements name what only the account tells?
pub fn elements_need_account(mapping: &Mapping, kind: &TypeMapping, changes: &Changes) -> bool {
    let calls = changes.elements.iter().flat_map(|change| match &kind.rules[change.rule].shape {
        Shape::Each { add, remove, .. } => {
            [add.filter(|_| !change.adds.is_empty()), remove.filter(|_| !change.removes.is_empty())]
        }
        _ => [None, None],
    });
    calls.flatten().any(|call| calls_need_account(mapping, call))
}

/// Does the call, or what follows it, name what only the account tells?
pub(super) fn calls_need_account(mapping: &Mapping, call: CallId) -> bool {
    calls_name(mapping, call, needs_account)
}

/// Does the call, or what follows it, have such a placeholder?
pub(super) fn calls_name(mapping: &Mapping, call: CallId, such: fn(&Variable) -> bool) -> bool {
    let follow = mapping.follow(call);
    let after = follow.iter().flat_map(|follow| follow.then.iter().chain(follow.poll.iter().map(|poll| &poll.call)));
    std::iter::once(&call).chain(after).flat_map(|call| mapping.call(*call).holes()).any(such)
}

fn needs_account(hole: &Variable) -> bool {
    matches!(hole, Variable::Attribute(_) | Variable::Field(_) | Variable::Version | Variable::ItemField(_))
}

/// Does it change a part of a complex attribute that is one field? The other parts are in the account alone.
fn is_partial(kind: &TypeMapping, rule: &Rule, operation: &Operation) -> bool {
    let complex =
        kind.kind.attribute(&rule.attribute).is_some_and(|one| one.kind == Kind::Complex && !one.multi_valued);
    complex && (operation.path != rule.attribute || operation.change != Change::Remove)
}

/// Does the operation say the whole of what the rule sends?
fn replaces(kind: &TypeMapping, rule: &Rule, operation: &Operation) -> bool {
    let several = kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.multi_valued);
    match &rule.shape {
        // Elements that are added to a list, or taken out of it by name, leave the others where they are.
        Shape::Field(_) | Shape::Write(_) if several => {
            let whole = operation.path == rule.attribute && operation.element.is_none();
            whole && (operation.change == Change::Replace || operation.value.is_none())
        }
        Shape::Field(_) | Shape::Write(_) if operation.path == rule.attribute => operation.element.is_none(),
        // A reference's `value` is all that is held of it.
        Shape::Field(_) | Shape::Write(_) if rule.attribute.sub.is_none() => false,
        Shape::Field(_) | Shape::Write(_) => {
            operation.change == Change::Remove
                || operation.value.as_ref().is_some_and(|value| value.get("value").is_some())
        }
        Shape::One { at, of_type, rest, .. } => match &operation.element {
            Some(element) => {
                let sub = operation.path.sub.as_ref();
                let whole = sub.is_some_and(|sub| at.len() == 1 && at[0].0 == *sub);
                whole && of_type.as_ref().is_some_and(|of_type| selects_type(element, &operation.path, of_type))
            }
            None => operation.change == Change::Replace && operation.path == rule.attribute && *rest != Rest::Keep,
        },
        _ => false,
    }
}

fn selects_type(filter: &Filter, path: &AttributePath, of_type: &str) -> bool {
    let type_path = path.parent().with_sub(&"type".into());
    matches!(filter, Filter::Compare(Comparison { path, operator: Operator::Equal, value: Value::String(text), .. })
        if *path == type_path && fold(text) == fold(of_type))
}

/// The elements that an operation adds or removes by name; `None` where that depends on what is there.
fn blind_elements(operation: &Operation) -> Option<Named> {
    if operation.path.sub.is_some() {
        return None;
    }
    let named = |value: &Value| -> Option<Vec<Value>> {
        let list = value.as_array()?;
        list.iter().all(|element| element.get("value").is_some()).then(|| list.clone())
    };
    match (operation.change, &operation.element, &operation.value) {
        (Change::Add, None, Some(value)) => Some((named(value)?.into_iter().enumerate().collect(), Vec::new())),
        (Change::Remove, None, Some(value)) => Some((Vec::new(), named(value)?)),
        (Change::Remove, Some(filter), None) => Some((Vec::new(), vec![selected_value(filter, &operation.path)?])),
        _ => None,
    }
}

/// The element that `members[value eq "x"]` selects.
fn selected_value(filter: &Filter, path: &AttributePath) -> Option<Value> {
    let value_path = path.with_sub(&"value".into());
    match filter {
        Filter::Compare(Comparison { path, operator: Operator::Equal, value, .. }) if *path == value_path => {
            Some(serde_json::json!({ "value": value }))
        }
        _ => None,
    }
}
