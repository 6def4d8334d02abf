//! What a schema demands of a whole resource: required attributes are there, immutable ones stay.

use super::Resource;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, Paths, ResourceType};
use serde_json::Value;

/// Checks that every required attribute the target offers is present, in extensions too, and in every element of a list.
///
/// # Errors
/// 400 `invalidValue` naming the first that is missing.
pub fn check_required(resource: &Resource, kind: &ResourceType) -> Result<(), ScimError> {
    let missing = |path: &AttributePath| ScimError::invalid_value(format!("`{path}` is required"));
    for (Paths { path, .. }, attribute) in kind.demanding().filter(is_demanded) {
        let value = resource.whole(path);
        if attribute.required && value.is_none() {
            return Err(missing(path));
        }
        for sub in attribute.offered_subs().filter(|sub| sub.required && sub.mutability != Mutability::ReadOnly) {
            let lacks = |element: &Value| element.get(&*sub.name).is_none();
            let lacking = match value {
                Some(Value::Array(elements)) => elements.iter().any(lacks),
                Some(value) => lacks(value),
                None => false,
            };
            if lacking {
                return Err(missing(&path.with_sub(&sub.name)));
            }
        }
    }
    Ok(())
}

/// Checks that no immutable attribute that had a value has another one now (RFC 7644 §3.5.1), and that none that is
/// required was taken away. What the resource lacked before it may go on lacking.
///
/// # Errors
/// 400 `mutability` naming the first that changed.
pub fn check_immutable(before: &Resource, after: &Resource, kind: &ResourceType) -> Result<(), ScimError> {
    let refused = |detail| Err(ScimError::bad_request(ScimType::Mutability, detail));
    for (Paths { path, .. }, attribute) in kind.held_by(before).filter(is_demanded) {
        let Some(old) = before.whole(path) else { continue };
        let new = after.whole(path);
        if attribute.required && new.is_none() {
            return refused(format!("`{path}` is required and cannot be removed"));
        }
        if attribute.mutability == Mutability::Immutable && new != Some(old) {
            return refused(format!("`{path}` is immutable"));
        }
        // An element's sub-attributes make up its identity: a changed one is another element, which is allowed.
        if attribute.multi_valued {
            continue;
        }
        for sub in &attribute.sub_attributes {
            let (old, new) = (old.get(&*sub.name), new.and_then(|value| value.get(&*sub.name)));
            if sub.required && old.is_some() && new.is_none() && after.whole(path).is_some() {
                return refused(format!("`{path}.{}` is required and cannot be removed", sub.name));
            }
            if sub.mutability == Mutability::Immutable && old.is_some() && old != new {
                return refused(format!("`{path}.{}` is immutable", sub.name));
            }
        }
    }
    Ok(())
}

fn is_demanded((_, attribute): &(&Paths, &Attribute)) -> bool {
    attribute.is_offered() && attribute.mutability != Mutability::ReadOnly
}
