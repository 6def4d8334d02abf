//! Connections to targets: TCP, then TLS where the address says https, both within one time limit.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

use super::{Reach, TransportError};

type BoxError = Box<dyn StdError + Send + Sync>;

/// The library bounds only the TCP part; a target that accepts and then stays silent would use up the whole deadline.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(tls: &Arc<rustls::ClientConfig>, limit: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limit));
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let inner = HttpsConnectorBuilder::new()
            .with_tls_config(rustls::ClientConfig::clone(tls))
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Connector { inner, limit }
    }
}

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = self.inner.call(address);
        let limit = self.limit;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

/// Reads the reason out of the layers of errors in which the HTTP library hands it over.
pub(super) fn unreachable(error: &(dyn StdError + 'static)) -> TransportError {
    let mut stage = Reach::Connect;
    let mut reason = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.to_string() == "dns error" {
            stage = Reach::Name;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            stage = io_stage(io).unwrap_or(stage);
        }
        reason = cause.to_string();
        next = cause.source();
    }
    TransportError::Unreachable { stage, reason }
}

fn io_stage(error: &io::Error) -> Option<Reach> {
    if error.kind() == io::ErrorKind::TimedOut {
        return Some(Reach::Slow);
    }
    // A peer that hangs up in the handshake shows as this; TCP alone never ends so.
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Some(Reach::Tls);
    }
    let inner = error.get_ref()?;
    if inner.is::<rustls::Error>() {
        return Some(Reach::Tls);
    }
    io_stage(inner.downcast_ref::<io::Error>()?)
}
