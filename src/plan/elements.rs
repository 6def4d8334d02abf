//! Elements of multi-valued attributes on their way to the target: by calls of their own, or as arrays that are sent whole.

use crate::mapping::to_target::{Draft, array_of, constants};
use crate::mapping::{Item, Rule, Shape, Unknown};
use crate::plan::change::ElementChange;
use crate::plan::write::{PlanError, Subject};
use crate::plan::{Planned, Purpose, key_value};
use crate::scim::resource::Resource;
use crate::wire::template::as_text;
use crate::wire::{Argument, CallId, Hop, Nothing, Path, Scope, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

impl Subject<'_> {
    /// The calls that add elements.
    pub(super) fn adds(&self, change: &ElementChange) -> Result<Vec<Planned>, PlanError> {
        let rule = &self.kind.rules[change.rule];
        let Shape::Each { add, .. } = &rule.shape else { return Ok(Vec::new()) };
        if change.adds.is_empty() {
            return Ok(Vec::new());
        }
        let call = add.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
        let mut elements = Vec::with_capacity(change.adds.len());
        for (position, element) in change.adds.iter().filter(|(at, one)| !self.is_passed_over(rule, (*at, one))) {
            let value = self.value(rule, (*position, element))?;
            elements.push(Element { position: *position, id: id_in(element), value });
        }
        if elements.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.element_steps(rule, call, &elements, Purpose::Add))
    }

    /// The calls that remove elements.
    pub(super) fn removes(&self, change: &ElementChange) -> Result<Vec<Planned>, PlanError> {
        let rule = &self.kind.rules[change.rule];
        let Shape::Each { remove, .. } = &rule.shape else { return Ok(Vec::new()) };
        if change.removes.is_empty() {
            return Ok(Vec::new());
        }
        let call = remove.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
        // Who is unknown is no member: removing them is done already.
        let known = change.removes.iter().enumerate().filter_map(|(position, element)| {
            Some(Element { position, id: id_in(element), value: self.value(rule, (position, element)).ok()? })
        });
        Ok(self.element_steps(rule, call, &known.collect::<Vec<_>>(), |_| Purpose::Remove))
    }

    /// The element's `value` in the target's form; a reference becomes a key.
    fn value(&self, rule: &Rule, (position, element): (usize, &Value)) -> Result<Value, PlanError> {
        let Shape::Each { items, .. } = &rule.shape else { return Ok(Value::Null) };
        let value = id_in(element);
        let Some(item) = items.iter().find(|item| &*item.sub == "value") else { return Ok(value.clone()) };
        let Some(kind) = &item.refers_to else {
            return item.to_target(value, self.known).map_err(|cause| rule.failed(cause).into());
        };
        let unknown =
            || PlanError::UnknownReference { attribute: rule.attribute.to_string(), position, kind: kind.clone() };
        let key = value.as_str().and_then(|id| self.references.key(kind, id)).ok_or_else(unknown)?;
        let referred = self.mapping.kind(kind).ok_or_else(unknown)?;
        key_value(referred, &key).ok_or_else(unknown)
    }

    /// What the account as it was gives to a call: its key, and the attributes, fields and version that the call names.
    pub(super) fn account_arguments(&self, call: CallId) -> Vec<Argument> {
        let mut arguments = vec![Argument { variable: Variable::Key, term: self.key.clone() }];
        let Some(before) = self.before else { return arguments };
        let scope =
            crate::mapping::to_target::ResourceScope { mapping: self.kind, resource: before.resource, known: &Nothing };
        for hole in self.mapping.call(call).holes() {
            let value = match hole {
                Variable::Attribute(_) => scope.value(hole).map(Cow::into_owned),
                Variable::Field(path) => path.first(before.document).cloned(),
                Variable::Version => before.version.map(Value::from),
                _ => None,
            };
            arguments.extend(value.map(|value| Argument::of(hole.clone(), value)));
        }
        arguments
    }

    /// One call for all elements where the call takes `<members>`, else one call each.
    fn element_steps(
        &self,
        rule: &Rule,
        call: CallId,
        elements: &[Element<'_>],
        purpose: impl Fn(usize) -> Purpose,
    ) -> Vec<Planned> {
        let line = self.mapping.call(call).line;
        let step = |position: usize, arguments: Vec<Argument>| {
            let mut planned = Planned::of(call, purpose(position), [self.account_arguments(call), arguments].concat());
            planned.covers = vec![rule.attribute.clone()];
            planned.fields = vec![(Path::of_names([&*rule.attribute.name]), line)];
            planned
        };
        if self.mapping.call(call).holes().contains(&&Variable::Members) {
            let all: Value = elements.iter().map(|element| element.value.clone()).collect();
            let first = elements.first().map_or(0, |element| element.position);
            return vec![step(first, vec![Argument::of(Variable::Members, all)])];
        }
        elements.iter().map(|element| step(element.position, self.element_arguments(rule, call, element))).collect()
    }

    fn element_arguments(&self, rule: &Rule, call: CallId, element: &Element<'_>) -> Vec<Argument> {
        let value = &element.value;
        let mut arguments =
            vec![Argument::of(Variable::Member, value.clone()), Argument::of(Variable::Value, value.clone())];
        let Shape::Each { at, items, .. } = &rule.shape else { return arguments };
        let item = items.iter().find(|item| &*item.sub == "value");
        for hole in self.mapping.call(call).holes() {
            let found = match hole {
                // The element as the target shows it, for calls that name it by another of its fields.
                Variable::ItemField(path) => {
                    let shown = self.before.map(|before| at.items(before.document)).unwrap_or_default();
                    let same = |one: &&Value| {
                        item.and_then(|item| item.at.first(one)).is_some_and(|shown| as_text(shown) == as_text(value))
                    };
                    shown.into_iter().find(same).and_then(|one| path.first(one)).cloned()
                }
                Variable::MemberAttribute(name) => self.member_attribute(item, (element.id, name)),
                _ => None,
            };
            arguments.extend(found.map(|found| Argument::of(hole.clone(), found)));
        }
        arguments
    }

    fn member_attribute(&self, item: Option<&crate::mapping::Item>, (id, name): (&Value, &str)) -> Option<Value> {
        let kind = item?.refers_to.as_deref()?;
        let resource = self.references.resource(kind, id.as_str()?)?;
        let path = self.mapping.kind(kind)?.kind.path(name).ok()?;
        resource.get(&path).cloned()
    }
}

/// What the target holds in an element beyond the sub-attributes that have a place: those are written, or are to be gone.
fn unnamed(items: &[Item], element: Option<&Value>) -> Map<String, Value> {
    let Some(Value::Object(_)) = element else { return Map::new() };
    let mut rest = element.cloned().unwrap_or_default();
    items.iter().filter(|item| !item.read_only).for_each(|item| item.at.remove(&mut rest));
    match rest {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// An element that is added or removed.
struct Element<'a> {
    /// Its place in what the client sent.
    position: usize,
    /// Its `value` as the client has it.
    id: &'a Value,
    /// The same in the target's form.
    value: Value,
}

fn id_in(element: &Value) -> &Value {
    element.get("value").unwrap_or(element)
}

impl Subject<'_> {
    /// Puts the whole array as the resource has it. Elements that the mapping does not name, and unnamed fields of those it
    /// names, are carried along from the account as it was.
    pub(super) fn put_array(&self, rule: &Rule, resource: &Resource, draft: &mut Draft) -> Result<(), PlanError> {
        let Shape::Each { at, items, .. } = &rule.shape else { return Ok(()) };
        let before = self.standing(at, draft);
        let before = before.as_deref();
        let old = before.map(|document| array_of(at).items(document)).unwrap_or_default();
        let ours = before.map(|document| at.items(document)).unwrap_or_default();
        let known: HashMap<String, &Value> =
            ours.iter().filter_map(|one| Some((value_in(items, one)?, *one))).collect();
        // Without a filter on the path every element is one of ours.
        let filtered = at.hops().is_some_and(|hops| matches!(hops.last(), Some(Hop::Where(_))));
        let foreign = old.iter().filter(|one| filtered && !ours.iter().any(|own| std::ptr::eq(*own, **one)));
        let mut list: Vec<Value> = foreign.map(|one| (*one).clone()).collect();
        let elements = resource.elements(&rule.attribute).iter().enumerate();
        for (position, element) in elements.filter(|element| !self.is_passed_over(rule, *element)) {
            let document = self.element(rule, items, (position, element))?;
            let known = value_in(items, &document).and_then(|value| known.get(&value).copied());
            list.push(merged(constants(at), merged(unnamed(items, known), document)));
        }
        draft.put(&array_of(at), Value::Array(list), rule.line);
        Ok(())
    }

    /// The document whose array the rule changes: several rules may fill one array, and what an earlier one wrote stands.
    fn standing(&self, at: &Path, draft: &Draft) -> Option<Cow<'_, Value>> {
        let array = array_of(at);
        let written = draft.lines.iter().any(|(path, _)| path.text() == array.text());
        if written {
            Some(Cow::Owned(draft.document.clone()))
        } else {
            self.before.map(|before| Cow::Borrowed(before.document))
        }
    }

    /// Puts the array as it was, less some elements and with some more; nothing where that changes nothing.
    pub(super) fn put_changed_array(
        &self,
        rule: &Rule,
        change: &ElementChange,
        draft: &mut Draft,
    ) -> Result<(), PlanError> {
        let Shape::Each { at, items, .. } = &rule.shape else { return Ok(()) };
        let before = self.standing(at, draft);
        let old = before.as_deref().map(|document| array_of(at).items(document)).unwrap_or_default();
        let ours = before.as_deref().map(|document| at.items(document)).unwrap_or_default();
        let own = |one: &Value| ours.iter().any(|own| std::ptr::eq(*own, one));
        let gone: Vec<Value> =
            change.removes.iter().filter_map(|one| self.element(rule, items, (0, one)).ok()).collect();
        let kept = old.iter().filter(|one| !(gone.iter().any(|gone| same_value(items, one, gone)) && own(one)));
        let mut list: Vec<Value> = kept.map(|one| (*one).clone()).collect();
        let mut changed = list.len() != old.len();
        for (position, element) in change.adds.iter().filter(|(at, one)| !self.is_passed_over(rule, (*at, one))) {
            let document = merged(constants(at), self.element(rule, items, (*position, element))?);
            if !list.iter().any(|one| same_value(items, one, &document)) {
                list.push(document);
                changed = true;
            }
        }
        if changed {
            draft.put(&array_of(at), Value::Array(list), rule.line);
        }
        Ok(())
    }

    /// Is the element to be left out, as it refers to nobody?
    fn is_passed_over(&self, rule: &Rule, element: (usize, &Value)) -> bool {
        let unknown = || matches!(self.value(rule, element), Err(PlanError::UnknownReference { .. }));
        rule.unknown == Unknown::Ignored && unknown()
    }

    /// One element in the target's form.
    fn element(&self, rule: &Rule, items: &[Item], (position, element): (usize, &Value)) -> Result<Value, PlanError> {
        let mut document = Value::Null;
        for item in items.iter().filter(|item| !item.read_only || &*item.sub == "value") {
            let Some(value) = element.get(&*item.sub) else { continue };
            let value = if &*item.sub == "value" {
                self.value(rule, (position, element))?
            } else {
                item.to_target(value, self.known).map_err(|cause| rule.failed(cause))?
            };
            item.at.set(&mut document, value);
        }
        Ok(document)
    }
}

fn value_in(items: &[Item], element: &Value) -> Option<String> {
    let item = items.iter().find(|item| &*item.sub == "value")?;
    item.at.first(element).map(|value| as_text(value).into_owned())
}

/// Are these two the same element: equal in what their `value` is made of?
fn same_value(items: &[Item], one: &Value, other: &Value) -> bool {
    let place = items.iter().find(|item| &*item.sub == "value").map(|item| &item.at);
    match place {
        Some(at) => at.first(one).map(as_text) == at.first(other).map(as_text),
        None => one == other,
    }
}

fn merged(mut under: Map<String, Value>, over: Value) -> Value {
    match over {
        Value::Object(fields) => {
            under.extend(fields);
            Value::Object(under)
        }
        other => other,
    }
}
