//! When two elements of a multi-valued attribute are the same: by `value`, and by `type` where both have one; without a
//! `value` only as a whole.

use crate::scim::fold::fold;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// What an element is recognised by, in the form in which it is compared.
#[derive(Debug)]
pub(super) struct Identity<'e> {
    value: Cow<'e, str>,
    label: Option<&'e str>, // folded only where the values are equal: most are not
}

impl<'e> Identity<'e> {
    pub(super) fn of(element: &'e Value, exact: bool) -> Self {
        let Some(value) = element.get("value").unwrap_or(element).as_str() else {
            return Self { value: Cow::Owned(whole(element)), label: None };
        };
        let value = if exact { Cow::Borrowed(value) } else { fold(value) };
        Self { value, label: element.get("type").and_then(Value::as_str) }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.value == other.value
            && match (self.label, other.label) {
                (Some(left), Some(right)) => left == right || fold(left) == fold(right),
                _ => true,
            }
    }

    /// The same, and labelled alike: where one has no `type` they may still be two.
    pub(super) fn is_twin(&self, other: &Self) -> bool {
        self.label.is_some() == other.label.is_some() && self.is_same(other)
    }
}

// Independent of the order of the members. NUL keeps it apart from any `value`.
fn whole(element: &Value) -> String {
    let mut members: Vec<String> = match element {
        Value::Object(members) => members.iter().map(|(name, value)| format!("\0{name}={value}")).collect(),
        other => vec![format!("\0{other}")],
    };
    members.sort_unstable();
    members.concat()
}

/// The identities of a long list: finding one takes the same time however many elements share a `value`.
pub(super) struct Known {
    values: HashMap<String, Labels>,
}

#[derive(Default)]
struct Labels {
    first: usize,
    unlabelled: Option<usize>,
    labelled: HashMap<String, usize>,
}

impl Known {
    pub(super) fn of(elements: &[Value], exact: bool) -> Self {
        let mut known = Self { values: HashMap::with_capacity(elements.len()) };
        for (position, element) in elements.iter().enumerate() {
            known.insert(&Identity::of(element, exact), position);
        }
        known
    }

    pub(super) fn insert(&mut self, identity: &Identity<'_>, position: usize) {
        let labels = || Labels { first: position, ..Labels::default() };
        let labels = self.values.entry(identity.value.to_string()).or_insert_with(labels);
        match identity.label {
            None => labels.unlabelled = labels.unlabelled.or(Some(position)),
            Some(label) => {
                labels.labelled.entry(fold(label).into_owned()).or_insert(position);
            }
        }
    }

    pub(super) fn position(&self, identity: &Identity<'_>) -> Option<usize> {
        let labels = self.values.get(&*identity.value)?;
        match identity.label {
            None => Some(labels.first),
            Some(label) => labels.labelled.get(&*fold(label)).copied().into_iter().chain(labels.unlabelled).min(),
        }
    }
}
