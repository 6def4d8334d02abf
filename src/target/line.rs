//! The line to a target: one request goes out, one reply comes back. The network is one; a rehearsal that answers by itself is another.

use crate::wire::Call;
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use tokio::time::Instant;

/// A reply under way.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, LineError>> + Send + 'a>>;

/// What carries a request to a target. It sends once, follows no redirect and repeats nothing that may have arrived.
pub trait Line: Send + Sync {
    /// Sends `request`, which is `call` written out, and waits for the whole reply until `deadline`.
    fn exchange<'a>(&'a self, call: &'a Call, request: http::Request<Bytes>, deadline: Instant) -> Exchange<'a>;
}

/// May the target have seen the request?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not.
    No,
    /// Perhaps, or yes.
    Maybe,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No connection: nothing was sent.
    #[error("no connection")]
    Unreachable,
    /// The deadline passed.
    #[error("no answer in time")]
    TimedOut {
        /// May the target have seen the request?
        sent: Sent,
    },
    /// The connection broke.
    #[error("the connection broke")]
    Broken {
        /// May the target have seen the request?
        sent: Sent,
    },
    /// The answer passes the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The deadline passed while the request waited for its turn: nothing was sent.
    #[error("the deadline passed in the queue")]
    Queue,
    /// The request cannot be sent, whoever the target is.
    #[error("the request cannot be sent: {0}")]
    Unsendable(&'static str),
    /// The answer is written in a way that was not asked for.
    #[error("the answer cannot be read: {0}")]
    Unreadable(&'static str),
}
