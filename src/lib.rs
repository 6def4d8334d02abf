//! Transom.

pub mod cli;
pub mod config;
pub mod observe;
pub mod server;
pub mod transport;
