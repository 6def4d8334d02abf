//! The elements of a multi-valued attribute: lists put together and taken apart, and which element is primary (RFC 7643 §2.4).

use super::identity::{Identity, Known};
use crate::scim::schema::Attribute;
use serde_json::Value;

// Up to here walking the list costs less than building an index of it.
const FEW: usize = 8;

/// What became of two lists.
pub(crate) struct United {
    /// Both, without doubles.
    pub elements: Vec<Value>,
    /// The last added element that says it is primary.
    pub newest_primary: Option<usize>,
}

/// Adds elements to a list. One that is there already is not doubled: what it says anew is written over the old.
pub(crate) fn united(mut elements: Vec<Value>, added: Vec<Value>, attribute: &Attribute) -> United {
    let exact = is_exact(attribute);
    let mut newest_primary = None;
    let mut known = (added.len() > FEW).then(|| Known::of(&elements, exact));
    for element in added {
        let identity = Identity::of(&element, exact);
        let position = match &known {
            Some(known) => known.position(&identity),
            None => elements.iter().position(|known| Identity::of(known, exact).is_same(&identity)),
        };
        let place = position.unwrap_or(elements.len());
        if let (None, Some(known)) = (position, &mut known) {
            known.insert(&identity, place);
        }
        if is_primary(&element) {
            newest_primary = Some(place);
        }
        match elements.get_mut(place) {
            Some(known) => write_over(known, element),
            None => elements.push(element),
        }
    }
    United { elements, newest_primary }
}

/// A changed element that has become the same as another is one with it (RFC 7643 §2.4).
pub(crate) fn one_with_its_twin(mut elements: Vec<Value>, changed: usize, attribute: &Attribute) -> Vec<Value> {
    let exact = is_exact(attribute);
    let identity = Identity::of(&elements[changed], exact);
    let twin =
        |(position, other): (usize, &Value)| position != changed && Identity::of(other, exact).is_twin(&identity);
    if !elements.iter().enumerate().any(twin) {
        return elements;
    }
    let changed = elements.remove(changed);
    united(elements, vec![changed], attribute).elements
}

/// Takes the listed elements out of a list.
pub(crate) fn without(mut elements: Vec<Value>, listed: &[Value], attribute: &Attribute) -> Vec<Value> {
    let exact = is_exact(attribute);
    if listed.len() <= FEW {
        let listed: Vec<_> = listed.iter().map(|gone| Identity::of(gone, exact)).collect();
        elements.retain(|element| {
            let identity = Identity::of(element, exact);
            !listed.iter().any(|gone| gone.is_same(&identity))
        });
        return elements;
    }
    let listed = Known::of(listed, exact);
    elements.retain(|element| listed.position(&Identity::of(element, exact)).is_none());
    elements
}

/// Leaves at most one element primary: the favoured one, or the first that is.
pub(crate) fn keep_one_primary(elements: &mut [Value], favoured: Option<usize>) {
    let Some(kept) = favoured.or_else(|| elements.iter().position(is_primary)) else { return };
    for (position, element) in elements.iter_mut().enumerate() {
        if position != kept && is_primary(element) {
            element["primary"] = Value::Bool(false);
        }
    }
}

/// Whether an element says that it is primary.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary").and_then(Value::as_bool) == Some(true)
}

fn is_exact(attribute: &Attribute) -> bool {
    attribute.sub("value").unwrap_or(attribute).is_exact()
}

// The stored spelling of the identity stays: only its case can differ.
fn write_over(known: &mut Value, element: Value) {
    if let (Value::Object(known), Value::Object(element)) = (known, element) {
        for (name, value) in element {
            if name != "value" {
                known.insert(name, value);
            }
        }
    }
}
