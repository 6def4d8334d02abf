//! Transom.

pub mod auth;
pub mod observe;
pub mod store;
pub mod wire;
