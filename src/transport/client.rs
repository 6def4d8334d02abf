//! One call to one target, from waiting for its turn to the last byte of the answer.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use super::answer::{ReadLimits, read};
use super::connect::{Connector, unreachable};
use super::gate::Gate;
use super::{Part, Sent, Stage, TransportError, TransportOptions};

const SMALLEST_HEADER_LIMIT: usize = 8 * 1024;
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(10);
/// These describe one connection, not the request, and belong to the HTTP library.
const CONNECTION_HEADERS: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::TE, header::UPGRADE];

/// What one target is spared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientLimits {
    /// Calls at the same time; at least one.
    pub in_flight: usize,
    /// Calls per second; `None` for as many as there are.
    pub rate: Option<f64>,
    /// The largest body of an answer, in bytes.
    pub answer_bytes: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        ClientLimits { in_flight: 16, rate: None, answer_bytes: 8 * 1024 * 1024 }
    }
}

/// A request to a target.
#[derive(Clone, Debug)]
pub struct Request {
    /// Any method but CONNECT.
    pub method: Method,
    /// Absolute, `http` or `https`, without user and password.
    pub url: Uri,
    /// Headers of the request. Those about the connection or the length are left out;
    /// `Accept-Encoding` is always `identity`, `User-Agent` is added if absent.
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Bytes,
}

/// A whole answer, whatever its status: redirects and errors too.
#[derive(Clone, Debug)]
pub struct Reply {
    /// As sent.
    pub status: StatusCode,
    /// As sent.
    pub headers: HeaderMap,
    /// Whole and uncompressed.
    pub body: Bytes,
}

/// The way to one target. Shared by reference or in an `Arc`.
#[derive(Debug)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    gate: Gate,
    header_bytes: usize,
    read: ReadLimits,
}

impl Client {
    pub(super) fn new(options: &TransportOptions, tls: &Arc<rustls::ClientConfig>, limits: ClientLimits) -> Self {
        let header_bytes = options.header_bytes.max(SMALLEST_HEADER_LIMIT);
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle)
            .pool_max_idle_per_host(options.idle_connections)
            .http1_max_buf_size(header_bytes)
            .http2_max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_ANSWER)
            // Sends again only what was never written: a pooled connection that turned out to be dead.
            .retry_canceled_requests(true)
            .build(Connector::new(tls, options.connect));
        let read = ReadLimits { bytes: limits.answer_bytes, silence: options.between_bytes };
        Client { pool, gate: Gate::new(limits.in_flight, limits.rate), header_bytes, read }
    }

    /// Sends the request when its turn comes and reads the whole answer, all before the deadline.
    /// Dropping the future gives up the call; the target may have seen it.
    ///
    /// # Errors
    /// [`TransportError`]; an answer of any status is no error.
    pub async fn send(&self, request: Request, deadline: Instant) -> Result<Reply, TransportError> {
        let request = prepared(request)?;
        let _turn = self.gate.turn(deadline).await?;
        let response = self.exchange(request, deadline).await?;
        let (head, body) = response.into_parts();
        if is_compressed(&head.headers) {
            return Err(TransportError::Compressed);
        }
        let body = read(body, self.read, deadline).await?;
        Ok(Reply { status: head.status, headers: head.headers, body })
    }

    async fn exchange(
        &self,
        mut request: http::Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<http::Response<Incoming>, TransportError> {
        let begun = Instant::now();
        let connection = capture_connection(&mut request);
        match timeout_at(deadline, self.pool.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(&error, &connection)),
            Err(_) => Err(timed_out(&connection, begun.elapsed())),
        }
    }

    fn failed(&self, error: &legacy::Error, connection: &CaptureConnection) -> TransportError {
        if error.is_connect() {
            return unreachable(error);
        }
        let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
        if cause.is_some_and(hyper::Error::is_parse_too_large) {
            return TransportError::TooLarge { part: Part::Header, limit: self.header_bytes };
        }
        // The library calls "canceled" only what it hands back unsent.
        let unsent = cause.is_some_and(hyper::Error::is_canceled) || !has_connection(connection);
        let sent = if unsent { Sent::NotSent } else { Sent::MaybeSent };
        TransportError::Broken { sent, reason: reason(error) }
    }
}

fn timed_out(connection: &CaptureConnection, after: Duration) -> TransportError {
    if has_connection(connection) {
        TransportError::TimedOut { sent: Sent::MaybeSent, stage: Stage::Waiting, after }
    } else {
        TransportError::TimedOut { sent: Sent::NotSent, stage: Stage::Connecting, after }
    }
}

/// Nothing is written before a connection is assigned.
fn has_connection(connection: &CaptureConnection) -> bool {
    connection.connection_metadata().is_some()
}

fn prepared(request: Request) -> Result<http::Request<Full<Bytes>>, TransportError> {
    check(&request)?;
    let mut prepared = http::Request::new(Full::new(request.body));
    *prepared.method_mut() = request.method;
    *prepared.uri_mut() = request.url;
    let mut headers = request.headers;
    for name in &CONNECTION_HEADERS {
        headers.remove(name);
    }
    // RFC 9110, 8.6: some servers wait, or answer 411, where a method that has a body comes without a length.
    if prepared.body().size_hint().exact() == Some(0)
        && matches!(*prepared.method(), Method::POST | Method::PUT | Method::PATCH)
    {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(concat!(
        env!("CARGO_PKG_NAME"),
        "/",
        env!("CARGO_PKG_VERSION")
    )));
    *prepared.headers_mut() = headers;
    Ok(prepared)
}

fn check(request: &Request) -> Result<(), TransportError> {
    let authority = request.url.authority().ok_or(TransportError::Malformed("its address is not absolute"))?;
    if !matches!(request.url.scheme_str(), Some("http" | "https")) {
        return Err(TransportError::Malformed("its address is neither http nor https"));
    }
    if authority.as_str().contains('@') {
        return Err(TransportError::Malformed("its address names a user"));
    }
    if authority.host().is_empty() {
        return Err(TransportError::Malformed("its address names no host"));
    }
    if request.method == Method::CONNECT {
        return Err(TransportError::Malformed("CONNECT is not a call"));
    }
    Ok(())
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(header::CONTENT_ENCODING);
    encodings.iter().any(|encoding| !encoding.is_empty() && !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The innermost two causes; the outer ones only say that a request failed.
pub(super) fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut words = Vec::new();
    let mut next = if error.is::<legacy::Error>() { error.source() } else { Some(error) };
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    let inner = words.len().saturating_sub(2);
    words.split_off(inner).join(": ")
}
