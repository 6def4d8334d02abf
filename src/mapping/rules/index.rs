//! Where the rules of an attribute, of a field of the account and of a purpose stand. Made once, at load.

use crate::mapping::{Cleared, Rule, Shape, Source, Transform};
use crate::scim::names::Names;
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::{ResourceType, Uniqueness};
use crate::wire::Path;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Places of rules, by what they are found by.
type Places<K> = Names<K, Vec<usize>>;

/// Places are in file order everywhere.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the name of the attribute, without its sub-attribute.
    core: Places<Arc<str>>,
    /// By the URN of the extension, and the name.
    extensions: Names<Arc<str>, Places<Arc<str>>>,
    /// By the attribute as it is printed.
    named: Places<Box<str>>,
    /// By the field of the document's root that they look into.
    fields: Places<Arc<str>>,
    /// Those that must be read whatever fields there are.
    always_read: Vec<usize>,
    /// Those that may send something on a create though nothing is given.
    pub filling: Vec<usize>,
    pub required: Vec<usize>,
    pub unique: Vec<usize>,
    pub elsewhere: Vec<usize>,
    pub kept: Vec<usize>,
    /// Does the store note sent forms?
    pub remembers: bool,
    /// Is there a reference that is no element of a list?
    pub refers: bool,
}

impl Index {
    pub fn of(rules: &[Rule], kind: &ResourceType) -> Index {
        let mut index = Index { remembers: rules.iter().any(Rule::remembers), ..Index::default() };
        index.refers = rules.iter().any(|rule| rule.refers_to.is_some());
        let among = |is: &dyn Fn(&Rule) -> bool| (0..rules.len()).filter(|place| is(&rules[*place])).collect();
        let attribute = |rule: &Rule| kind.attribute(&rule.attribute);
        let required = |rule: &Rule| attribute(rule).is_some_and(|attribute| attribute.required);
        index.required = among(&required);
        index.unique = among(&|rule| attribute(rule).is_some_and(|one| one.uniqueness != Uniqueness::None));
        index.filling = among(&Rule::fills);
        index.elsewhere = among(&Rule::is_read_elsewhere);
        index.kept = among(&Rule::is_kept);
        for (place, rule) in rules.iter().enumerate() {
            index.attribute_is(&rule.attribute, place);
            index.fields_are(rule.fields_of_root().filter(|_| !required(rule)), place);
        }
        index
    }

    fn attribute_is(&mut self, path: &AttributePath, place: usize) {
        let names = match &path.extension {
            Some(urn) => self.extensions.entry(urn.clone()).or_default(),
            None => &mut self.core,
        };
        names.entry(path.name.clone()).or_default().push(place);
        self.named.entry(path.to_string().into()).or_default().push(place);
    }

    fn fields_are(&mut self, fields: Option<Vec<&str>>, place: usize) {
        let Some(mut fields) = fields else { return self.always_read.push(place) };
        fields.sort_unstable();
        fields.dedup();
        fields.into_iter().for_each(|field| self.fields.entry(field.into()).or_default().push(place));
    }

    pub fn of_attribute(&self, path: &AttributePath) -> &[usize] {
        let names = match &path.extension {
            Some(urn) => self.extensions.get(urn),
            None => Some(&self.core),
        };
        names.and_then(|names| names.get(&path.name)).map_or(&[], Vec::as_slice)
    }

    pub fn named(&self, attribute: &str) -> &[usize] {
        self.named.get(attribute).map_or(&[], Vec::as_slice)
    }

    /// In no order, and perhaps twice.
    pub fn present_in(&self, resources: &[&Resource]) -> Vec<usize> {
        let mut places = Vec::with_capacity(2 * resources.iter().map(|resource| resource.0.len()).sum::<usize>());
        for (name, value) in resources.iter().flat_map(|resource| &resource.0) {
            let extension = value.as_object().and_then(|members| Some((self.extensions.get(&**name)?, members)));
            match extension {
                Some((names, members)) => places.extend(held(names, members)),
                None => places.extend(self.core.get(&**name).into_iter().flatten()),
            }
        }
        places
    }

    /// In no order, and perhaps twice.
    pub fn read_in(&self, document: &Map<String, Value>) -> Vec<usize> {
        let mut places = self.always_read.clone();
        places.extend(held(&self.fields, document));
        places
    }
}

/// The places of what an object holds.
fn held<'a>(names: &'a Places<Arc<str>>, members: &'a Map<String, Value>) -> impl Iterator<Item = &'a usize> {
    members.keys().filter_map(|name| names.get(&**name)).flatten()
}

impl Rule {
    /// May a create send something for it though nothing is given?
    fn fills(&self) -> bool {
        let empty = matches!(self.shape, Shape::Each { .. }) && self.cleared != Cleared::Absent;
        self.default.is_some() || (empty && self.is_sent())
    }

    /// The fields of the document's root without which it reads nothing; `None`: it may read something of any document.
    fn fields_of_root(&self) -> Option<Vec<&str>> {
        match &self.shape {
            // A table may say what absence means.
            Shape::Field(_) | Shape::Read(_) if matches!(self.transform, Transform::Table(_)) => None,
            Shape::Read(sources) if sources.iter().any(|one| matches!(one, Source::Template(_))) => None,
            Shape::Has { .. } | Shape::Elected { .. } => None,
            Shape::Each { at, .. } => at.root_field().map(|field| vec![field]),
            Shape::Field(_) | Shape::Read(_) | Shape::One { .. } => {
                self.reads().into_iter().map(Path::root_field).collect()
            }
            Shape::Write(_) | Shape::Kept => Some(Vec::new()),
        }
    }
}
