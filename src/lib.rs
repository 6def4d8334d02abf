//! Transom.

pub mod auth;
pub mod observe;
pub mod scim;
pub mod store;
pub mod wire;
