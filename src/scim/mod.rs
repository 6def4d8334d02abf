//! SCIM 2.0 as RFC 7643 and RFC 7644 have it, plus what real clients send; pure, and without knowledge of any target.
//!
//! Text from a client becomes a type here, once: names become [`AttributePath`]s in canonical spelling, values take the type
//! their schema declares, and every dialect of PATCH becomes the same list of [`patch::Operation`]s.

pub mod bulk;
pub mod discovery;
pub mod error;
pub mod filter;
pub mod fold;
mod instant;
pub mod list;
pub(crate) mod names;
pub mod patch;
pub mod path;
pub mod projection;
pub mod resource;
#[cfg(test)]
mod sample;
pub mod schema;
pub mod sort;
#[cfg(test)]
mod tests;
pub mod version;

pub use error::{ScimError, ScimType};
pub use filter::{Comparison, Filter, FilterError, Operator};
pub use fold::fold;
pub use list::{Window, list_response};
pub use patch::{Change, Operation, Patch};
pub use path::{AttributePath, PathError};
pub use projection::{View, present};
pub use resource::{Decoded, JsonLimits, Resource, check_required, parse_json};
pub use schema::{Attribute, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness};
