//! Transom.
pub mod auth;
pub mod observe;
pub mod store;
