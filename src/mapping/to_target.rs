//! From a SCIM resource to the target's account: what a rule writes, and whether a change concerns it.

use crate::mapping::draft::Draft;
use crate::mapping::election::{self, Election};
use crate::mapping::member;
use crate::mapping::to_scim::{RuleError, RuleFault};
use crate::mapping::transform::TransformError;
use crate::mapping::{Cleared, Item, Rest, Rule, Sends, Shape, TypeMapping, Written};
use crate::scim::fold::fold;
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::Kind;
use crate::wire::{Body, Hop, Nothing, Path, Scope, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The resource as the scope of defaults and made keys: `<userName>`.
pub struct ResourceScope<'a> {
    /// The mapping of its type.
    pub mapping: &'a TypeMapping,
    /// The resource.
    pub resource: &'a Resource,
    /// Where settings come from, where they may be known before a call is sent.
    pub known: &'a dyn Scope,
}

impl Scope for ResourceScope<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Attribute(name) => {
                let known = self.mapping.rules.named(name).next().map(|(_, rule)| &rule.attribute);
                let path = known.or_else(|| self.mapping.kind.find(name))?;
                self.resource.get(path).or_else(|| self.part(path)).map(Cow::Borrowed)
            }
            Variable::Random => Some(Cow::Owned(Value::from("<random>"))),
            other => self.known.value(other),
        }
    }
}

impl<'a> ResourceScope<'a> {
    /// A sub-attribute of a multi-valued attribute: that of the primary element, else of the first.
    fn part(&self, path: &AttributePath) -> Option<&'a Value> {
        chosen_of_any_type(self.resource.elements(&path.parent()))?.get(&**path.sub.as_ref()?)
    }
}

impl TypeMapping {
    /// Writes the rule's attribute into a document that is being created: its value, else its default.
    ///
    /// # Errors
    /// A transform refuses the value.
    pub fn write_new(
        &self,
        rule: &Rule,
        (resource, known): (&Resource, &dyn Scope),
        draft: &mut Draft,
    ) -> Result<(), RuleError> {
        if self.value_of(rule, resource).is_some() {
            return self.write(rule, (resource, known), None, draft);
        }
        let Some(default) = &rule.default else { return Ok(()) };
        let scope = ResourceScope { mapping: self, resource, known: &Nothing };
        if let Shape::Has { at, member } = &rule.shape {
            let Some(value) = default.fill(&scope) else { return Ok(()) };
            return member::write((rule, at, member), (&value, known), (None, draft));
        }
        let Some(at) = rule.writes_to() else { return Ok(()) };
        if default.holes().into_iter().any(Variable::is_late) {
            draft.put_late(at, (default, &scope), rule.line);
        } else if let Some(value) = default.fill(&scope) {
            let value = rule.transform.to_target(&value, known).map_err(|cause| rule.failed(cause))?;
            draft.put(at, value, rule.line);
        }
        Ok(())
    }

    /// Puts the elements that a create sends where none are given, beside those of other rules. Are there any?
    pub fn put_default_elements(&self, rule: &Rule, resource: &Resource, draft: &mut Draft) -> bool {
        let (Shape::Each { at, .. }, Some(Body::List(elements))) = (&rule.shape, &rule.default) else { return false };
        let array = array_of(at);
        let Some(hops) = array.hops() else { return false };
        let scope = ResourceScope { mapping: self, resource, known: &Nothing };
        for element in elements {
            let next = array.first(&draft.document).and_then(Value::as_array).map_or(0, Vec::len);
            let place = Path::of_hops([hops, &[Hop::Index(next)]].concat());
            draft.put_late(&place, (element, &scope), rule.line);
        }
        array.first(&draft.document).is_some()
    }

    /// Writes the rule's attribute into a document that changes an account; a cleared attribute is written too, as the target wants it.
    /// `before` is the account as read, whose array elements are carried along; `None` while creating.
    ///
    /// # Errors
    /// A transform refuses the value, or more elements are given than the target holds.
    pub fn write(
        &self,
        rule: &Rule,
        (resource, known): (&Resource, &dyn Scope),
        before: Option<(&Value, Sends)>,
        draft: &mut Draft,
    ) -> Result<(), RuleError> {
        let document = before.map(|(document, _)| document);
        match (&rule.shape, self.value_of(rule, resource)) {
            (Shape::Has { at, member }, Some(value)) => {
                return member::write((rule, at, member), (value, known), (document, draft));
            }
            (Shape::Elected { by: Election::First(at), value: item, .. }, Some(value)) => {
                return election::write_first((rule, at, item), (value, known), (document, draft));
            }
            (Shape::Has { .. } | Shape::Elected { .. }, None) => return Ok(()),
            _ => {}
        }
        let nothing = self.value_of(rule, resource).is_none();
        let held = rule.writes_to().zip(document).and_then(|(at, document)| at.first(document));
        let fields = self.fields(rule, (resource, &AsItWas { held, known }))?;
        let several = fields.len() > 1;
        for (at, value) in fields {
            if let Some((document, Sends::Changed)) = before
                && several
                && at.first(document).filter(|held| !rule.cleared.is(held)) == value.as_ref()
            {
                continue;
            }
            draft.carry(at, document);
            match (value, &rule.cleared, before) {
                (Some(value), _, _) => draft.put(at, value, rule.line),
                (None, Cleared::Absent, _) if nothing && !rule.can_be_cleared() => {}
                (None, Cleared::As(spellings), _) => {
                    draft.put(at, spellings.first().cloned().unwrap_or_default(), rule.line);
                }
                (None, Cleared::Absent, Some((_, Sends::Changed))) => draft.put(at, Value::Null, rule.line),
                (None, Cleared::Absent, Some((_, Sends::Account))) => draft.leave_out(at, rule.line),
                (None, Cleared::Absent, None) => {}
            }
        }
        Ok(())
    }

    /// Each field that the rule writes, with its value in the target's form; `None` where the attribute is cleared.
    fn fields<'a>(
        &self,
        rule: &'a Rule,
        (resource, known): (&Resource, &dyn Scope),
    ) -> Result<Vec<(&'a Path, Option<Value>)>, RuleError> {
        let to_target = |value: &Value| rule.transform.to_target(value, known).map_err(|cause| rule.failed(cause));
        match &rule.shape {
            Shape::Field(at) | Shape::Write(at) => {
                // A function that is told what the field held says what becomes of it when there is no value, too.
                let nothing = rule.transform.wants_before().then_some(&Value::Null);
                let value = resource.get(&rule.attribute).or(nothing).map(to_target).transpose()?;
                Ok(vec![(at, value.filter(|value| !value.is_null()))])
            }
            Shape::One { at, .. } => {
                let element = self.chosen(rule, resource);
                let read = |sub: &Arc<str>| element.and_then(|element| element.get(&**sub));
                at.iter().map(|(sub, path)| Ok((path, read(sub).map(to_target).transpose()?))).collect()
            }
            Shape::Elected { by: Election::Equals(at), value, .. } => {
                let form = |elected| value.to_target(elected, known).map_err(|cause| rule.failed(cause));
                Ok(vec![(at, self.elected(rule, resource).map(form).transpose()?)])
            }
            Shape::Elected { .. } | Shape::Has { .. } | Shape::Each { .. } | Shape::Read(_) | Shape::Kept => {
                Ok(Vec::new())
            }
        }
    }

    /// What a row that names the attribute alone sends, where it is only read: the form that the target would have shown.
    ///
    /// # Errors
    /// The transform refuses the value.
    pub fn read_backwards(
        &self,
        rule: &Rule,
        (resource, known): (&Resource, &dyn Scope),
    ) -> Result<Option<Value>, RuleError> {
        let Some(value) = resource.get(&rule.attribute) else { return Ok(None) };
        match rule.transform.to_target(value, known) {
            Err(TransformError::OneWay) => Ok(Some(value.clone())),
            changed => changed.map(Some).map_err(|cause| rule.failed(cause)),
        }
    }

    /// How a value reads once the target has made its own of it, where the sent form is remembered.
    pub fn reads_back(&self, attribute: &AttributePath, value: &Value, known: &dyn Scope) -> Option<Value> {
        let (_, rule) = self.rules.of(attribute).find(|(_, rule)| rule.remember && rule.only_path().is_some())?;
        let held = rule.transform.to_target(value, known).ok()?;
        let kind = self.kind.attribute(attribute).map_or(Kind::String, |attribute| attribute.kind);
        rule.transform.to_scim(&held, kind, known).ok()?
    }

    /// The part of the resource that the rule sends.
    pub fn value_of<'a>(&self, rule: &Rule, resource: &'a Resource) -> Option<&'a Value> {
        match &rule.shape {
            Shape::One { .. } => self.chosen(rule, resource),
            Shape::Elected { .. } => self.elected(rule, resource),
            _ => resource.get(&rule.attribute),
        }
    }

    /// Does the rule send the same for both? What it has no field for (an element's `primary`, a read-only `display`) does not count.
    pub fn sends_alike(&self, rule: &Rule, one: &Resource, other: &Resource) -> bool {
        let sub = |element: &'_ Value, name: &str| element.get(name).cloned();
        match &rule.shape {
            Shape::One { at, .. } => {
                let (one, other) = (self.chosen(rule, one), self.chosen(rule, other));
                let sent = |element: Option<&Value>, name: &str| element.and_then(|element| sub(element, name));
                at.iter().all(|(name, _)| sent(one, name) == sent(other, name))
            }
            Shape::Each { items, .. } => {
                let (one, other) = (one.elements(&rule.attribute), other.elements(&rule.attribute));
                let written = || items.iter().filter(|item| !item.read_only);
                let alike =
                    |(one, other): (&Value, &Value)| written().all(|item| sub(one, &item.sub) == sub(other, &item.sub));
                one.len() == other.len() && one.iter().zip(other).all(alike)
            }
            // Who says of no element that it is primary leaves the choice as it is.
            Shape::Elected { .. } => {
                let wanted = self.elected(rule, other);
                wanted.is_none() || wanted == self.elected(rule, one)
            }
            _ => one.get(&rule.attribute) == other.get(&rule.attribute),
        }
    }

    /// The element that a `one:` rule sends: the first of its type, or of none if no earlier rule takes that; without a type the primary
    /// one, else the first.
    pub fn chosen<'a>(&self, rule: &Rule, resource: &'a Resource) -> Option<&'a Value> {
        let elements = resource.elements(&rule.attribute);
        let Shape::One { of_type, .. } = &rule.shape else { return None };
        match of_type {
            Some(of_type) => of_that_type(elements, of_type).or_else(|| {
                let types = self.rules_of(&rule.attribute).filter_map(|other| match &other.shape {
                    Shape::One { of_type, .. } => of_type.as_ref(),
                    _ => None,
                });
                let taker = types.into_iter().find(|other| of_that_type(elements, other).is_none());
                let ours = taker.is_some_and(|first| first == of_type);
                elements.iter().find(|element| ours && element.get("type").is_none())
            }),
            None => chosen_of_any_type(elements),
        }
    }

    /// The elements of a multi-valued attribute that no `one:` rule sends.
    pub fn rest<'a>(&self, attribute: &AttributePath, resource: &'a Resource) -> Vec<&'a Value> {
        let sent: Vec<&Value> = self.rules_of(attribute).filter_map(|rule| self.chosen(rule, resource)).collect();
        resource
            .elements(attribute)
            .iter()
            .filter(|element| !sent.iter().any(|one| std::ptr::eq(*one, *element)))
            .collect()
    }

    /// Refuses what the rules say cannot be sent: elements too many, attributes that are only read.
    ///
    /// # Errors
    /// `rest: refuse` and more elements than one.
    pub fn check_rest(&self, resource: &Resource) -> Result<(), RuleError> {
        let refusing = self.rules.present_in(&[resource]).find(|(_, rule)| {
            matches!(rule.shape, Shape::One { rest: Rest::Refuse, .. })
                && !self.rest(&rule.attribute, resource).is_empty()
        });
        refusing.map_or(Ok(()), |(_, rule)| Err(rule.failed(RuleFault::Rest)))
    }

    fn rules_of<'a>(&'a self, attribute: &'a AttributePath) -> impl Iterator<Item = &'a Rule> {
        self.rules.covered(std::slice::from_ref(attribute))
    }
}

impl Item {
    /// The element's value in the target's form.
    ///
    /// # Errors
    /// The transform refuses the value.
    pub fn to_target(
        &self,
        value: &Value,
        known: &dyn Scope,
    ) -> Result<Value, crate::mapping::transform::TransformError> {
        self.transform.to_target(value, known)
    }
}

/// What is known, and as `<value>` what the field held before.
struct AsItWas<'a> {
    held: Option<&'a Value>,
    known: &'a dyn Scope,
}

impl Scope for AsItWas<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Value => self.held.map(Cow::Borrowed),
            other => self.known.value(other),
        }
    }
}

impl Rule {
    /// The field whose absence a default fills.
    pub fn writes_to(&self) -> Option<&Path> {
        match &self.shape {
            Shape::Field(at) | Shape::Write(at) => Some(at),
            Shape::One { at, .. } => at.first().map(|(_, path)| path),
            Shape::Elected { by: Election::Equals(at), .. } => Some(at),
            _ => None,
        }
    }

    /// The one field that it writes: a value, or an array that is sent whole.
    pub fn only_path(&self) -> Option<&Path> {
        match self.written_paths().as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Is the attribute sent to the target at all? One that is only read is, where an update row names it.
    pub fn is_sent(&self) -> bool {
        !matches!(self.shape, Shape::Kept) && self.written == Written::Sent && self.through.is_none()
    }

    /// Do its elements have calls of their own?
    pub fn has_calls(&self) -> bool {
        matches!(self.shape, Shape::Each { add: Some(_), .. } | Shape::Each { remove: Some(_), .. })
    }

    /// Can it be written without knowing the account: does it replace whole fields, whatever they hold?
    pub fn is_blind(&self) -> bool {
        match &self.shape {
            Shape::Field(at) | Shape::Write(at) => at.is_plain() && !self.transform.wants_before(),
            Shape::One { at, .. } => at.iter().all(|(_, path)| path.is_plain()),
            Shape::Each { add, remove, .. } => add.is_some() && remove.is_some(),
            Shape::Has { .. } | Shape::Elected { .. } => false,
            Shape::Read(_) | Shape::Kept => true,
        }
    }
}

fn of_that_type<'a>(elements: &'a [Value], of_type: &str) -> Option<&'a Value> {
    let wanted = fold(of_type);
    elements.iter().find(|element| element.get("type").and_then(Value::as_str).is_some_and(|text| fold(text) == wanted))
}

fn chosen_of_any_type(elements: &[Value]) -> Option<&Value> {
    elements.iter().find(|element| element.get("primary") == Some(&Value::Bool(true))).or(elements.first())
}

/// The array itself, without the filter that chooses its elements.
pub(crate) fn array_of(at: &Path) -> Path {
    at.without_filter().0
}

/// The fields that every element chosen by the path's filter has.
pub(crate) fn constants(at: &Path) -> Map<String, Value> {
    match at.hops().and_then(<[Hop]>::last) {
        Some(Hop::Where(terms)) => terms.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        _ => Map::new(),
    }
}
