//! The rules of a resource type in file order, and the index by which a request finds those that it touches.
//!
//! A request costs what it touches: whoever answers one asks for the rules of an attribute, of a resource or of a document, and
//! never walks them all.

mod index;

use crate::mapping::{Rule, Wants};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::ResourceType;
use index::Index;
use serde_json::Value;

/// The rules of a resource type, in file order, and their index.
///
/// Whatever is asked for, rules come in file order and none twice, each with its place.
#[derive(Debug, Default)]
pub struct Rules {
    all: Vec<Rule>,
    index: Index,
}

/// The rule in a place.
impl std::ops::Index<usize> for Rules {
    type Output = Rule;

    fn index(&self, place: usize) -> &Rule {
        &self.all[place]
    }
}

impl Rules {
    /// Indexes the rules of this type, whose attributes are marked already.
    pub fn new(all: Vec<Rule>, kind: &ResourceType) -> Rules {
        let index = Index::of(&all, kind);
        Rules { all, index }
    }

    /// All of them: for loading, checking and explaining a mapping.
    pub fn all(&self) -> &[Rule] {
        &self.all
    }

    /// Those of an attribute and of its sub-attributes, whichever of them is named.
    pub fn of<'a>(&'a self, attribute: &AttributePath) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        self.placed(self.index.of_attribute(attribute))
    }

    /// Those of the attributes that these resources hold.
    pub fn present_in<'a>(&'a self, resources: &[&Resource]) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        self.sorted(self.index.present_in(resources))
    }

    /// Those of the attributes that this resource holds and that are references themselves. Most types have none.
    pub fn referring_in<'a>(&'a self, resource: &Resource) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        let places = if self.index.refers { self.index.present_in(&[resource]) } else { Vec::new() };
        self.sorted(places).filter(|(_, rule)| rule.refers_to.is_some())
    }

    /// Those that a create with this resource may have to send: of what it holds, and those that send something for nothing.
    pub fn of_new<'a>(&'a self, resource: &Resource) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        let mut places = self.index.present_in(&[resource]);
        places.extend(&self.index.filling);
        self.sorted(places)
    }

    /// Those that read something wanted out of this document: the others have nothing to look at.
    pub fn read_in<'a>(
        &'a self,
        document: &Value,
        wants: Wants<'_>,
    ) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        let places = match (wants.among_these(), document) {
            (Some(attributes), _) => attributes.iter().flat_map(|one| self.index.of_attribute(one)).copied().collect(),
            (None, Value::Object(fields)) => self.index.read_in(fields),
            (None, _) => (0..self.all.len()).collect(),
        };
        self.sorted(places.into_iter().filter(|place| wants.takes(&self.all[*place].attribute)).collect())
    }

    /// Those of exactly these attributes, one attribute after the other.
    pub fn covered<'a>(&'a self, attributes: &'a [AttributePath]) -> impl Iterator<Item = &'a Rule> {
        let of = |attribute| self.of(attribute).filter(move |(_, rule)| rule.attribute == *attribute);
        attributes.iter().flat_map(of).map(|(_, rule)| rule)
    }

    /// Those of the attribute that is printed like this.
    pub fn named<'a>(&'a self, attribute: &str) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        self.placed(self.index.named(attribute))
    }

    /// Those of required attributes.
    pub fn required(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.placed(&self.index.required)
    }

    /// Those of attributes that no two resources may share.
    pub fn unique(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.placed(&self.index.unique)
    }

    /// Those whose elements are found in other accounts alone.
    pub fn read_elsewhere(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.placed(&self.index.elsewhere)
    }

    /// Those whose attribute, or part of it, our store holds.
    pub fn kept(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.placed(&self.index.kept)
    }

    /// Has the store something to hold: what is kept, or sent forms to remember?
    pub fn store_something(&self) -> bool {
        self.index.remembers || !self.index.kept.is_empty()
    }

    fn placed<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        places.iter().map(|place| (*place, &self.all[*place]))
    }

    fn sorted<'a>(&'a self, mut places: Vec<usize>) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| (place, &self.all[place]))
    }
}

#[cfg(test)]
mod tests;
