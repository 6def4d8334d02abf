//! The elements of a multi-valued attribute: which are the same, and which is primary (RFC 7643 §2.4).

use crate::scim::fold::fold;
use crate::scim::schema::Attribute;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

// Up to here walking the list costs less than building an index of it.
const FEW: usize = 8;

/// What became of two lists.
pub(crate) struct United {
    pub elements: Vec<Value>,
    /// The last added element that says it is primary.
    pub newest_primary: Option<usize>,
}

/// Adds elements to a list. One that is there already is not doubled: what it says anew is written over the old.
pub(crate) fn united(mut elements: Vec<Value>, added: Vec<Value>, attribute: &Attribute) -> United {
    let mut newest_primary = None;
    let exact = is_exact(attribute);
    // Owned keys, since the list they were read from grows.
    let mut index: HashMap<String, Vec<usize>> = HashMap::new();
    let indexed = added.len() > FEW;
    if indexed {
        for (position, element) in elements.iter().enumerate() {
            index.entry(key(element, exact).into_owned()).or_default().push(position);
        }
    }
    for element in added {
        let position = if indexed {
            let same_key = index.get(&*key(&element, exact));
            same_key.and_then(|places| places.iter().copied().find(|place| same(&elements[*place], &element, exact)))
        } else {
            elements.iter().position(|known| same(known, &element, exact))
        };
        let primary = is_primary(&element);
        let position = match position {
            Some(position) => {
                write_over(&mut elements[position], element);
                position
            }
            None => {
                if indexed {
                    index.entry(key(&element, exact).into_owned()).or_default().push(elements.len());
                }
                elements.push(element);
                elements.len() - 1
            }
        };
        newest_primary = if primary { Some(position) } else { newest_primary };
    }
    United { elements, newest_primary }
}

/// Takes the listed elements out of a list.
pub(crate) fn without(mut elements: Vec<Value>, listed: &[Value], attribute: &Attribute) -> Vec<Value> {
    let exact = is_exact(attribute);
    if listed.len() <= FEW {
        elements.retain(|element| !listed.iter().any(|gone| same(element, gone, exact)));
        return elements;
    }
    let mut index: HashMap<Cow<'_, str>, Vec<&Value>> = HashMap::with_capacity(listed.len());
    for gone in listed {
        index.entry(key(gone, exact)).or_default().push(gone);
    }
    elements.retain(|element| {
        let same_key = index.get(&key(element, exact));
        !same_key.is_some_and(|listed| listed.iter().any(|gone| same(element, gone, exact)))
    });
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

// Elements are the same by their `value`, and by `type` where both have one; without a `value` only as a whole.
fn same(left: &Value, right: &Value, exact: bool) -> bool {
    let (Some(left_value), Some(right_value)) = (identity(left), identity(right)) else { return left == right };
    let equal = if exact { left_value == right_value } else { equal_folded(left_value, right_value) };
    equal
        && match (left.get("type").and_then(Value::as_str), right.get("type").and_then(Value::as_str)) {
            (Some(left), Some(right)) => equal_folded(left, right),
            _ => true,
        }
}

fn identity(element: &Value) -> Option<&str> {
    element.get("value").unwrap_or(element).as_str()
}

fn equal_folded(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() { left.eq_ignore_ascii_case(right) } else { fold(left) == fold(right) }
}

fn key(element: &Value, exact: bool) -> Cow<'_, str> {
    match identity(element) {
        Some(value) if exact => Cow::Borrowed(value),
        Some(value) => fold(value),
        None => Cow::Borrowed(""),
    }
}

fn write_over(known: &mut Value, element: Value) {
    match (known, element) {
        // The stored spelling of the identity stays: only its case can differ.
        (Value::Object(known), Value::Object(element)) => {
            for (name, value) in element {
                if name != "value" {
                    known.insert(name, value);
                }
            }
        }
        (known, element) => {
            if !known.is_string() {
                *known = element;
            }
        }
    }
}
