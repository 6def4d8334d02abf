//! A POST or PUT body, read into a resource.

use super::coerce::{is_nothing, read};
use super::{Resource, elements};
use crate::scim::error::ScimError;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Mutability, ResourceType, Schema};
use serde_json::{Map, Value};

/// A body, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What the body says, in canonical names and typed values.
    pub resource: Resource,
    /// The names left out, canonical or as sent: unknown, read-only, not offered.
    pub ignored: Vec<String>,
}

/// Reads a POST or PUT body: names in any spelling, values in any of the shapes clients give them. What is null or empty
/// counts as absent (RFC 7643 §2.5); what is unknown, read-only or not offered is left out and listed.
///
/// # Errors
/// `invalidSyntax` if the body is no object, `invalidValue` naming the path if a value does not fit its attribute.
pub fn decode(body: &Value, kind: &ResourceType) -> Result<Decoded, ScimError> {
    let Value::Object(members) = body else {
        return Err(ScimError::invalid_syntax(format!("a {} must be a JSON object", kind.name)));
    };
    let mut decoded = Decoded::default();
    for (name, sent) in members {
        match kind.schema(name) {
            Some(schema) => decoded.extension(schema, sent, kind)?,
            None => decoded.member(name, sent, kind)?,
        }
    }
    Ok(decoded)
}

impl Decoded {
    fn extension(&mut self, schema: &Schema, sent: &Value, kind: &ResourceType) -> Result<(), ScimError> {
        match sent {
            Value::Object(members) => {
                members.iter().try_for_each(|(name, sent)| self.member(&format!("{}:{name}", schema.id), sent, kind))
            }
            _ if is_nothing(sent) => Ok(()),
            _ => Err(ScimError::invalid_value(format!("`{}` must be an object", schema.id))),
        }
    }

    fn member(&mut self, name: &str, sent: &Value, kind: &ResourceType) -> Result<(), ScimError> {
        if sent.is_null() {
            return Ok(());
        }
        let Some(path) = kind.find(name) else {
            self.ignored.push(name.to_owned());
            return Ok(());
        };
        let Some(attribute) = kind.attribute(path) else { return Ok(()) };
        if attribute.mutability == Mutability::ReadOnly || !kind.offers(path) {
            self.ignored.push(path.to_string());
            return Ok(());
        }
        if let Some(value) = read(sent, attribute, path, &mut self.ignored)? {
            self.place(path, attribute, value, kind);
        }
        Ok(())
    }

    // `name` and `name.givenName` may both stand in one body: they are put together.
    fn place(&mut self, path: &AttributePath, attribute: &Attribute, value: Value, kind: &ResourceType) {
        if path.sub.is_some() && kind.attribute(&path.parent()).is_some_and(|parent| parent.multi_valued) {
            return self.place_in_first(path, value);
        }
        match value {
            Value::Object(members) if !attribute.multi_valued && self.resource.whole(path).is_some() => {
                for (name, value) in members {
                    self.resource.set(&path.with_sub(&name.into()), value);
                }
            }
            value => self.resource.set(path, value),
        }
    }

    // `emails.value` names no element; the only one it can mean in a new resource is the first.
    fn place_in_first(&mut self, path: &AttributePath, value: Value) {
        let Some(sub) = &path.sub else { return };
        let mut elements = self.resource.take_elements(path);
        match elements.first_mut().and_then(Value::as_object_mut) {
            Some(first) => {
                first.insert(sub.to_string(), value);
            }
            None => elements.push(Value::Object(Map::from_iter([(sub.to_string(), value)]))),
        }
        elements::keep_one_primary(&mut elements, None);
        self.resource.set(&path.parent(), Value::Array(elements));
    }
}
