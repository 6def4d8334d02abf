//! From a SCIM resource to the target's account: what a rule writes, and whether a change concerns it.

use crate::mapping::to_scim::{RuleError, RuleFault};
use crate::mapping::{Cleared, Item, Rest, Rule, Sends, Shape, TypeMapping, Written};
use crate::scim::fold::fold;
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::{Body, Hop, Nothing, Part, Path, Scope, Template, Term, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// A document on its way to the target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The fields so far.
    pub document: Value,
    /// Places that get a random text when the call is sent; the document shows `<random>` there.
    pub draws: Vec<Path>,
    /// Each field written, and the line of the rule behind it.
    pub lines: Vec<(Path, u32)>,
}

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
                let path = self
                    .mapping
                    .rules
                    .iter()
                    .map(|rule| &rule.attribute)
                    .find(|path| path.to_string() == **name)
                    .cloned();
                let path = path.or_else(|| self.mapping.kind.path(name).ok())?;
                self.resource.get(&path).map(Cow::Borrowed)
            }
            Variable::Random => Some(Cow::Owned(Value::from("<random>"))),
            other => self.known.value(other),
        }
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
        let (Some(default), Some(at)) = (&rule.default, rule.writes_to()) else { return Ok(()) };
        let Some(value) = default.fill(&ResourceScope { mapping: self, resource, known: &Nothing }) else {
            return Ok(());
        };
        if default.holes().contains(&&Variable::Random) {
            draft.draws.push(at.clone());
            draft.put(at, value, rule.line);
        } else {
            let value = rule.transform.to_target(&value, known).map_err(|cause| rule.failed(cause))?;
            draft.put(at, value, rule.line);
        }
        Ok(())
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
        let fields = self.fields(rule, (resource, known))?;
        let several = fields.len() > 1;
        for (at, value) in fields {
            if let Some((document, Sends::Changed)) = before
                && several
                && at.first(document).filter(|held| !rule.cleared.is(held)) == value.as_ref()
            {
                continue;
            }
            draft.carry(at, before.map(|(document, _)| document));
            match (value, &rule.cleared, before) {
                (Some(value), _, _) => draft.put(at, value, rule.line),
                (None, Cleared::Absent, _) if !rule.can_be_cleared() => {}
                (None, Cleared::As(nothing), _) => draft.put(at, nothing.clone(), rule.line),
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
                let value = resource.get(&rule.attribute).map(to_target).transpose()?;
                Ok(vec![(at, value.filter(|value| !value.is_null()))])
            }
            Shape::One { at, .. } => {
                let element = self.chosen(rule, resource);
                let read = |sub: &Arc<str>| element.and_then(|element| element.get(&**sub));
                at.iter().map(|(sub, path)| Ok((path, read(sub).map(to_target).transpose()?))).collect()
            }
            Shape::Each { .. } | Shape::Read(_) | Shape::Kept => Ok(Vec::new()),
        }
    }

    /// The part of the resource that the rule sends.
    pub fn value_of<'a>(&self, rule: &Rule, resource: &'a Resource) -> Option<&'a Value> {
        match &rule.shape {
            Shape::One { .. } => self.chosen(rule, resource),
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
                let taker = self.rules.iter().filter(|other| other.attribute == rule.attribute).find(|other| {
                    match &other.shape {
                        Shape::One { of_type: Some(other), .. } => of_that_type(elements, other).is_none(),
                        _ => false,
                    }
                });
                let ours = taker.is_some_and(
                    |taker| matches!(&taker.shape, Shape::One { of_type: Some(first), .. } if first == of_type),
                );
                elements.iter().find(|element| ours && element.get("type").is_none())
            }),
            None => {
                elements.iter().find(|element| element.get("primary") == Some(&Value::Bool(true))).or(elements.first())
            }
        }
    }

    /// The elements of a multi-valued attribute that no `one:` rule sends.
    pub fn rest<'a>(&self, attribute: &AttributePath, resource: &'a Resource) -> Vec<&'a Value> {
        let rules = self.rules.iter().filter(|rule| rule.attribute == *attribute);
        let sent: Vec<&Value> = rules.filter_map(|rule| self.chosen(rule, resource)).collect();
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
        let refusing = self.rules.iter().find(|rule| {
            matches!(rule.shape, Shape::One { rest: Rest::Refuse, .. })
                && !self.rest(&rule.attribute, resource).is_empty()
        });
        refusing.map_or(Ok(()), |rule| Err(rule.failed(RuleFault::Rest)))
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

impl Draft {
    /// The document as an argument: a value, or one that is still open where a random text is drawn when it is sent.
    pub fn take_term(&mut self) -> Term {
        if self.draws.is_empty() {
            return Term::Value(self.document.take());
        }
        let mut body = Body::of(&self.document);
        for names in self.draws.iter().filter_map(Path::hops) {
            if let Some(slot) = names.iter().try_fold(&mut body, |place, hop| place.field(hop)) {
                *slot = Body::Template(Template { parts: vec![Part::Hole(Variable::Random)] });
            }
        }
        Term::Open(body)
    }

    /// Writes a field and notes the rule behind it.
    pub fn put(&mut self, at: &Path, value: Value, line: u32) {
        at.set(&mut self.document, value);
        self.lines.push((at.clone(), line));
    }

    /// Leaves a field out, which is a change too, and notes the rule behind it.
    fn leave_out(&mut self, at: &Path, line: u32) {
        at.remove(&mut self.document);
        self.lines.push((at.clone(), line));
    }

    /// Copies the array that a filtered path leads through from the account as read, so that its other elements survive.
    fn carry(&mut self, at: &Path, before: Option<&Value>) {
        let Some(hops) = at.hops() else { return };
        let Some(depth) = hops.iter().position(|hop| !matches!(hop, Hop::Name(_))) else { return };
        let names = hops[..depth].iter().filter_map(|hop| match hop {
            Hop::Name(name) => Some(&**name),
            _ => None,
        });
        let array = Path::of_names(names);
        if array.first(&self.document).is_none()
            && let Some(whole) = before.and_then(|document| array.first(document))
        {
            array.set(&mut self.document, whole.clone());
        }
    }
}

impl Rule {
    /// The field whose absence a default fills.
    pub fn writes_to(&self) -> Option<&Path> {
        match &self.shape {
            Shape::Field(at) | Shape::Write(at) => Some(at),
            Shape::One { at, .. } => at.first().map(|(_, path)| path),
            _ => None,
        }
    }

    /// Is the attribute sent to the target at all?
    pub fn is_sent(&self) -> bool {
        !matches!(self.shape, Shape::Kept | Shape::Read(_)) && self.written == Written::Sent
    }

    /// Do its elements have calls of their own?
    pub fn has_calls(&self) -> bool {
        matches!(self.shape, Shape::Each { add: Some(_), .. } | Shape::Each { remove: Some(_), .. })
    }

    /// Can it be written without knowing the account: does it replace whole fields, whatever they hold?
    pub fn is_blind(&self) -> bool {
        match &self.shape {
            Shape::Field(at) | Shape::Write(at) => at.is_plain(),
            Shape::One { at, .. } => at.iter().all(|(_, path)| path.is_plain()),
            Shape::Each { add, remove, .. } => add.is_some() && remove.is_some(),
            Shape::Read(_) | Shape::Kept => true,
        }
    }
}

fn of_that_type<'a>(elements: &'a [Value], of_type: &str) -> Option<&'a Value> {
    let wanted = fold(of_type);
    elements.iter().find(|element| element.get("type").and_then(Value::as_str).is_some_and(|text| fold(text) == wanted))
}

/// The array itself, without the filter that chooses its elements.
pub(crate) fn array_of(at: &Path) -> Path {
    let names = at.hops().unwrap_or_default().iter().map_while(|hop| match hop {
        Hop::Name(name) => Some(&**name),
        _ => None,
    });
    Path::of_names(names)
}

/// The fields that every element chosen by the path's filter has.
pub(crate) fn constants(at: &Path) -> Map<String, Value> {
    match at.hops().and_then(<[Hop]>::last) {
        Some(Hop::Where(terms)) => terms.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        _ => Map::new(),
    }
}
