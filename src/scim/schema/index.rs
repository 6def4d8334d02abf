//! Every spelling of every attribute of a resource type, so that finding one is a single look-up.

use super::{Attribute, Schema};
use crate::scim::path::AttributePath;
use std::collections::HashMap;
use std::sync::Arc;

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
#[derive(Clone, Debug)]
pub(super) struct Index {
    spellings: HashMap<Box<str>, AttributePath>, // in lower case
    places: HashMap<AttributePath, Place>,
    ordered: Vec<Vec<Paths>>, // by schema and attribute
}

impl Index {
    pub(super) fn of(schemas: &[Schema]) -> Self {
        let mut index = Self { spellings: HashMap::new(), places: HashMap::new(), ordered: Vec::new() };
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
            index.ordered.push(paths);
        }
        index
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
