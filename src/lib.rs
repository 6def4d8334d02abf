//! Transom.
pub mod script;
pub mod wire;
