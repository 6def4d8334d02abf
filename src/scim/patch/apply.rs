//! Operations applied to a resource.

use super::element::described;
use super::{Change, Operation};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use crate::scim::resource::elements::{is_primary, keep_one_primary, one_with_its_twin, united, without};
use crate::scim::resource::{Resource, check_immutable};
use crate::scim::schema::{Attribute, ResourceType};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Applies operations in order, to a copy: all of them or none.
///
/// # Errors
/// `noTarget` for an element that cannot be made from its filter, `mutability` for an immutable attribute that would change
/// or a required one that would go.
pub fn apply(operations: &[Operation], before: &Resource, kind: &ResourceType) -> Result<Resource, ScimError> {
    let mut after = before.clone();
    for operation in operations {
        let parent = operation.path.parent();
        let Some(attribute) = kind.attribute(&parent) else { continue };
        if attribute.multi_valued {
            let elements = after.take_elements(&parent);
            let elements = List { operation, attribute, kind }.changed(elements)?;
            after.set(&parent, Value::Array(elements));
        } else {
            single(operation, attribute, &mut after);
        }
    }
    check_immutable(before, &after, kind)?;
    Ok(after)
}

fn single(operation: &Operation, attribute: &Attribute, after: &mut Resource) {
    let path = &operation.path;
    let Some(value) = operation.value.as_ref().filter(|_| operation.change != Change::Remove) else {
        remove_single(path, after);
        return;
    };
    match value {
        Value::Object(members) if path.sub.is_none() => merge(path, members, attribute, after),
        value => {
            if path.sub.as_deref() == Some("value") && after.get(path) != Some(value) {
                // What stood beside the old value (`$ref`, a name) described that one.
                after.remove(&path.parent());
            }
            after.set(path, value.clone());
        }
    }
}

fn remove_single(path: &AttributePath, after: &mut Resource) {
    match path.sub.as_deref() {
        Some("value") => after.remove(&path.parent()),
        _ => after.remove(path),
    };
}

// RFC 7644 §3.5.2.3: sub-attributes that are not named stay, unless the whole names another thing.
fn merge(path: &AttributePath, members: &Map<String, Value>, attribute: &Attribute, after: &mut Resource) {
    let known = after.whole(path).and_then(|known| known.get("value"));
    if attribute.sub("value").is_some() && known != members.get("value") {
        after.set(path, Value::Object(members.clone()));
        return;
    }
    for sub in &attribute.sub_attributes {
        if let Some(value) = members.get(&*sub.name) {
            after.set(&path.with_sub(&sub.name), value.clone());
        }
    }
}

/// One operation on a multi-valued attribute.
struct List<'o> {
    operation: &'o Operation,
    attribute: &'o Attribute,
    kind: &'o ResourceType,
}

impl List<'_> {
    fn changed(&self, elements: Vec<Value>) -> Result<Vec<Value>, ScimError> {
        let Operation { change, path, element, value, .. } = self.operation;
        match (change, element, &path.sub, value) {
            (Change::Remove, None, None, None) => Ok(Vec::new()),
            (Change::Remove, None, None, Some(Value::Array(listed))) => Ok(without(elements, listed, self.attribute)),
            (Change::Remove, None, None, Some(_)) => Ok(elements),
            (Change::Remove, filter, None, _) => Ok(retained(elements, filter.as_ref())),
            (Change::Remove, filter, Some(sub), _) => Ok(stripped(elements, filter.as_ref(), sub)),
            (Change::Add, None, None, Some(Value::Array(added))) => Ok(self.added(elements, added)),
            (Change::Replace, None, None, Some(Value::Array(new))) => Ok(new.clone()),
            (_, filter, _, Some(value)) => self.written(elements, filter.as_ref(), value),
            (_, _, _, None) => Ok(elements),
        }
    }

    fn added(&self, elements: Vec<Value>, added: &[Value]) -> Vec<Value> {
        let mut united = united(elements, added.to_vec(), self.attribute);
        if united.newest_primary.is_some() {
            keep_one_primary(&mut united.elements, united.newest_primary);
        }
        united.elements
    }

    // Writes to every element the filter meets; makes the element it describes where there is none.
    fn written(
        &self,
        mut elements: Vec<Value>,
        filter: Option<&Filter>,
        value: &Value,
    ) -> Result<Vec<Value>, ScimError> {
        let (mut met, mut last_met, mut newly_primary, mut last_primary) = (0, 0, false, None);
        for (position, element) in elements.iter_mut().enumerate().filter(|(_, element)| meets(element, filter)) {
            met += 1;
            last_met = position;
            let was_primary = is_primary(element);
            self.write(element, filter, value);
            if is_primary(element) {
                newly_primary |= !was_primary;
                last_primary = Some(position);
            }
        }
        if met == 0 {
            let made = self.made(filter, value)?;
            return Ok(self.added(elements, &[made]));
        }
        if newly_primary {
            keep_one_primary(&mut elements, last_primary);
        }
        // Elements that were given one value are one.
        Ok(match self.operation.path.sub.as_deref() {
            _ if met > 1 => united(Vec::new(), elements, self.attribute).elements,
            None | Some("value" | "type") => one_with_its_twin(elements, last_met, self.attribute),
            Some(_) => elements,
        })
    }

    fn write(&self, element: &mut Value, filter: Option<&Filter>, value: &Value) {
        let Value::Object(members) = element else { return };
        match (&self.operation.path.sub, value) {
            (Some(sub), value) => {
                insert(members, sub, value.clone());
            }
            (None, Value::Object(new)) => {
                if self.operation.change == Change::Replace {
                    *members = filter.and_then(|filter| described(filter, self.kind)).unwrap_or_default();
                }
                members.extend(new.clone());
            }
            _ => {}
        }
    }

    fn made(&self, filter: Option<&Filter>, value: &Value) -> Result<Value, ScimError> {
        let described = filter.map(|filter| described(filter, self.kind));
        let mut members = match described {
            None => Map::new(),
            Some(Some(members)) => members,
            Some(None) if self.operation.change == Change::Add && value.is_object() => Map::new(),
            Some(None) => return Err(self.no_target()),
        };
        match (&self.operation.path.sub, value) {
            // `emails[type eq "home"].type` = "work" relabels an element that is there, and describes none.
            (Some(sub), value) if &**sub != "value" && members.get(&**sub).is_some_and(|label| label != value) => {
                return Err(self.no_target());
            }
            (Some(sub), value) => insert(&mut members, sub, value.clone()),
            (None, Value::Object(new)) => members.extend(new.clone()),
            _ => {}
        }
        Ok(Value::Object(members))
    }

    fn no_target(&self) -> ScimError {
        let Operation { path, position, .. } = self.operation;
        let detail = format!(
            "operation {}: no element of `{}` meets the filter, and none can be made from it",
            position + 1,
            path.parent()
        );
        ScimError::bad_request(ScimType::NoTarget, detail)
    }
}

fn meets(element: &Value, filter: Option<&Filter>) -> bool {
    filter.is_none_or(|filter| filter.matches_element(element))
}

fn insert(members: &mut Map<String, Value>, sub: &Arc<str>, value: Value) {
    match members.get_mut(&**sub) {
        Some(known) => *known = value,
        None => {
            members.insert(sub.to_string(), value);
        }
    }
}

fn retained(mut elements: Vec<Value>, filter: Option<&Filter>) -> Vec<Value> {
    elements.retain(|element| !meets(element, filter));
    elements
}

// An element that has lost its value, or all but its labels, is no element any more.
fn stripped(mut elements: Vec<Value>, filter: Option<&Filter>, sub: &str) -> Vec<Value> {
    elements.retain_mut(|element| {
        if !meets(element, filter) {
            return true;
        }
        let Value::Object(members) = element else { return true };
        if members.remove(sub).is_none() {
            return true;
        }
        sub != "value" && members.keys().any(|name| !matches!(name.as_str(), "type" | "primary"))
    });
    elements
}
