//! Stand-ins: small existing products, each with an API and a database of its own, for the demo, the tests and the benches.
//!
//! They share no code with the gateway, so what they store is a witness of its own. Every stand-in also answers two side
//! paths, which need no API key and are not counted:
//!
//! | call | meaning |
//! |---|---|
//! | `GET /calls` | how often each `METHOD route` was called, as one JSON object |
//! | `DELETE /calls` | start counting at nothing |
//! | `POST /faults` | misbehave from now on; the keys are in [`fault`] |
//! | `DELETE /faults` | behave again |
//!
//! The same is there in process through [`Controls`].

mod body;
#[cfg(test)]
#[path = "../../tests/support/client.rs"]
pub mod client;
pub mod controls;
pub mod fault;
pub mod intranet;
pub mod mooncamp;
pub mod moqups;
mod server;

pub use controls::Controls;

use std::path::Path;
use tokio::net::TcpListener;

/// The products there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Product {
    /// A whiteboard: users only.
    Moqups,
    /// A goals application: members and teams.
    Mooncamp,
    /// The awkward one.
    Intranet,
}

/// Serves a product from its database file until [`Controls::stop`].
///
/// # Errors
/// The database cannot be opened; the socket fails.
pub async fn serve(
    product: Product,
    listener: TcpListener,
    (database, api_key): (&Path, &str),
    controls: Controls,
) -> Result<(), StandinError> {
    match product {
        Product::Moqups => moqups::serve(listener, database, api_key, controls).await,
        Product::Mooncamp => mooncamp::serve(listener, database, api_key, controls).await,
        Product::Intranet => intranet::serve(listener, database, api_key, controls).await,
    }
}

/// Why a stand-in could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum StandinError {
    /// The database file could not be opened, or is none.
    #[error("the stand-in's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The listening socket failed.
    #[error("the stand-in's socket: {0}")]
    Socket(#[from] std::io::Error),
}
