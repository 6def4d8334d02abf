//! Transom.

pub mod auth;
pub mod cli;
pub mod config;
pub mod engine;
pub mod gateway;
pub mod mapping;
pub mod observe;
pub mod plan;
pub mod scim;
pub mod script;
pub mod server;
pub mod store;
pub mod target;
pub mod transport;
pub mod wire;
