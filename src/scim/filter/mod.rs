//! Filters (RFC 7644 §3.4.2.2) as a tree over typed paths.

mod lexer;
mod matches;
mod needle;
mod parse;
mod print;

pub(crate) use parse::element_filter;

use super::error::{ScimError, ScimType};
use super::path::AttributePath;
use super::schema::{Kind, ResourceType};
use needle::Needle;
use serde_json::Value;
use std::ops::Range;

/// How two values are compared (RFC 7644 §3.4.2.2, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Operator {
    /// The two letters in a filter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    fn orders(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }

    fn looks_inside(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }
}

/// One attribute compared with one value.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What is compared; for a complex attribute its `value`.
    pub path: AttributePath,
    /// How.
    pub operator: Operator,
    /// With what, typed by the schema.
    pub value: Value,
    /// The attribute's data type.
    pub kind: Kind,
    /// Whether upper and lower case differ.
    pub case_exact: bool,
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
    needle: Needle,
    implied: Option<Value>, // what every resource of the type has there, though none holds it
}

/// Where a comparison stood in its text does not matter.
impl PartialEq for Comparison {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.operator, &self.value, self.kind, self.case_exact)
            == (&other.path, other.operator, &other.value, other.kind, other.case_exact)
    }
}

/// A condition on a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them; never fewer than two, and none of them an `And`.
    And(Vec<Filter>),
    /// Any of them; never fewer than two, and none of them an `Or`.
    Or(Vec<Filter>),
    /// Not so.
    Not(Box<Filter>),
    /// One comparison.
    Compare(Comparison),
    /// The attribute has a value.
    Present(AttributePath),
    /// One and the same element of a multi-valued attribute meets the filter.
    Element {
        /// The multi-valued attribute.
        path: AttributePath,
        /// The condition; its paths are `parent.sub`.
        filter: Box<Filter>,
    },
}

impl Filter {
    /// Reads a filter: the whole grammar of RFC 7644 §3.4.2.2 and what clients make of it. At most 10 kB, 200 terms, 32 levels.
    ///
    /// # Errors
    /// A [`FilterError`] with its place in the text.
    pub fn parse(text: &str, kind: &ResourceType) -> Result<Self, FilterError> {
        parse::filter(text, kind)
    }

    /// Whether a resource meets the filter.
    pub fn matches(&self, resource: &super::Resource) -> bool {
        matches::resource(self, resource)
    }

    /// Whether an element of the multi-valued attribute this filter was read for meets it.
    pub(crate) fn matches_element(&self, element: &Value) -> bool {
        matches::element(self, element)
    }

    /// Every attribute the filter looks at, in the order of the text; the list of an element filter comes before its parts.
    pub fn paths(&self) -> Vec<&AttributePath> {
        let mut paths = Vec::new();
        self.collect_paths(&mut paths);
        paths
    }

    fn collect_paths<'a>(&'a self, paths: &mut Vec<&'a AttributePath>) {
        match self {
            Self::And(filters) | Self::Or(filters) => filters.iter().for_each(|filter| filter.collect_paths(paths)),
            Self::Not(filter) => filter.collect_paths(paths),
            Self::Compare(comparison) => paths.push(&comparison.path),
            Self::Present(path) => paths.push(path),
            Self::Element { path, filter } => {
                paths.push(path);
                filter.collect_paths(paths);
            }
        }
    }

    // Chains are kept flat, so that one meaning has one tree.
    fn all(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Filter::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Filter::And(flat) }
    }

    fn any(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Filter::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Filter::Or(flat) }
    }
}

/// A filter that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at byte {} of the filter", at.start)]
pub struct FilterError {
    /// What is wrong, and what was expected.
    pub message: String,
    /// Where in the text, in bytes.
    pub at: Range<usize>,
}

impl From<FilterError> for ScimError {
    fn from(error: FilterError) -> Self {
        ScimError::bad_request(ScimType::InvalidFilter, error.to_string())
    }
}

#[cfg(test)]
mod tests;
