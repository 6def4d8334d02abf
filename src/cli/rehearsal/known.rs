//! What fills the calls of a rehearsal: the key and the member that are tried, and what the test says of settings and lookups.

use crate::mapping::{Mapping, TestCase};
use crate::wire::template::as_text;
use crate::wire::{Body, Scope, Variable};
use serde_json::Value;
use std::borrow::Cow;

/// Settings and lookups of the instance.
pub(super) struct Known(Vec<(Variable, Value)>);

impl Known {
    pub(super) fn of(mapping: &Mapping, test: &TestCase) -> Known {
        let settings = super::settings(mapping, test).into_iter();
        let settings = settings.map(|(name, value)| (Variable::Setting(name), Value::from(value)));
        let lookups = super::yielded(mapping, test).into_iter();
        Known(settings.chain(lookups.map(|(name, value)| (Variable::Lookup(name), value))).collect())
    }
}

impl Scope for Known {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        self.0.iter().find(|(known, _)| known == variable).map(|(_, value)| Cow::Borrowed(value))
    }
}

/// One account, and perhaps one member, tried in a call.
pub(super) struct Filled<'a> {
    pub(super) key: &'a Value,
    pub(super) member: Option<&'a Value>,
    pub(super) document: &'a Value,
    pub(super) given: &'a Known,
}

impl Scope for Filled<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Key => Some(Cow::Borrowed(self.key)),
            Variable::Member | Variable::Members | Variable::Value => self.member.map(Cow::Borrowed),
            Variable::Field(path) => path.first(self.document).map(Cow::Borrowed),
            Variable::Setting(_) | Variable::Lookup(_) => self.given.value(variable),
            _ => None,
        }
    }
}

/// Could the body have become this, filled with what is known here? What is not known may have been anything.
pub(super) fn could_be(body: &Body, seen: &Value, known: &dyn Scope) -> bool {
    match (body, seen) {
        (Body::Constant(value), seen) => value == seen,
        (Body::Template(template), seen) => {
            let open = template.holes().any(|hole| known.value(hole).is_none());
            open || template.fill(known).is_none_or(|filled| as_text(&filled) == as_text(seen))
        }
        (Body::List(list), Value::Array(seen)) => {
            list.len() != seen.len() || list.iter().zip(seen).all(|(one, seen)| could_be(one, seen, known))
        }
        (Body::Object(fields), Value::Object(seen)) => {
            fields.iter().all(|(name, one)| seen.get(&**name).is_none_or(|seen| could_be(one, seen, known)))
        }
        // Another spelling of the same, as a form has it, or nothing.
        (_, Value::String(_) | Value::Null) => true,
        _ => false,
    }
}
