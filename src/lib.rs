//! Transom.
pub mod mapping;
pub mod scim;
pub mod script;
pub mod wire;
