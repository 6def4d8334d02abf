//! The path of an operation: an attribute, or with a filter some elements of one.

use crate::scim::error::{ScimError, ScimType, quoted};
use crate::scim::filter::{Filter, FilterError, element_filter};
use crate::scim::path::{AttributePath, PathError};
use crate::scim::resource::sub_named;
use crate::scim::schema::ResourceType;

/// Reads `attr`, `attr.sub`, `attr[filter]` and `attr[filter].sub`, each also behind a URN.
pub(super) fn place(text: &str, kind: &ResourceType) -> Result<(AttributePath, Option<Filter>), ScimError> {
    let Some(bracket) = text.find('[') else {
        return Ok((kind.path(text).map_err(|error| invalid(&error))?, None));
    };
    let path = kind.path(text[..bracket].trim_end()).map_err(|error| invalid(&error))?;
    let attribute = kind.attribute(&path);
    if !attribute.is_some_and(|attribute| attribute.multi_valued && !attribute.sub_attributes.is_empty()) {
        return Err(invalid_path(format!("`{path}` has no elements to filter")));
    }
    let (filter, end) = element_filter((text, bracket), &path, kind).map_err(|error| invalid_filter(&error))?;
    Ok((with_tail(path, text[end..].trim(), kind)?, Some(filter)))
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
        None => match kind.path(&format!("{path}.{name}")) {
            Ok(path) => Ok(path),
            Err(error) => Err(invalid_path(error.message)),
        },
    }
}

fn invalid(error: &PathError) -> ScimError {
    invalid_path(format!("{}, at byte {} of the path", error.message, error.offset))
}

fn invalid_filter(FilterError { message, at }: &FilterError) -> ScimError {
    ScimError::bad_request(ScimType::InvalidFilter, format!("{message}, at byte {} of the path", at.start))
}

fn invalid_path(detail: String) -> ScimError {
    ScimError::bad_request(ScimType::InvalidPath, detail)
}
