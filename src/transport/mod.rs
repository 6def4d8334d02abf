//! The HTTP client to targets: TLS, pooled connections, limits; nothing is followed, kept or guessed.
//!
//! A [`Transport`] holds what may be shared: trust roots and the shape of connections. A [`Client`] speaks to one target:
//! it has that target's pool, its limit on calls in flight and its rate. Both limits make a call wait, never refuse it,
//! as long as its deadline allows. Every [`TransportError`] says whether the target may have seen the request.
//!
//! No redirect is followed, no cookie kept, no proxy read from the environment, no compressed answer asked for.

mod answer;
mod client;
mod connect;
mod error;
mod gate;
mod tls;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use client::{Client, ClientLimits, Reply, Request};
pub use error::{Part, Reach, Sent, SetupError, Stage, TransportError};

/// Which certificate authorities a target's certificate may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// The operating system's store.
    #[default]
    System,
    /// Only those in this PEM file.
    Pem(PathBuf),
}

/// A certificate of ours and its private key, as PEM. It cannot print.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    certificate: String,
    key: zeroize::Zeroizing<String>,
}

impl Identity {
    /// Takes the PEM texts over: the certificate with its chain, and the key.
    pub fn new(certificate: String, key: String) -> Identity {
        Identity { certificate, key: zeroize::Zeroizing::new(key) }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// How connections to targets are made and kept.
#[derive(Clone, Debug, PartialEq)]
pub struct TransportOptions {
    /// Who is trusted.
    pub roots: Roots,
    /// What is shown to a target that asks who calls; nothing otherwise.
    pub identity: Option<Identity>,
    /// The longest a TCP connection with its TLS handshake may take.
    pub connect: Duration,
    /// How long an unused connection is kept.
    pub idle: Duration,
    /// How many unused connections are kept for one host.
    pub idle_connections: usize,
    /// The longest silence within the body of an answer.
    pub between_bytes: Duration,
    /// The largest head of an answer, in bytes; at least 8 KiB.
    pub header_bytes: usize,
}

impl Default for TransportOptions {
    fn default() -> Self {
        TransportOptions {
            roots: Roots::System,
            identity: None,
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            idle_connections: 16,
            between_bytes: Duration::from_secs(10),
            header_bytes: 64 * 1024,
        }
    }
}

/// What clients of several targets share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Transport {
    options: TransportOptions,
    tls: Arc<rustls::ClientConfig>,
}

impl Transport {
    /// Reads the trust roots, so it blocks on the file system: for start-up.
    ///
    /// # Errors
    /// A PEM file that cannot be read or holds no certificate. An empty system store is only a warning,
    /// because a gateway whose targets speak plain HTTP does not need it.
    pub fn new(options: TransportOptions) -> Result<Self, SetupError> {
        let tls = Arc::new(tls::client_config(&options.roots, options.identity.as_ref())?);
        Ok(Transport { options, tls })
    }

    /// A client with a pool and limits of its own: one for each target.
    pub fn client(&self, limits: ClientLimits) -> Client {
        Client::new(&self.options, &self.tls, limits)
    }
}
