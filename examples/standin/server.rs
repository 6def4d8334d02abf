//! The HTTP/1.1 side every stand-in shares: connections, faults, counting, a stop that lets running requests end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::body::Pieces;
use super::controls::Controls;
use super::fault::{Fault, Kind, Moment};

/// How long a stop waits for running requests.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_BODY: usize = 8 * 1024 * 1024;

/// One call as a product sees it, body and all.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A product behind the HTTP side. Answering does not wait: the database is in the same process.
pub trait Product: Send + Sync + 'static {
    /// The name a call is counted under: method and path pattern.
    fn route(&self, method: &Method, path: &str) -> &'static str;
    fn answer(&self, call: &Call) -> Response<Bytes>;

    /// Does only the first half of a call that does two things; of any other call all.
    fn answer_half(&self, call: &Call) -> Response<Bytes> {
        self.answer(call)
    }
}

/// Serves until [`Controls::stop`].
pub async fn run<P: Product>(listener: TcpListener, product: P, controls: Controls) -> io::Result<()> {
    let product = Arc::new(product);
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => accept(accepted?.0, &product, &controls, &connections),
            () = controls.stopped() => break,
        }
    }
    drop(listener);
    // Whoever is still busy after that is cut off when the runtime ends.
    let _ = tokio::time::timeout(PATIENCE, connections.shutdown()).await;
    Ok(())
}

fn accept<P: Product>(stream: TcpStream, product: &Arc<P>, controls: &Controls, connections: &GracefulShutdown) {
    // Without it, small answers on a kept connection may wait for an acknowledgement; failing to set it harms nobody.
    let _ = stream.set_nodelay(true);
    let (product, controls) = (Arc::clone(product), controls.clone());
    let service = service_fn(move |request| converse(Arc::clone(&product), controls.clone(), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the client's affair, or a fault we were asked for.
    tokio::spawn(forget_result(connections.watch(connection)));
}

async fn forget_result<F: Future>(connection: F) {
    let _ = connection.await;
}

/// The connection is to close without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped on purpose")]
struct Dropped;

async fn converse<P: Product>(
    product: Arc<P>,
    controls: Controls,
    request: Request<Incoming>,
) -> Result<Response<Pieces>, Dropped> {
    let Some(call) = read(request).await else {
        return Ok(whole(plain(StatusCode::PAYLOAD_TOO_LARGE, "too long")));
    };
    if let Some(answer) = controls.side_path(&call.method, &call.path, &call.body) {
        return Ok(whole(answer));
    }
    let route = product.route(&call.method, &call.path);
    controls.calls.count(route);
    match controls.faults.strike(route) {
        None => Ok(whole(product.answer(&call))),
        Some(fault) => suffer(&fault, (product.as_ref(), &call)).await,
    }
}

async fn read(request: Request<Incoming>) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LONGEST_BODY).collect().await.ok()?.to_bytes();
    let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
    Some(Call { method: head.method, path, query, headers: head.headers, body })
}

async fn suffer<P: Product>(fault: &Fault, (product, call): (&P, &Call)) -> Result<Response<Pieces>, Dropped> {
    let work = || product.answer(call);
    let done = (fault.when == Moment::After && fault.kind != Kind::HalfDone).then(work);
    if let Some(delay) = fault.kind.delay() {
        tokio::time::sleep(delay).await;
    }
    Ok(match &fault.kind {
        Kind::Slow { .. } => whole(done.unwrap_or_else(work)),
        Kind::Status { status } => whole(plain(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            "<html><body>Something went wrong</body></html>",
        )),
        Kind::Nonsense => whole(plain(StatusCode::OK, "<html><body>Welcome back</body></html>")),
        Kind::Drop => return Err(Dropped),
        Kind::Half => done.unwrap_or_else(work).map(|text| Pieces::half(&text)),
        Kind::HalfDone => {
            drop(product.answer_half(call));
            whole(plain(StatusCode::INTERNAL_SERVER_ERROR, "<html><body>Something went wrong</body></html>"))
        }
        Kind::Huge { bytes } => json(StatusCode::OK, &Value::Null).map(|_| Pieces::huge(*bytes)),
    })
}

fn whole(answer: Response<Bytes>) -> Response<Pieces> {
    answer.map(Pieces::whole)
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, document: &Value) -> Response<Bytes> {
    typed(status, "application/json", Bytes::from(document.to_string()))
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// 405 with the methods that would do.
pub fn wrong_method(allowed: &'static str, document: &Value) -> Response<Bytes> {
    let mut answer = json(StatusCode::METHOD_NOT_ALLOWED, document);
    answer.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static(allowed));
    answer
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    typed(status, "text/html", Bytes::from_static(text.as_bytes()))
}

fn typed(status: StatusCode, kind: &'static str, text: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(text);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer
}
