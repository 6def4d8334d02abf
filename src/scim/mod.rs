//! SCIM 2.0 as RFC 7643 and RFC 7644 have it, plus what real clients send; pure, and without knowledge of any target.
//!
//! Text from a client becomes a type here, once: names become [`AttributePath`]s in canonical spelling, values take the type

pub mod error;
pub mod filter;
pub mod fold;
mod instant;
pub mod path;
pub mod resource;
pub mod schema;

pub use error::{ScimError, ScimType};
pub use filter::{Comparison, Filter, FilterError, Operator};
pub use fold::fold;
pub use path::{AttributePath, PathError};
pub use resource::{Decoded, JsonLimits, Resource, check_required, parse_json};
pub use schema::{Attribute, Kind, Mutability, ResourceType, Returned, Schema, Uniqueness};
