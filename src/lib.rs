//! Transom.
pub mod scim;
