//! Transom.

pub mod auth;
pub mod cli;
pub mod config;
pub mod observe;
pub mod scim;
pub mod server;
pub mod store;
pub mod transport;
pub mod wire;
