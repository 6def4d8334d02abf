//! Every spelling of every attribute of a resource type, so that finding one is a single look-up.

use super::{Attribute, Returned, Schema};
use crate::scim::names::Names;
use crate::scim::path::AttributePath;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An attribute: the position of its schema, and its own in that.
pub(super) type Slot = (usize, usize);

/// Where an attribute stands in the schemas of its resource type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub schema: usize,
    pub attribute: usize,
    pub sub: Option<usize>,
}

/// The path of an attribute and those of its sub-attributes, in the schema's order.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub path: AttributePath,
    pub subs: Vec<AttributePath>,
}

impl Paths {
    fn of(extension: Option<&Arc<str>>, declared: &Attribute) -> Self {
        let path = AttributePath { extension: extension.cloned(), name: Arc::clone(&declared.name), sub: None };
        let subs = declared.sub_attributes.iter().map(|sub| path.with_sub(&sub.name)).collect();
        Self { path, subs }
    }
}

/// Built once for each resource type.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    spellings: Names<Box<str>, AttributePath>, // in lower case
    places: Names<AttributePath, Place>,
    ordered: Vec<Vec<Paths>>,           // by schema and attribute
    urns: Names<Arc<str>, usize>,       // of extensions
    names: Vec<Names<Arc<str>, usize>>, // by schema
    demanding: BTreeSet<Slot>,
    always_shown: BTreeSet<Slot>,
}

impl Index {
    pub(super) fn of(schemas: &[Schema]) -> Self {
        let mut index = Self::default();
        for (position, schema) in schemas.iter().enumerate() {
            let extension = Some(&schema.id).filter(|_| position > 0);
            let paths: Vec<_> = schema.attributes.iter().map(|declared| Paths::of(extension, declared)).collect();
            for (attribute, paths) in paths.iter().enumerate() {
                let place = Place { schema: position, attribute, sub: None };
                index.insert(&schema.id, &paths.path, place);
                for (sub, path) in paths.subs.iter().enumerate() {
                    index.insert(&schema.id, path, Place { sub: Some(sub), ..place });
                }
            }
            let names =
                schema.attributes.iter().enumerate().map(|(attribute, declared)| (declared.name.clone(), attribute));
            index.names.push(names.collect());
            index.urns.extend(extension.map(|urn| (urn.clone(), position)));
            index.ordered.push(paths);
            for (attribute, declared) in schema.attributes.iter().enumerate() {
                index.note(Place { schema: position, attribute, sub: None }, declared);
            }
        }
        index
    }

    /// Takes note of what is demanded of the attribute as a whole, and shown.
    pub(super) fn note(&mut self, place: Place, whole: &Attribute) {
        let slot = (place.schema, place.attribute);
        let among = |slots: &mut BTreeSet<Slot>, belongs: bool| {
            let _ = if belongs { slots.insert(slot) } else { slots.remove(&slot) };
        };
        among(&mut self.demanding, whole.required || whole.sub_attributes.iter().any(|sub| sub.required));
        among(&mut self.always_shown, whole.returned == Returned::Always);
    }

    pub(super) fn demanding(&self) -> &BTreeSet<Slot> {
        &self.demanding
    }

    pub(super) fn always_shown(&self) -> &BTreeSet<Slot> {
        &self.always_shown
    }

    /// The positions of the extensions that a resource's members are, in order.
    pub(super) fn extensions_of(&self, members: &Map<String, Value>) -> Vec<usize> {
        let mut positions: Vec<usize> = members.keys().filter_map(|name| self.urns.get(&**name)).copied().collect();
        positions.sort_unstable();
        positions
    }

    /// The attributes of a resource's members, in the schemas' order.
    pub(super) fn held_by(&self, members: &Map<String, Value>) -> Vec<Slot> {
        let slot = |schema: usize, name: &str| Some((schema, *self.names.get(schema)?.get(name)?));
        let mut slots = Vec::with_capacity(members.len());
        for (name, value) in members {
            let extension = value.as_object().and_then(|members| Some((self.urns.get(&**name)?, members)));
            match extension {
                Some((schema, members)) => slots.extend(members.keys().filter_map(|name| slot(*schema, name))),
                None => slots.extend(slot(0, name)),
            }
        }
        slots.sort_unstable();
        slots
    }

    pub(super) fn ordered(&self) -> &[Vec<Paths>] {
        &self.ordered
    }

    pub(super) fn place(&self, path: &AttributePath) -> Option<Place> {
        self.places.get(path).copied()
    }

    pub(super) fn spelled(&self, text: &str) -> Option<&AttributePath> {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.spellings.get(text);
        }
        let mut buffer = [0; 160];
        // Nothing known is longer than a URN and two names; what does not fit still gets a fair look-up.
        let Some(lower) = buffer.get_mut(..text.len()) else {
            return self.spellings.get(text.to_ascii_lowercase().as_str());
        };
        lower.copy_from_slice(text.as_bytes());
        lower.make_ascii_lowercase();
        self.spellings.get(std::str::from_utf8(lower).ok()?)
    }

    fn insert(&mut self, urn: &str, path: &AttributePath, place: Place) {
        let local = AttributePath { extension: None, ..path.clone() }.to_string().to_ascii_lowercase();
        let urn = urn.to_ascii_lowercase();
        for spelling in [format!("{urn}:{local}"), format!("{urn}.{local}"), local] {
            // The core schema comes first, so that an extension cannot take a bare name from it.
            self.spellings.entry(spelling.into_boxed_str()).or_insert_with(|| path.clone());
        }
        self.places.insert(path.clone(), place);
    }
}
