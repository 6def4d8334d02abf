//! Transom.
pub mod wire;
