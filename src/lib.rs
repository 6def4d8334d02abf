//! Transom.
pub mod scim;
pub mod script;
pub mod wire;
