//! Bodies: the one type answers have, and reading a request's within its limits.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::EXPECT;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

const REFUSED_BYTES: usize = 16 * 1024 * 1024;
const REFUSED_TIME: Duration = Duration::from_secs(2);

/// The body of every answer.
pub type AnswerBody = Full<Bytes>;

/// A request's body that was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// 413.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// 408: the client sends too slowly.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The client hung up, or sent no proper HTTP.
    #[error("the body broke off")]
    Broken,
}

/// Reads the whole body. One whose announced length passes the limit is refused unread.
///
/// # Errors
/// [`BodyError`]; before answering it, see [`refuse_body`].
pub async fn read_body<B>(body: &mut B, limit: usize, deadline: Instant) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge { limit });
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(BodyError::TimedOut),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(frame)) => frame.map_err(|_| BodyError::Broken)?,
        };
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        whole.extend_from_slice(&data);
    }
}

/// Throws away what a client is still sending, so that it comes to read the refusal: closing a socket that holds unread
/// bytes makes the system discard our answer on the client's side. Bounded: 16 MiB, 2 s. A client that waits for
/// `100 Continue` is not made to send anything.
pub async fn refuse_body<B>(headers: &HeaderMap, body: B)
where
    B: Body<Data = Bytes>,
{
    if headers.contains_key(EXPECT) {
        return;
    }
    let mut body = pin!(body);
    let until = Instant::now() + REFUSED_TIME;
    let mut seen = 0;
    while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > REFUSED_BYTES {
            return;
        }
    }
}
