//! The front door: sockets, TLS, connections and their limits, and the end of it all.
//!
//! This half knows HTTP and nothing of what is asked. [`bind`] opens the listeners, [`serve`] accepts and hands each
//! request to an async function, [`read_body`] reads what came with it. HTTP/1.1 and HTTP/2 are spoken on every
//! listener; over TLS the client chooses by ALPN.

mod accept;
mod bind;
mod body;
mod bulk;
mod connection;
mod lenient;
mod operations;
mod panic;
pub mod pipeline;
pub mod respond;
pub mod route;
mod tls;

#[cfg(test)]
mod tests;

pub use accept::{ServeLimits, Stopped, serve};
pub use bind::{Bound, Listen, ListenError, bind};
pub use body::{AnswerBody, BodyError, read_body, refuse_body};
pub use connection::Peer;
pub use tls::{Certificate, TlsFiles};
