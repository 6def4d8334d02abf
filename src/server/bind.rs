//! Opening the listeners, with one clear line for each way in which that fails.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::tls::{Certificate, TlsFiles};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Port 0 asks the system for a free one.
    pub address: SocketAddr,
    /// `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
}

/// An open listener. Prints as its URL, `https://[::1]:8443`.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: TcpListener,
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
}

impl Bound {
    /// The address with the port the system gave.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of a TLS listener, to be read again when its files change.
    pub fn certificate(&self) -> Option<&Arc<Certificate>> {
        self.certificate.as_ref()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// A listener that cannot be opened, or its certificate.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// There is nothing to do without a listener.
    #[error("no address to listen on; name at least one")]
    None,
    /// Another listener has it; IPv6's `[::]` takes the IPv4 port too.
    #[error("cannot listen on {address}: the port is in use, by another program or by another line of `listen`")]
    InUse {
        /// As configured.
        address: SocketAddr,
    },
    /// Mostly a port below 1024.
    #[error("cannot listen on {address}: not allowed; choose a port above 1023 or grant the right to bind it")]
    Denied {
        /// As configured.
        address: SocketAddr,
    },
    /// The address belongs to another machine, or IPv6 is off.
    #[error("cannot listen on {address}: this machine does not have that address")]
    NotOurs {
        /// As configured.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {cause}")]
    Other {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// A certificate or key file that cannot be used.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// As configured.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Opens all listeners, or none. Reads the certificates first, so that a bad one is found before a port is taken.
///
/// # Errors
/// [`ListenError`] of the first listener that failed.
pub async fn bind(listens: &[Listen]) -> Result<Vec<Bound>, ListenError> {
    if listens.is_empty() {
        return Err(ListenError::None);
    }
    let mut certificates = Vec::with_capacity(listens.len());
    for listen in listens {
        certificates.push(listen.tls.as_ref().map(Certificate::read).transpose()?.map(Arc::new));
    }
    let mut bound = Vec::with_capacity(listens.len());
    for (listen, certificate) in listens.iter().zip(certificates) {
        let failed = |cause| failed(listen.address, cause);
        let listener = TcpListener::bind(listen.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        bound.push(Bound { listener, address, certificate });
    }
    Ok(bound)
}

fn failed(address: SocketAddr, cause: io::Error) -> ListenError {
    match cause.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { address },
        io::ErrorKind::PermissionDenied => ListenError::Denied { address },
        io::ErrorKind::AddrNotAvailable => ListenError::NotOurs { address },
        _ => ListenError::Other { address, cause },
    }
}
