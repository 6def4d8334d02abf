//! Where an attribute stands in a resource.

use std::fmt;
use std::sync::Arc;

/// Where an attribute stands in a resource, in canonical spelling. Resolved once, at decode or load, by
/// [`ResourceType::path`](super::ResourceType::path).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributePath {
    /// The URN of the extension it belongs to; none for the core schema.
    pub extension: Option<Arc<str>>,
    /// The attribute's name.
    pub name: Arc<str>,
    /// The sub-attribute's name.
    pub sub: Option<Arc<str>>,
}

impl AttributePath {
    /// The attribute itself, without the sub-attribute.
    pub fn parent(&self) -> Self {
        Self { extension: self.extension.clone(), name: Arc::clone(&self.name), sub: None }
    }

    /// A sub-attribute of the same attribute.
    pub fn with_sub(&self, sub: &Arc<str>) -> Self {
        Self { extension: self.extension.clone(), name: Arc::clone(&self.name), sub: Some(Arc::clone(sub)) }
    }

    /// Whether the other path is this one, or a sub-attribute of it.
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name && self.extension == other.extension && (self.sub.is_none() || self.sub == other.sub)
    }
}

/// Prints `name.givenName` and `urn:…:enterprise:2.0:User:manager.value`.
impl fmt::Display for AttributePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(extension) = &self.extension {
            write!(out, "{extension}:")?;
        }
        out.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(out, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// A text that is no path to a known attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong, with the nearest known name where there is one.
    pub message: String,
    /// Where in the text, in bytes.
    pub offset: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str, sub: Option<&str>) -> AttributePath {
        AttributePath { extension: None, name: name.into(), sub: sub.map(Into::into) }
    }

    #[test]
    fn an_attribute_covers_itself_and_its_sub_attributes_only() {
        assert!(path("name", None).covers(&path("name", Some("givenName"))));
        assert!(path("name", None).covers(&path("name", None)));
        assert!(!path("name", Some("givenName")).covers(&path("name", None)));
        assert!(!path("name", Some("givenName")).covers(&path("name", Some("familyName"))));
        assert!(!path("name", None).covers(&AttributePath { extension: Some("urn:x".into()), ..path("name", None) }));
    }
}
