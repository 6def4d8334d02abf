//! One resource: canonical names, typed values.

mod coerce;
mod decode;
pub(crate) mod elements;
mod identity;
mod json;
mod rules;

pub(crate) use coerce::{is_nothing, member, read, sub_named, typed};
pub use decode::{Decoded, decode};
pub use json::{JsonLimits, parse_json};
pub use rules::{check_immutable, check_required};

use super::path::AttributePath;
use serde_json::{Map, Value};

/// One resource: canonical names, typed values, no nulls, no empty strings, arrays or objects. Extensions stand under
/// their URN, as on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource(pub Map<String, Value>);

impl Resource {
    /// The value at a path. A sub-attribute of a multi-valued attribute has no single value: see [`Resource::elements`].
    pub fn get(&self, path: &AttributePath) -> Option<&Value> {
        let value = self.container(path)?.get(&*path.name)?;
        match &path.sub {
            Some(sub) => value.as_object()?.get(&**sub),
            None => Some(value),
        }
    }

    /// Writes a value, and makes its parents; null, `""`, `[]` and `{}` remove. A sub-attribute of a multi-valued
    /// attribute belongs to an element, and is not written from here.
    pub fn set(&mut self, path: &AttributePath, value: Value) {
        if is_nothing(&value) {
            self.remove(path);
            return;
        }
        let container = match &path.extension {
            Some(urn) => object_in(&mut self.0, urn),
            None => Some(&mut self.0),
        };
        let Some(container) = container else { return };
        match &path.sub {
            Some(sub) => {
                if let Some(parent) = object_in(container, &path.name) {
                    parent.insert(sub.to_string(), value);
                }
            }
            None => {
                container.insert(path.name.to_string(), value);
            }
        }
    }

    /// Takes the value at a path away, and drops the parents that are left empty.
    pub fn remove(&mut self, path: &AttributePath) -> Option<Value> {
        match &path.extension {
            Some(urn) => take_in(&mut self.0, urn, |extension| take(extension, path)),
            None => take(&mut self.0, path),
        }
    }

    /// The elements of a multi-valued attribute; none where it is absent.
    pub fn elements(&self, path: &AttributePath) -> &[Value] {
        let value = self.container(path).and_then(|container| container.get(&*path.name));
        value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The resource's `id`.
    pub fn id(&self) -> Option<&str> {
        self.0.get("id")?.as_str()
    }

    /// The text at a path.
    pub fn text(&self, path: &AttributePath) -> Option<&str> {
        self.get(path)?.as_str()
    }

    /// The attribute as it stands, without its sub-attribute: an array where it is multi-valued.
    pub(crate) fn whole(&self, path: &AttributePath) -> Option<&Value> {
        self.container(path)?.get(&*path.name)
    }

    /// The elements of a multi-valued attribute, taken out to be changed and `set` again.
    pub(crate) fn take_elements(&mut self, path: &AttributePath) -> Vec<Value> {
        let container = match &path.extension {
            Some(urn) => self.0.get_mut(&**urn).and_then(Value::as_object_mut),
            None => Some(&mut self.0),
        };
        match container.and_then(|container| container.get_mut(&*path.name)) {
            Some(Value::Array(elements)) => std::mem::take(elements),
            _ => Vec::new(),
        }
    }

    fn container(&self, path: &AttributePath) -> Option<&Map<String, Value>> {
        match &path.extension {
            Some(urn) => self.0.get(&**urn)?.as_object(),
            None => Some(&self.0),
        }
    }
}

fn take(container: &mut Map<String, Value>, path: &AttributePath) -> Option<Value> {
    match &path.sub {
        Some(sub) => take_in(container, &path.name, |parent| parent.remove(&**sub)),
        None => container.remove(&*path.name),
    }
}

fn take_in(
    container: &mut Map<String, Value>,
    name: &str,
    take: impl FnOnce(&mut Map<String, Value>) -> Option<Value>,
) -> Option<Value> {
    let inner = container.get_mut(name)?.as_object_mut()?;
    let taken = take(inner);
    if inner.is_empty() {
        container.remove(name);
    }
    taken
}

// None where the name holds a list, whose elements one object must not replace.
fn object_in<'a>(container: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    if !container.contains_key(name) {
        container.insert(name.to_owned(), Value::Object(Map::new()));
    }
    container.get_mut(name)?.as_object_mut()
}

#[cfg(test)]
mod tests;
