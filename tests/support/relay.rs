//! A relay in front of a target: forwards every request as it is and remembers `METHOD path?query`, so that a test can count
//! calls at the target's socket and take the target off the network. Where one URL takes every call, the body tells them apart.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

type Failure = Box<dyn Error + Send + Sync>;

/// Forwards until dropped or [`Relay::unplug`]ged.
pub struct Relay {
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub url: String,
    wire: Arc<Wire>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

struct Wire {
    target: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
    calls: Mutex<Vec<(String, Bytes)>>,
}

impl Relay {
    /// A relay to `target`, a base URL without a path.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound address"));
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        let wire = Arc::new(Wire { target: target.to_owned(), pool, calls: Mutex::default() });
        let accepting = Mutex::new(Some(tokio::spawn(accept(listener, Arc::clone(&wire)))));
        Self { url, wire, accepting }
    }

    /// The calls since the last time somebody asked, in the order they came.
    pub fn take_calls(&self) -> Vec<String> {
        self.take_requests().into_iter().map(|(call, _)| call).collect()
    }

    /// The same, with their bodies.
    pub fn take_requests(&self) -> Vec<(String, Bytes)> {
        std::mem::take(&mut *self.wire.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From here on connections are refused, open ones are cut: the target is down.
    pub async fn unplug(&self) {
        if let Some(accepting) = self.abort() {
            // The listener is closed once the task is gone; that it was cancelled is what we wanted.
            let _ = accepting.await;
        }
    }

    fn abort(&self) -> Option<JoinHandle<()>> {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        accepting.abort();
        Some(accepting)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.abort();
    }
}

/// Owns the connections, so that aborting it closes them with the listener.
async fn accept(listener: TcpListener, wire: Arc<Wire>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let wire = Arc::clone(&wire);
        let service = service_fn(move |request| forward(Arc::clone(&wire), request));
        connections.spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn forward(wire: Arc<Wire>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let call = format!("{} {path}", head.method);
    head.uri = format!("{}{path}", wire.target).parse()?;
    head.headers.remove(HOST);
    let body = body.collect().await?.to_bytes();
    wire.calls.lock().unwrap_or_else(PoisonError::into_inner).push((call, body.clone()));
    let (head, body) = wire.pool.request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    Ok(Response::from_parts(head, Full::new(body.collect().await?.to_bytes())))
}
