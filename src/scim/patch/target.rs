//! The path of an operation: an attribute, an element of one, or a whole extension.

use crate::scim::error::{ScimError, ScimType, quoted};
use crate::scim::filter::{Filter, element_filter};
use crate::scim::path::{AttributePath, PathError};
use crate::scim::resource::sub_named;
use crate::scim::schema::{ResourceType, Schema};

/// What the path of an operation leads to.
pub(super) enum Target<'k> {
    /// An attribute or sub-attribute, or with a filter some elements of it.
    Attribute(AttributePath, Option<Filter>),
    /// Every attribute of a schema.
    Schema(&'k Schema),
}

impl<'k> Target<'k> {
    /// Reads `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each also behind a URN, and a bare URN.
    pub(super) fn parse(text: &str, kind: &'k ResourceType) -> Result<Self, ScimError> {
        if let Some(schema) = kind.schema(text) {
            return Ok(Self::Schema(schema));
        }
        let Some(bracket) = text.find('[') else {
            return Ok(Self::Attribute(kind.path(text).map_err(invalid)?, None));
        };
        let path = kind.path(text[..bracket].trim_end()).map_err(invalid)?;
        if !kind
            .attribute(&path)
            .is_some_and(|attribute| attribute.multi_valued && !attribute.sub_attributes.is_empty())
        {
            return Err(invalid_path(format!("`{path}` has no elements to filter")));
        }
        let (filter, end) = element_filter((text, bracket), &path, kind)?;
        Ok(Self::Attribute(with_tail(path, text[end..].trim(), kind)?, Some(filter)))
    }
}

fn with_tail(path: AttributePath, tail: &str, kind: &ResourceType) -> Result<AttributePath, ScimError> {
    if tail.is_empty() {
        return Ok(path);
    }
    let Some(name) = tail.strip_prefix('.') else {
        return Err(invalid_path(format!("expected `.` and a sub-attribute behind `]`, not `{}`", quoted(tail))));
    };
    let sub = kind.attribute(&path).and_then(|attribute| sub_named(attribute, name));
    match sub {
        Some(sub) => Ok(path.with_sub(&sub.name)),
        None => Err(invalid(kind.path(&format!("{path}.{name}")).err().unwrap_or_else(|| PathError {
            message: format!("`{path}` has no sub-attribute `{}`", quoted(name)),
            offset: 0,
        }))),
    }
}

fn invalid(error: PathError) -> ScimError {
    invalid_path(format!("{}, at byte {} of the path", error.message, error.offset))
}

fn invalid_path(detail: String) -> ScimError {
    ScimError::bad_request(ScimType::InvalidPath, detail)
}
