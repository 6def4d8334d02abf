//! A PATCH body in any dialect, read into canonical operations.

use super::place::place;
use super::{Change, Operation, Patch};
use crate::scim::error::{ScimError, ScimType, quoted};
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use crate::scim::resource::{is_nothing, member, read, sub_named};
use crate::scim::schema::{Attribute, Kind, Mutability, ResourceType, Schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

const MOST_OPERATIONS: usize = 1_000;

/// Reads a PATCH body, whatever the dialect, into canonical operations. At most 1,000 of them.
///
/// A value without a path becomes one operation for each attribute. What is read-only or unknown inside such a value is left
/// out and listed, as is anything the target does not offer.
///
/// # Errors
/// `invalidSyntax` (no PatchOp, unknown `op`), `invalidPath`, `invalidFilter`, `noTarget` (`remove` without a path),
/// `mutability` (a read-only path), `invalidValue`; 413 for too many operations.
pub fn decode(body: &Value, kind: &ResourceType) -> Result<Patch, ScimError> {
    let operations = body.as_object().and_then(|members| member(members, "Operations"));
    let operations = match operations {
        Some(Value::Array(operations)) => operations.as_slice(),
        Some(single @ Value::Object(_)) => std::slice::from_ref(single),
        _ => return Err(ScimError::invalid_syntax("a PATCH body must hold a list `Operations`")),
    };
    if operations.len() > MOST_OPERATIONS {
        return Err(ScimError::too_large(format!("more than {MOST_OPERATIONS} operations")));
    }
    let mut patch = Patch::default();
    for (position, sent) in operations.iter().enumerate() {
        Reader { kind, position, patch: &mut patch }.operation(sent).map_err(|error| placed(error, position))?;
    }
    Ok(patch)
}

fn placed(ScimError { status, scim_type, detail }: ScimError, position: usize) -> ScimError {
    ScimError { status, scim_type, detail: format!("operation {}: {detail}", position + 1) }
}

/// Reads one operation of the body.
struct Reader<'k, 'p> {
    kind: &'k ResourceType,
    position: usize,
    patch: &'p mut Patch,
}

impl Reader<'_, '_> {
    fn operation(&mut self, sent: &Value) -> Result<(), ScimError> {
        let Value::Object(members) = sent else { return Err(ScimError::invalid_syntax("must be an object")) };
        let change = change(member(members, "op"))?;
        let value = member(members, "value");
        match member(members, "path") {
            Some(Value::String(path)) if !path.trim().is_empty() => self.at_path(change, path.trim(), value),
            None | Some(Value::Null | Value::String(_)) => self.without_path(change, value),
            Some(_) => Err(ScimError::bad_request(ScimType::InvalidPath, "`path` must be a string")),
        }
    }

    fn at_path(&mut self, change: Change, path: &str, value: Option<&Value>) -> Result<(), ScimError> {
        let kind = self.kind;
        if value.is_none() && change != Change::Remove {
            return Err(ScimError::invalid_value("`add` and `replace` need a value"));
        }
        let value = value.unwrap_or(&Value::Null);
        if let Some(schema) = kind.schema(path) {
            return self.schema(change, schema, value);
        }
        let (path, element) = place(path, kind)?;
        let Some(attribute) = kind.attribute(&path) else { return Ok(()) };
        refuse_read_only(change, &path, (attribute, element.as_ref()), kind)?;
        if !kind.offers(&path) {
            self.patch.ignored.push(path.to_string());
            return Ok(());
        }
        self.change(change, (path, element), attribute, value)
    }

    fn schema(&mut self, change: Change, schema: &Schema, sent: &Value) -> Result<(), ScimError> {
        let value = if is_nothing(sent) && !sent.is_object() { &Value::Null } else { sent };
        match (change, value) {
            (Change::Add, Value::Null) => Ok(()),
            (Change::Remove, _) | (Change::Replace, Value::Null) => {
                for attribute in &schema.attributes {
                    self.named(Change::Remove, &format!("{}:{}", schema.id, attribute.name), &Value::Null)?;
                }
                Ok(())
            }
            (_, Value::Object(members)) => {
                members.iter().try_for_each(|(name, value)| self.named(change, &format!("{}:{name}", schema.id), value))
            }
            _ => Err(ScimError::invalid_value(format!("`{}` must be an object", schema.id))),
        }
    }

    fn without_path(&mut self, change: Change, value: Option<&Value>) -> Result<(), ScimError> {
        if change == Change::Remove {
            return Err(ScimError::bad_request(ScimType::NoTarget, "`remove` needs a path"));
        }
        let members = value.and_then(unboxed);
        let Some(members) = members else {
            return Err(ScimError::invalid_value("without a path the value must be an object"));
        };
        for (name, value) in members.iter() {
            match self.kind.schema(name) {
                Some(schema) => self.schema(change, schema, value)?,
                None => self.named(change, name, value)?,
            }
        }
        Ok(())
    }

    // A name inside a value: unlike a path it may be unknown or read-only, and is then left out.
    fn named(&mut self, change: Change, name: &str, value: &Value) -> Result<(), ScimError> {
        let kind = self.kind;
        let known = kind.find(name).is_some() || name.contains('[');
        let Some((path, element)) = known.then(|| place(name, kind).ok()).flatten() else {
            self.patch.ignored.push(name.to_owned());
            return Ok(());
        };
        let Some(attribute) = kind.attribute(&path) else { return Ok(()) };
        if attribute.mutability == Mutability::ReadOnly || !kind.offers(&path) {
            // Taking a whole extension away names attributes the client did not.
            if change != Change::Remove {
                self.patch.ignored.push(path.to_string());
            }
            return Ok(());
        }
        self.change(change, (path, element), attribute, value)
    }

    fn change(
        &mut self,
        change: Change,
        (path, element): (AttributePath, Option<Filter>),
        attribute: &Attribute,
        sent: &Value,
    ) -> Result<(), ScimError> {
        let whole_list = attribute.multi_valued && element.is_none();
        let list_value = whole_list && !is_nothing(sent);
        let value = match change {
            Change::Remove if !list_value => None,
            _ => self.value(sent, attribute, &path, element.is_some())?,
        };
        match (change, value) {
            // An empty list of elements to take out, or to add, is not "all of them".
            (Change::Remove, None) if whole_list && (list_value || sent.is_array() || sent.is_object()) => {}
            (Change::Add, None) if whole_list => {}
            (Change::Remove, value) => self.push(Change::Remove, path, element, value),
            (change, value) => {
                let cleared = cleared_subs(sent, attribute, &path);
                match value {
                    Some(value) => self.push(change, path, element, Some(value)),
                    None if attribute.multi_valued && element.is_none() || says_nothing(sent, attribute) => {
                        self.push(Change::Remove, path, element, None);
                    }
                    // Nothing usable was sent, which is not the same as nothing.
                    None => {}
                }
                cleared.into_iter().for_each(|path| self.push(Change::Remove, path, None, None));
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        sent: &Value,
        attribute: &Attribute,
        path: &AttributePath,
        is_element: bool,
    ) -> Result<Option<Value>, ScimError> {
        let value = read(sent, attribute, path, &mut self.patch.ignored)?;
        if !(is_element && attribute.multi_valued) {
            return Ok(value);
        }
        // `emails[type eq "work"]` takes one element, which `read` puts in a list.
        match value {
            Some(Value::Array(mut elements)) if elements.len() == 1 => Ok(elements.pop()),
            Some(_) => Err(ScimError::invalid_value(format!("`{path}[…]` takes one element"))),
            None => Ok(None),
        }
    }

    fn push(&mut self, change: Change, path: AttributePath, element: Option<Filter>, value: Option<Value>) {
        let (path, value) = match value {
            // What is added as the `value` of a list is a new element: it must not be written over those that are there.
            Some(value) if change == Change::Add && element.is_none() && self.is_value_of_list(&path) => {
                (path.parent(), Some(json!([{ "value": value }])))
            }
            value => (path, value),
        };
        self.patch.operations.push(Operation { change, path, element, value, position: self.position });
    }

    fn is_value_of_list(&self, path: &AttributePath) -> bool {
        path.sub.as_deref() == Some("value")
            && self.kind.attribute(&path.parent()).is_some_and(|list| list.multi_valued)
    }
}

fn change(sent: Option<&Value>) -> Result<Change, ScimError> {
    let named = sent.and_then(Value::as_str).map(str::trim).unwrap_or_default();
    match named {
        _ if named.eq_ignore_ascii_case("add") => Ok(Change::Add),
        _ if named.eq_ignore_ascii_case("replace") => Ok(Change::Replace),
        _ if named.eq_ignore_ascii_case("remove") => Ok(Change::Remove),
        "" => Err(ScimError::invalid_syntax("`op` must be add, replace or remove")),
        other => {
            Err(ScimError::invalid_syntax(format!("`op` must be add, replace or remove, not `{}`", quoted(other))))
        }
    }
}

fn refuse_read_only(
    change: Change,
    path: &AttributePath,
    (attribute, element): (&Attribute, Option<&Filter>),
    kind: &ResourceType,
) -> Result<(), ScimError> {
    let parent = path.sub.as_ref().and_then(|_| kind.attribute(&path.parent()));
    let of_list = parent.is_some_and(|parent| parent.multi_valued);
    let read_only = [Some(attribute), parent].iter().flatten().any(|found| found.mutability == Mutability::ReadOnly);
    let detail = match attribute.mutability {
        _ if read_only => format!("`{path}` is read-only"),
        // An element may come and go, but not become another one.
        Mutability::Immutable if of_list && (element.is_some() || change != Change::Add) => {
            format!("`{path}` is immutable: add and remove elements instead")
        }
        _ => return Ok(()),
    };
    Err(ScimError::bad_request(ScimType::Mutability, detail))
}

// The object of a value without a path; some clients put it in an array, or send it as JSON text.
fn unboxed(value: &Value) -> Option<Cow<'_, Map<String, Value>>> {
    match value {
        Value::Object(members) => Some(Cow::Borrowed(members)),
        Value::Array(boxed) if boxed.len() == 1 => unboxed(&boxed[0]),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Some(Cow::Owned(members)),
            _ => None,
        },
        _ => None,
    }
}

// Whether a value was sent in order to clear: null, `""`, `{"value": ""}`, each perhaps in an array of one.
fn says_nothing(sent: &Value, attribute: &Attribute) -> bool {
    match sent {
        _ if is_nothing(sent) => true,
        Value::Array(boxed) => boxed.iter().all(|sent| says_nothing(sent, attribute)),
        Value::Object(members) => {
            let is_value = |name: &str| match sub_named(attribute, name) {
                Some(sub) => &*sub.name == "value",
                None => name.eq_ignore_ascii_case("value") && attribute.sub_attributes.is_empty(),
            };
            members.iter().any(|(name, value)| is_value(name) && is_nothing(value))
        }
        _ => false,
    }
}

// `{"name": {"givenName": null}}` clears what it names. A complex attribute with a `value` is replaced as one thing anyway.
fn cleared_subs(sent: &Value, attribute: &Attribute, path: &AttributePath) -> Vec<AttributePath> {
    let singular = attribute.kind == Kind::Complex && !attribute.multi_valued && attribute.sub("value").is_none();
    let Some(members) = sent.as_object().filter(|_| singular) else { return Vec::new() };
    let empty = members.iter().filter(|(_, value)| is_nothing(value));
    let subs = empty.filter_map(|(name, _)| attribute.sub(name));
    let every = attribute.offers_every_sub();
    let writable = subs.filter(|sub| (every || sub.offered) && sub.mutability != Mutability::ReadOnly);
    writable.map(|sub| path.with_sub(&sub.name)).collect()
}
