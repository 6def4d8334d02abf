//! Which attributes of a resource an answer shows (RFC 7644 §3.4.2.5), and the resource as it goes out.

use super::error::ScimError;
use super::path::AttributePath;
use super::resource::{Resource, sub_named};
use super::schema::{Attribute, Paths, ResourceType, Returned};
use serde_json::{Map, Value};
use std::sync::Arc;

const LONGEST: usize = 10_000;

/// What `attributes` and `excludedAttributes` ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    wanted: Option<Vec<Named>>,
    excluded: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq)]
enum Named {
    Attribute(AttributePath),
    Schema(Option<Arc<str>>), // none: the core schema
}

impl View {
    /// Everything that is returned by default.
    pub fn all() -> Self {
        Self::default()
    }

    /// Reads both parameters. Names that are unknown ask for nothing; a value filter in a name is passed over. If both are
    /// given, what is asked for is shown without what is excluded.
    ///
    /// # Errors
    /// `invalidValue` if a parameter is longer than 10 kB or a bracket in it does not close.
    pub fn parse(attributes: Option<&str>, excluded: Option<&str>, kind: &ResourceType) -> Result<Self, ScimError> {
        let wanted = match attributes.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Some(names("attributes", text, kind)?),
            None => None,
        };
        Ok(Self { wanted, excluded: names("excludedAttributes", excluded.unwrap_or_default(), kind)? })
    }

    /// Whether an attribute is shown; for a parent: it or any part of it.
    pub fn wants(&self, path: &AttributePath, kind: &ResourceType) -> bool {
        let Some(attribute) = kind.attribute(path) else { return false };
        let Some(parent) = path.sub.as_ref().map(|_| path.parent()) else { return self.shows(path, attribute) };
        let whole = kind.attribute(&parent);
        whole.is_some_and(|whole| self.shows(&parent, whole)) && self.shows(path, attribute)
    }

    /// The few attributes that are shown where only some are asked for: each that is, or the whole that it is part of, is among
    /// them. `None`: it may be any.
    pub fn attributes<'a>(&'a self, kind: &'a ResourceType) -> Option<impl Iterator<Item = AttributePath> + 'a> {
        let named = self.wanted.as_ref()?.iter().flat_map(|named| match named {
            Named::Attribute(path) => vec![path.parent()],
            Named::Schema(extension) => kind.attributes_of(extension.as_ref()),
        });
        Some(named.chain(kind.always_shown().map(|(Paths { path, .. }, _)| path.clone())))
    }

    /// Leaves of a resource what is shown.
    pub fn project(&self, mut resource: Resource, kind: &ResourceType) -> Resource {
        for (Paths { path, subs }, attribute) in kind.held_by(&resource) {
            if !self.shows(path, attribute) {
                resource.remove(path);
                continue;
            }
            let parts = subs.iter().zip(&attribute.sub_attributes);
            let hidden: Vec<_> = parts.filter(|(path, sub)| !self.shows(path, sub)).map(|(path, _)| path).collect();
            if !hidden.is_empty() {
                hide_parts(&mut resource, path, &hidden);
            }
        }
        resource
    }

    /// The resource as an answer to this view: projected, and with `meta` only where the view shows it.
    pub fn render(&self, resource: Resource, kind: &ResourceType, location: &str) -> Value {
        let resource = self.project(resource, kind);
        let mut shown = present(resource, kind, location);
        let meta = AttributePath { extension: None, name: "meta".into(), sub: None };
        if let (false, Value::Object(members)) = (self.wants(&meta, kind), &mut shown) {
            members.remove("meta");
        }
        shown
    }

    // One level: a sub-attribute is judged without its parent.
    fn shows(&self, path: &AttributePath, attribute: &Attribute) -> bool {
        let named = |names: &[Named]| names.iter().any(|named| named.touches(path));
        let hidden = || self.excluded.iter().any(|named| named.covers(path));
        match (attribute.returned, &self.wanted) {
            (Returned::Always, _) => true,
            (Returned::Never, _) => false,
            (Returned::Request, None) => false,
            (Returned::Default, None) => !hidden(),
            (_, Some(wanted)) => named(wanted) && !hidden(),
        }
    }
}

fn hide_parts(resource: &mut Resource, path: &AttributePath, hidden: &[&AttributePath]) {
    if resource.elements(path).is_empty() {
        hidden.iter().for_each(|path| drop(resource.remove(path)));
        return;
    }
    let hidden: Vec<&str> = hidden.iter().filter_map(|path| path.sub.as_deref()).collect();
    let mut elements = resource.take_elements(path);
    elements.retain_mut(|element| {
        let Value::Object(members) = element else { return true };
        members.retain(|name, _| !hidden.contains(&name.as_str()));
        !members.is_empty()
    });
    resource.set(path, Value::Array(elements));
}

impl Named {
    fn covers(&self, path: &AttributePath) -> bool {
        match self {
            Self::Attribute(named) => named.covers(path),
            Self::Schema(extension) => *extension == path.extension,
        }
    }

    fn touches(&self, path: &AttributePath) -> bool {
        self.covers(path) || matches!(self, Self::Attribute(named) if path.covers(named))
    }
}

fn names(parameter: &str, text: &str, kind: &ResourceType) -> Result<Vec<Named>, ScimError> {
    let refused = |what: &str| Err(ScimError::invalid_value(format!("`{parameter}` {what}")));
    if text.len() > LONGEST {
        return refused("is too long");
    }
    let mut names = Vec::new();
    for name in split(text) {
        let Some(name) = without_filter(name) else { return refused("has a bracket that does not close") };
        // However long the parameter: no more than there are attributes.
        names.extend(named(&name, kind).filter(|named| !names.contains(named)));
    }
    Ok(names)
}

fn named(name: &str, kind: &ResourceType) -> Option<Named> {
    if let Some(position) = kind.schemas.iter().position(|schema| schema.id.eq_ignore_ascii_case(name)) {
        return Some(Named::Schema((position > 0).then(|| Arc::clone(&kind.schemas[position].id))));
    }
    if let Some(path) = kind.find(name) {
        return Some(Named::Attribute(path.clone()));
    }
    let (parent, sub) = name.rsplit_once('.')?;
    let parent = kind.find(parent)?;
    let sub = sub_named(kind.attribute(parent)?, sub)?;
    Some(Named::Attribute(parent.with_sub(&sub.name)))
}

// At commas, but not at those within brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted) = (0_usize, false);
    let parts = text.split(move |character| {
        match character {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            ',' => return depth == 0,
            _ => {}
        }
        false
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn without_filter(name: &str) -> Option<String> {
    match (name.find('['), name.rfind(']')) {
        (None, None) => Some(name.to_owned()),
        (Some(open), Some(close)) if open < close => Some(format!("{}{}", name[..open].trim_end(), &name[close + 1..])),
        _ => None,
    }
}

/// The resource as it goes out: with `schemas` (the core and each extension that is there) first, and `meta` last, which
/// gets `resourceType` and `location`.
pub fn present(resource: Resource, kind: &ResourceType, location: &str) -> Value {
    let mut members = resource.0;
    let schemas = kind.schemas_of(&members).map(|schema| Value::from(&*schema.id)).collect();
    let mut meta = match members.remove("meta") {
        Some(Value::Object(meta)) => meta,
        _ => Map::new(),
    };
    meta.insert("resourceType".to_owned(), Value::from(&*kind.name));
    meta.insert("location".to_owned(), Value::from(location));
    let mut out = Map::with_capacity(members.len() + 2);
    out.insert("schemas".to_owned(), Value::Array(schemas));
    out.extend(members.into_iter().filter(|(name, _)| name != "schemas"));
    out.insert("meta".to_owned(), Value::Object(meta));
    Value::Object(out)
}

#[cfg(test)]
mod tests;
