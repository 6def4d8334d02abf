//! Elements of multi-valued attributes on their way to the target: by calls of their own, or as arrays that are sent whole.

use crate::mapping::draft::Draft;
use crate::mapping::keyed;
use crate::mapping::to_target::{array_of, constants};
use crate::mapping::{Cleared, Item, Rule, Shape, Transform, Unknown};
use crate::plan::change::ElementChange;
use crate::plan::write::{PlanError, Subject};
use crate::plan::{Planned, Purpose, key_value};
use crate::scim::resource::Resource;
use crate::scim::schema::Kind;
use crate::wire::template::as_text;
use crate::wire::{Argument, CallId, Nothing, Path, Scope, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

impl Subject<'_> {
    /// The calls that add elements.
    pub(super) fn adds(&self, change: &ElementChange, after: &Resource) -> Result<Vec<Planned>, PlanError> {
        let rule = &self.kind.rules[change.rule];
        let Shape::Each { add, .. } = &rule.shape else { return Ok(Vec::new()) };
        if change.adds.is_empty() {
            return Ok(Vec::new());
        }
        let call = add.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
        let mut elements = Vec::with_capacity(change.adds.len());
        for (position, element) in &change.adds {
            match self.named(rule, (*position, element)).and_then(|element| self.there(rule, element)) {
                Err(PlanError::UnknownReference { .. }) if rule.unknown == Unknown::Ignored => {}
                element => elements.push(element?),
            }
        }
        if elements.is_empty() {
            return Ok(Vec::new());
        }
        let steps = self.element_steps(rule, call, &elements, Purpose::Add);
        Ok(steps.into_iter().flat_map(|step| self.followed(step, after)).collect())
    }

    /// The calls that remove elements.
    pub(super) fn removes(&self, change: &ElementChange, after: &Resource) -> Result<Vec<Planned>, PlanError> {
        let rule = &self.kind.rules[change.rule];
        let Shape::Each { remove, .. } = &rule.shape else { return Ok(Vec::new()) };
        if change.removes.is_empty() {
            return Ok(Vec::new());
        }
        let call = remove.ok_or_else(|| PlanError::NotTaken(rule.attribute.to_string()))?;
        // Who is unknown is no member: removing them is done already. An account that is gone may be a member all the same.
        let named = change.removes.iter().enumerate().filter_map(|element| self.named(rule, element).ok());
        let names = self.mapping.call(call).holes().iter().any(|hole| matches!(hole, Variable::MemberAttribute(_)));
        let known: Vec<Element> = named.filter(|element| !names || !self.is_gone(rule, element)).collect();
        // To some products a list of nobody means everybody.
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let steps = self.element_steps(rule, call, &known, |_| Purpose::Remove);
        Ok(steps.into_iter().flat_map(|step| self.followed(step, after)).collect())
    }

    fn named<'e>(&self, rule: &Rule, (position, element): (usize, &'e Value)) -> Result<Element<'e>, PlanError> {
        let key = self.key_or_value(rule, (position, element))?;
        Ok(Element { position, id: id_in(element), value: self.in_form(rule, key.clone())?, key })
    }

    /// The element, if nobody found its account gone.
    fn there<'e>(&self, rule: &Rule, element: Element<'e>) -> Result<Element<'e>, PlanError> {
        match referred(rule).filter(|_| self.is_gone(rule, &element)) {
            Some(kind) => Err(unknown(rule, element.position, kind)),
            None => Ok(element),
        }
    }

    fn is_gone(&self, rule: &Rule, element: &Element<'_>) -> bool {
        referred(rule).zip(element.id.as_str()).is_some_and(|(kind, id)| self.references.is_gone(kind, id))
    }

    /// The element's `value` in the target's form.
    fn value(&self, rule: &Rule, element: (usize, &Value)) -> Result<Value, PlanError> {
        self.in_form(rule, self.key_or_value(rule, element)?)
    }

    /// As the field holds it: an address of another account, say, rather than its key.
    fn in_form(&self, rule: &Rule, value: Value) -> Result<Value, PlanError> {
        match value_item(rule) {
            Some(item) if !matches!(item.transform, Transform::Same) => {
                item.to_target(&value, self.known).map_err(|cause| rule.failed(cause).into())
            }
            _ => Ok(value),
        }
    }

    /// The element's `value`; a reference becomes a key.
    fn key_or_value(&self, rule: &Rule, (position, element): (usize, &Value)) -> Result<Value, PlanError> {
        let value = id_in(element);
        let Some(kind) = referred(rule) else { return Ok(value.clone()) };
        let unknown = || unknown(rule, position, kind);
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
            let all: Value = elements.iter().map(|element| element.key.clone()).collect();
            let first = elements.first().map_or(0, |element| element.position);
            return vec![step(first, vec![Argument::of(Variable::Members, all)])];
        }
        elements.iter().map(|element| step(element.position, self.element_arguments(rule, call, element))).collect()
    }

    fn element_arguments(&self, rule: &Rule, call: CallId, element: &Element<'_>) -> Vec<Argument> {
        let value = &element.value;
        let mut arguments =
            vec![Argument::of(Variable::Member, element.key.clone()), Argument::of(Variable::Value, value.clone())];
        let Shape::Each { at, items, .. } = &rule.shape else { return arguments };
        let item = items.iter().find(|item| &*item.sub == "value");
        for hole in self.mapping.call(call).holes() {
            let found = match hole {
                // The element as the target shows it, for calls that name it by another of its fields.
                Variable::ItemField(path) => {
                    let shown = self.before.map(|before| at.items(before.document)).unwrap_or_default();
                    let same = |one: &&Value| item.is_some_and(|item| self.is_value(item, one, element));
                    shown.into_iter().find(same).and_then(|one| path.first(one)).cloned()
                }
                Variable::MemberAttribute(name) => self.member_attribute(item, (element.id, name)),
                _ => None,
            };
            arguments.extend(found.map(|found| Argument::of(hole.clone(), found)));
        }
        arguments
    }

    /// Is this element of the account the one meant: does it hold its value, or a form of it?
    fn is_value(&self, item: &Item, shown: &Value, element: &Element<'_>) -> bool {
        let Some(shown) = item.at.first(shown) else { return false };
        let read = || item.transform.to_scim(shown, Kind::String, self.known).ok().flatten();
        as_text(shown) == as_text(&element.value) || read().is_some_and(|read| as_text(&read) == as_text(&element.key))
    }

    fn member_attribute(&self, item: Option<&crate::mapping::Item>, (id, name): (&Value, &str)) -> Option<Value> {
        let kind = item?.refers_to.as_deref()?;
        let resource = self.references.resource(kind, id.as_str()?)?;
        let path = self.mapping.kind(kind)?.kind.find(name)?;
        resource.get(path).cloned()
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
    /// The key to which it refers, or its `value`.
    key: Value,
    /// The same in the form that the field has.
    value: Value,
}

/// The resource type to which the elements refer.
fn referred(rule: &Rule) -> Option<&Arc<str>> {
    value_item(rule)?.refers_to.as_ref()
}

fn unknown(rule: &Rule, position: usize, kind: &Arc<str>) -> PlanError {
    PlanError::UnknownReference { attribute: rule.attribute.to_string(), position, kind: kind.clone() }
}

fn value_item(rule: &Rule) -> Option<&Item> {
    let Shape::Each { items, .. } = &rule.shape else { return None };
    items.iter().find(|item| &*item.sub == "value")
}

fn id_in(element: &Value) -> &Value {
    element.get("value").unwrap_or(element)
}

impl Subject<'_> {
    /// Puts the whole array as the resource has it. Elements that the mapping does not name, and unnamed fields of those it
    /// names, are carried along from the account as it was.
    pub(super) fn put_array(&self, rule: &Rule, resource: &Resource, draft: &mut Draft) -> Result<(), PlanError> {
        let Shape::Each { at, items, apart, keyed, .. } = &rule.shape else { return Ok(()) };
        let array = array_of(at);
        let named = keyed.then(|| keyed::elements(draft.standing(&array, self.document())));
        let standing = Standing::of(at, self.standing_for((rule, &array), named.as_ref(), draft));
        let ours = apart.others(standing.ours, self.known).map_err(|cause| rule.failed(cause))?;
        let mut known = Known::of(items, &ours);
        // Both are in the array's order.
        let mut next = ours.iter().peekable();
        let foreign = standing.all.iter().filter(|one| next.next_if(|own| std::ptr::eq(**own, *one)).is_none());
        let mut list: Vec<Value> = foreign.cloned().collect();
        let elements = resource.elements(&rule.attribute).iter().enumerate();
        for (position, element) in elements.filter(|element| !self.is_passed_over(rule, *element)) {
            let document = self.element(rule, items, (position, element))?;
            let known = known.take(items, &document);
            list.push(merged(constants(at), merged(unnamed(items, known), document)));
        }
        self.put_list((rule, &array), list, draft)
    }

    /// The array as it is, less what stands in it for nothing.
    fn standing_for<'s>(
        &'s self,
        (rule, array): (&Rule, &Path),
        named: Option<&'s Value>,
        draft: &'s Draft,
    ) -> Option<&'s Value> {
        let held = named.or_else(|| draft.standing(array, self.document()));
        held.filter(|held| !rule.cleared.is(held))
    }

    fn put_list(&self, (rule, array): (&Rule, &Path), list: Vec<Value>, draft: &mut Draft) -> Result<(), PlanError> {
        draft.carry(array, self.document());
        let value = match (&rule.shape, &rule.cleared) {
            // Some arrays must not be empty: this stands for nothing in them.
            (_, Cleared::As(forms)) if list.is_empty() => forms.first().cloned().unwrap_or_default(),
            (Shape::Each { keyed: true, .. }, _) => keyed::object(list).map_err(|cause| rule.failed(cause))?,
            _ => Value::Array(list),
        };
        draft.put(array, value, rule.line);
        Ok(())
    }

    fn document(&self) -> Option<&Value> {
        self.before.map(|before| before.document)
    }

    /// Puts the array as it was, less some elements and with some more; nothing where that changes nothing.
    pub(super) fn put_changed_array(
        &self,
        rule: &Rule,
        change: &ElementChange,
        draft: &mut Draft,
    ) -> Result<(), PlanError> {
        let Shape::Each { at, items, apart, keyed, .. } = &rule.shape else { return Ok(()) };
        let array = array_of(at);
        let named = keyed.then(|| keyed::elements(draft.standing(&array, self.document())));
        let standing = Standing::of(at, self.standing_for((rule, &array), named.as_ref(), draft));
        let ours = apart.others(standing.ours, self.known).map_err(|cause| rule.failed(cause))?;
        let (old, all) = (standing.all, ours.len() == standing.all.len());
        let own = |one: &Value| all || ours.iter().any(|own| std::ptr::eq(*own, one));
        let gone: Vec<Value> =
            change.removes.iter().filter_map(|one| self.element(rule, items, (0, one)).ok()).collect();
        let kept = old.iter().filter(|one| !(gone.iter().any(|gone| same_value(items, one, gone)) && own(one)));
        let mut list = Vec::with_capacity(old.len() + change.adds.len());
        list.extend(kept.cloned());
        let mut changed = list.len() != old.len();
        for (position, element) in change.adds.iter().filter(|(at, one)| !self.is_passed_over(rule, (*at, one))) {
            let document = merged(constants(at), self.element(rule, items, (*position, element))?);
            if !list.iter().any(|one| same_value(items, one, &document)) {
                list.push(document);
                changed = true;
            }
        }
        if changed {
            self.put_list((rule, &array), list, draft)?;
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

/// An array as it stands: all of it, and the elements that the rule's path selects.
struct Standing<'a> {
    all: &'a [Value],
    ours: Vec<&'a Value>,
}

impl<'a> Standing<'a> {
    fn of(at: &Path, array: Option<&'a Value>) -> Standing<'a> {
        let all = match array {
            Some(Value::Array(list)) => list.as_slice(),
            // One object counts as a list of it.
            Some(other) => std::slice::from_ref(other),
            None => &[],
        };
        let ours = match (at.without_filter().1, array) {
            (Some(filter), Some(array)) => filter.all(array),
            _ => all.iter().collect(),
        };
        Standing { all, ours }
    }
}

/// The elements that are there, to be found by what tells them apart.
struct Known<'a> {
    by_value: HashMap<String, &'a Value>,
    /// Where elements have no `value`.
    unnamed: Vec<&'a Value>,
}

impl<'a> Known<'a> {
    fn of(items: &[Item], ours: &[&'a Value]) -> Known<'a> {
        if items.iter().any(|item| &*item.sub == "value") {
            let by_value = ours.iter().filter_map(|one| Some((value_in(items, one)?, *one))).collect();
            return Known { by_value, unnamed: Vec::new() };
        }
        Known { by_value: HashMap::new(), unnamed: ours.to_vec() }
    }

    /// The one that this is a new form of: of the same `value`; without values one that holds the same, else one of its `type`.
    fn take(&mut self, items: &[Item], document: &Value) -> Option<&'a Value> {
        if self.unnamed.is_empty() {
            return value_in(items, document).and_then(|value| self.by_value.get(&value).copied());
        }
        let alike = |one: &Value, item: &Item| item.at.first(one) == item.at.first(document);
        let written = || items.iter().filter(|item| !item.read_only);
        let same = |one: &&Value| written().all(|item| alike(one, item));
        let typed = |one: &&Value| {
            written().any(|item| &*item.sub == "type" && item.at.first(one).is_some() && alike(one, item))
        };
        let place = self.unnamed.iter().position(same).or_else(|| self.unnamed.iter().position(typed))?;
        Some(self.unnamed.remove(place))
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

/// One over the other, objects within them too.
fn merged(mut under: Map<String, Value>, over: Value) -> Value {
    let Value::Object(fields) = over else { return over };
    for (name, value) in fields {
        let value = match under.get_mut(&name).map(Value::take) {
            Some(Value::Object(below)) => merged(below, value),
            _ => value,
        };
        under.insert(name, value);
    }
    Value::Object(under)
}
