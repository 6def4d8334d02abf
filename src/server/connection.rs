//! One connection: TLS if its listener has it, then requests until it ends, idles too long or is told to end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::lenient::Lenient;
use super::panic::Guarded;
use super::{AnswerBody, ServeLimits};

const SMALLEST_HEADER_LIMIT: usize = 8 * 1024;
const STREAMS: u32 = 128;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; IPv4 as IPv4 also on a listener that takes both.
    pub addr: SocketAddr,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// What every connection of a server is made with.
pub(super) struct Connections<S> {
    service: S,
    limits: ServeLimits,
    http: auto::Builder<TokioExecutor>,
}

impl<S, F> Connections<S>
where
    S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<AnswerBody>> + Send + 'static,
{
    pub(super) fn new(service: S, limits: ServeLimits) -> Self {
        Connections { service, limits, http: http(limits) }
    }

    /// Serves until the connection ends. The watcher asks it to end after the request in hand.
    pub(super) async fn run(
        &self,
        stream: TcpStream,
        from: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        watcher: Watcher,
    ) {
        let peer = Peer { addr: canonical(from), tls: tls.is_some() };
        let Some(config) = tls else {
            return self.requests(TokioIo::new(Lenient::new(stream)), peer, watcher).await;
        };
        match timeout(self.limits.handshake, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(stream)) => self.requests(TokioIo::new(Lenient::new(stream)), peer, watcher).await,
            Ok(Err(cause)) => tracing::debug!(%cause, "no TLS session"),
            Err(_) => tracing::debug!("the TLS handshake took too long"),
        }
    }

    async fn requests<I>(&self, io: I, peer: Peer, watcher: Watcher)
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let service = service_fn(|request| {
            let running = activity.begin();
            let service = self.service.clone();
            async move {
                let response = Guarded::new(async move { service(request, peer).await }).await;
                drop(running);
                Ok::<_, Infallible>(response)
            }
        });
        let connection = watcher.watch(self.http.serve_connection(io, service));
        tokio::select! {
            ended = connection => if let Err(cause) = ended { tracing::debug!(%cause, "a connection ended early") },
            () = activity.idle(self.limits) => tracing::debug!("an idle connection was closed"),
        }
    }
}

fn http(limits: ServeLimits) -> auto::Builder<TokioExecutor> {
    let header_bytes = limits.header_bytes.max(SMALLEST_HEADER_LIMIT);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The library counts the pause between two requests as part of the second one's head; a load balancer in front must
    // not find us closing first. A connection's first head is bounded more tightly in `Activity::idle`.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.idle).max_buf_size(header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.header_time);
    builder
}

fn canonical(from: SocketAddr) -> SocketAddr {
    let ip: IpAddr = from.ip().to_canonical();
    SocketAddr::new(ip, from.port())
}

/// What a connection is doing. Only counted here: waking [`Activity::idle`] for every request would cost more than the request's route.
#[derive(Clone)]
struct Activity(Arc<Counts>);

struct Counts {
    opened: Instant,
    begun: AtomicU64,
    running: AtomicU64,
    /// When a request last ended, in nanoseconds after `opened`.
    ended: AtomicU64,
}

impl Default for Activity {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Activity(Arc::new(Counts { opened: Instant::now(), begun: zero(), running: zero(), ended: zero() }))
    }
}

impl Activity {
    fn begin(&self) -> Running {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(&self.0))
    }

    /// Returns when no request has run for a while. The HTTP library bounds neither the time before the first byte, nor
    /// a client that does not read its answer, nor an HTTP/2 connection without streams: this does.
    async fn idle(&self, limits: ServeLimits) {
        loop {
            let first = self.0.begun.load(Ordering::Relaxed) == 0;
            let limit = if first { limits.header_time } else { limits.idle };
            let end = self.0.quiet_since() + limit;
            if Instant::now() >= end {
                return;
            }
            // Requests that come and go meanwhile only put the end off: whoever wakes too early looks again.
            sleep_until(end).await;
        }
    }
}

impl Counts {
    /// Now, while a request runs.
    fn quiet_since(&self) -> Instant {
        match self.running.load(Ordering::Acquire) {
            0 => self.opened + Duration::from_nanos(self.ended.load(Ordering::Relaxed)),
            _ => Instant::now(),
        }
    }
}

/// A request that runs; over when dropped.
struct Running(Arc<Counts>);

impl Drop for Running {
    fn drop(&mut self) {
        let ended = u64::try_from(self.0.opened.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.ended.store(ended, Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::Release);
    }
}
