//! PATCH (RFC 7644 §3.5.2): every dialect becomes one list of operations, and those turn one resource into the next.

mod apply;
mod decode;
mod element;
mod place;

pub use apply::apply;
pub use decode::decode;

use super::filter::Filter;
use super::path::AttributePath;
use serde_json::Value;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Adds elements to a list; elsewhere the same as `Replace`.
    Add,
    /// Puts a value in the place of what was there.
    Replace,
    /// Takes a value away.
    Remove,
}

/// One canonical operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What is done.
    pub change: Change,
    /// To what; `sub` is set for `name.givenName` and `emails[…].value`.
    pub path: AttributePath,
    /// Which elements of a multi-valued attribute; none for all of it.
    pub element: Option<Filter>,
    /// With what: canonical and typed, an array for a whole multi-valued attribute, an object for a complex one or an
    /// element. Absent in `Remove`, except where it lists the elements to take out.
    pub value: Option<Value>,
    /// The position in `Operations`.
    pub position: usize,
}

/// A PATCH body, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What to do, in order.
    pub operations: Vec<Operation>,
    /// The names left out, canonical or as sent: read-only or unknown inside a value, and whatever is not offered.
    pub ignored: Vec<String>,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
