//! Resource types, schemas and attributes (RFC 7643 §2, §6, §7): everything known, and which of it a target offers.

mod attribute;
mod group;
mod index;
mod nearest;
mod rows;
mod user;

pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
pub use group::GROUP_SCHEMA;
pub use nearest::nearest;
pub use user::{ENTERPRISE_SCHEMA, USER_SCHEMA};

use super::error::quoted;
use super::path::{AttributePath, PathError};
use super::resource::Resource;
pub(crate) use index::Paths;
use index::{Index, Slot};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A schema: a URN and its attributes (RFC 7643 §7).
#[derive(Clone, Debug)]
pub struct Schema {
    /// The URN.
    pub id: Arc<str>,
    /// The name a person reads.
    pub name: Arc<str>,
    /// What it describes.
    pub description: Arc<str>,
    /// Its attributes; in a core schema also the common ones (`schemas`, `id`, `externalId`, `meta`).
    pub attributes: Vec<Attribute>,
}

/// A resource type with its core schema and extensions: everything *known*; `offered` marks what the target has.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The name, `User`.
    pub name: Arc<str>,
    /// The endpoint below the base URL, `/Users`.
    pub endpoint: Arc<str>,
    /// What it describes.
    pub description: Arc<str>,
    /// The core schema first, then the extensions.
    pub schemas: Vec<Schema>,
    index: Index,
}

impl ResourceType {
    /// `User` of RFC 7643 §4.1 with the enterprise extension of §4.3. Only the common attributes are offered.
    pub fn user() -> Self {
        Self::new("User", "/Users", "User Account", vec![user::user(), user::enterprise()])
    }

    /// `Group` of RFC 7643 §4.2. Only the common attributes are offered.
    pub fn group() -> Self {
        Self::new("Group", "/Groups", "Group", vec![group::group()])
    }

    fn new(name: &str, endpoint: &str, description: &str, schemas: Vec<Schema>) -> Self {
        let index = Index::of(&schemas);
        Self { name: name.into(), endpoint: endpoint.into(), description: description.into(), schemas, index }
    }

    /// Adds an extension. Its attributes are also found without their URN where the name is free.
    pub fn extend(&mut self, schema: Schema) {
        self.schemas.push(schema);
        self.index = Index::of(&self.schemas);
    }

    /// The core schema.
    pub fn core(&self) -> &Schema {
        &self.schemas[0]
    }

    /// The schema with this URN, in any case.
    pub fn schema(&self, urn: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// Reads an attribute path in any spelling: any case, with or without a URN before it (`:` or `.` after the URN; of
    /// several known URNs the longest), with a dotted sub-attribute. Attributes of an extension are also found without
    /// its URN where the core schema has no such name. Takes no value filter.
    ///
    /// # Errors
    /// A [`PathError`] with the nearest known name where no attribute is called so.
    pub fn path(&self, text: &str) -> Result<AttributePath, PathError> {
        self.find(text).cloned().ok_or_else(|| self.unknown(text))
    }

    /// The same where nobody is told which name was meant: that is worked out from all known names.
    pub fn find(&self, text: &str) -> Option<&AttributePath> {
        self.index.spelled(text)
    }

    /// The attribute, or sub-attribute, at a path. Constant time.
    pub fn attribute(&self, path: &AttributePath) -> Option<&Attribute> {
        let place = self.index.place(path)?;
        let attribute = self.schemas.get(place.schema)?.attributes.get(place.attribute)?;
        match place.sub {
            Some(sub) => attribute.sub_attributes.get(sub),
            None => Some(attribute),
        }
    }

    /// Marks at load what a target offers and demands of the attribute, or sub-attribute, at a path. Its name must stay as it is.
    pub fn mark(&mut self, path: &AttributePath, mark: impl FnOnce(&mut Attribute)) {
        let Some(place) = self.index.place(path) else { return };
        let whole = self.schemas.get_mut(place.schema).and_then(|schema| schema.attributes.get_mut(place.attribute));
        let Some(whole) = whole else { return };
        match place.sub {
            Some(sub) => drop(whole.sub_attributes.get_mut(sub).map(mark)),
            None => mark(whole),
        }
        self.index.note(place, whole);
    }

    /// Whether the target offers an attribute: itself, or for a parent any sub-attribute. A complex attribute that is
    /// offered while none of its sub-attributes is marked offers them all.
    pub fn offers(&self, path: &AttributePath) -> bool {
        let Some(attribute) = self.attribute(path) else { return false };
        if path.sub.is_none() {
            return attribute.is_offered();
        }
        attribute.offered || self.attribute(&path.parent()).is_some_and(Attribute::offers_every_sub)
    }

    /// Every known path, parents before their sub-attributes.
    pub fn paths(&self) -> impl Iterator<Item = &AttributePath> {
        let ordered = self.index.ordered().iter().flatten();
        ordered.flat_map(|paths| std::iter::once(&paths.path).chain(&paths.subs))
    }

    /// The paths of a schema's attributes, of the core schema's without a URN.
    pub(crate) fn attributes_of(&self, extension: Option<&Arc<str>>) -> Vec<AttributePath> {
        let paths = self.index.ordered().iter().flatten().map(|paths| &paths.path);
        paths.filter(|path| path.extension.as_ref() == extension).cloned().collect()
    }

    /// The schemas of a resource with these members: the core schema, and the extensions that are there.
    pub(crate) fn schemas_of(&self, members: &Map<String, Value>) -> impl Iterator<Item = &Schema> + use<'_> {
        let extensions = self.index.extensions_of(members).into_iter();
        std::iter::once(self.core()).chain(extensions.filter_map(|position| self.schemas.get(position)))
    }

    /// The attributes that a resource holds, each with its path and those of its sub-attributes, in the schemas' order.
    pub(crate) fn held_by<'a>(
        &'a self,
        resource: &Resource,
    ) -> impl Iterator<Item = (&'a Paths, &'a Attribute)> + use<'a> {
        self.at(self.index.held_by(&resource.0))
    }

    /// Those that are required, or have a sub-attribute that is.
    pub(crate) fn demanding(&self) -> impl Iterator<Item = (&Paths, &Attribute)> {
        self.at(self.index.demanding().iter().copied())
    }

    /// Those that are returned in every answer.
    pub(crate) fn always_shown(&self) -> impl Iterator<Item = (&Paths, &Attribute)> {
        self.at(self.index.always_shown().iter().copied())
    }

    fn at<'a, S: IntoIterator<Item = Slot> + 'a>(
        &'a self,
        slots: S,
    ) -> impl Iterator<Item = (&'a Paths, &'a Attribute)> + use<'a, S> {
        let found = move |(schema, attribute): Slot| {
            let paths = self.index.ordered().get(schema)?.get(attribute)?;
            Some((paths, self.schemas.get(schema)?.attributes.get(attribute)?))
        };
        slots.into_iter().filter_map(found)
    }

    fn unknown(&self, text: &str) -> PathError {
        let (offset, schema) = self.longest_urn(text);
        let name = &text[offset..];
        let attributes = &self.schemas[schema].attributes;
        let (top, sub) = name.split_once('.').map_or((name, None), |(top, sub)| (top, Some(sub)));
        let parent = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(top));
        if let (Some(parent), Some(sub)) = (parent, sub) {
            let known = parent.sub_attributes.iter().map(|attribute| &*attribute.name);
            let what = format!("{} has no sub-attribute `{}`", parent.name, quoted(sub));
            return PathError { message: suggested(what, nearest(sub, known)), offset: offset + top.len() + 1 };
        }
        let known = self.schemas.iter().flat_map(|schema| &schema.attributes).map(|attribute| &*attribute.name);
        let what = format!("{} has no attribute `{}`", self.name, quoted(text));
        PathError { message: suggested(what, nearest(top, known)), offset }
    }

    // Byte offset behind the longest known URN before the text, and the position of its schema.
    fn longest_urn(&self, text: &str) -> (usize, usize) {
        let behind = |urn: &str| {
            let head = text.get(..urn.len())?;
            let separated = matches!(text.as_bytes().get(urn.len()), Some(b':' | b'.'));
            (separated && head.eq_ignore_ascii_case(urn)).then_some(urn.len() + 1)
        };
        let schemas = self.schemas.iter().enumerate();
        schemas.filter_map(|(position, schema)| Some((behind(&schema.id)?, position))).max().unwrap_or((0, 0))
    }
}

fn suggested(what: String, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("{what}; did you mean `{nearest}`?"),
        None => what,
    }
}

#[cfg(test)]
mod tests;
