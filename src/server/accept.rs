//! The accept loop: takes connections while there is room, and ends without cutting off a request.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{Connections, Peer};
use super::{AnswerBody, Bound};

/// After an accept that failed for want of something, mostly file descriptors: trying at once would only burn the CPU.
const PAUSE: Duration = Duration::from_millis(50);

/// What a client may take of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeLimits {
    /// The largest head of a request (line and headers), in bytes; at least 8 KiB. Beyond it: 431.
    pub header_bytes: usize,
    /// The longest until a new connection has sent its first whole head.
    pub header_time: Duration,
    /// The longest a TLS handshake may take.
    pub handshake: Duration,
    /// How long a connection without a running request is kept; later heads must be whole by then.
    /// Longer than the 60 s for which load balancers commonly keep theirs.
    pub idle: Duration,
    /// Connections at the same time; further ones wait in the system's queue.
    pub connections: usize,
    /// How long running requests may go on after the stop.
    pub grace: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        ServeLimits {
            header_bytes: 64 * 1024,
            header_time: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            connections: 1024,
            grace: Duration::from_secs(30),
        }
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every request got its answer.
    Drained,
    /// This many connections were still busy when the grace was over, and were closed.
    Cut(usize),
}

/// Serves until `stop` is ready; then stops accepting, lets running requests end, and closes what remains after the grace.
/// A panic in the service becomes a 500 for its own client only.
pub async fn serve<S, F>(
    bound: Vec<Bound>,
    service: S,
    limits: ServeLimits,
    stop: impl Future<Output = ()> + Send,
) -> Stopped
where
    S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<AnswerBody>> + Send + 'static,
{
    let connections = Arc::new(Connections::new(service, limits));
    let room = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut running = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&bound, &room) => accepted,
        };
        while running.try_join_next().is_some() {}
        match accepted {
            Ok(accepted) => running.spawn(accepted.run(Arc::clone(&connections), graceful.watcher())),
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
    }
    drop(bound);
    while running.try_join_next().is_some() {}
    if timeout(limits.grace, graceful.shutdown()).await.is_ok() {
        return Stopped::Drained;
    }
    let cut = running.len();
    running.shutdown().await;
    Stopped::Cut(cut)
}

struct Accepted {
    stream: TcpStream,
    from: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    room: OwnedSemaphorePermit,
}

impl Accepted {
    async fn run<S, F>(self, connections: Arc<Connections<S>>, watcher: Watcher)
    where
        S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<AnswerBody>> + Send + 'static,
    {
        if let Err(cause) = self.stream.set_nodelay(true) {
            tracing::debug!(%cause, "a connection keeps delaying small packets");
        }
        connections.run(self.stream, self.from, self.tls, watcher).await;
        drop(self.room);
    }
}

/// Waits for room before taking a connection, so that those beyond the limit stay in the system's queue.
async fn accept(bound: &[Bound], room: &Arc<Semaphore>) -> io::Result<Accepted> {
    let room = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (index, stream, from) = std::future::poll_fn(|context| poll_accept(bound, context)).await?;
    let tls = bound.get(index).and_then(Bound::certificate).map(|certificate| certificate.current());
    Ok(Accepted { stream, from, tls, room })
}

fn poll_accept(bound: &[Bound], context: &mut Context<'_>) -> Poll<io::Result<(usize, TcpStream, SocketAddr)>> {
    for (index, bound) in bound.iter().enumerate() {
        if let Poll::Ready(accepted) = bound.listener.poll_accept(context) {
            return Poll::Ready(accepted.map(|(stream, from)| (index, stream, from)));
        }
    }
    Poll::Pending
}
