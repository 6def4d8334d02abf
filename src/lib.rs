//! Transom.
pub mod target;
pub mod wire;
