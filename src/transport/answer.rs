//! The body of an answer, read within its limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use super::client::reason;
use super::{Part, Sent, Stage, TransportError};

/// How much of an answer is taken, and how slowly.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadLimits {
    pub(super) bytes: usize,
    pub(super) silence: Duration,
}

/// Reads to the end, or fails as soon as the limit is passed; an announced length over it is not even begun.
pub(super) async fn read<B>(mut body: B, limits: ReadLimits, deadline: Instant) -> Result<Bytes, TransportError>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let too_large = TransportError::TooLarge { part: Part::Body, limit: limits.bytes };
    if body.size_hint().lower() > limits.bytes as u64 {
        return Err(too_large);
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limits.bytes);
    let mut whole = BytesMut::with_capacity(announced);
    loop {
        let Some(part) = next(&mut body, limits.silence, deadline).await? else {
            return Ok(whole.freeze());
        };
        if whole.len() + part.len() > limits.bytes {
            return Err(too_large);
        }
        whole.extend_from_slice(&part);
    }
}

async fn next<B>(body: &mut B, silence: Duration, deadline: Instant) -> Result<Option<Bytes>, TransportError>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    loop {
        let begun = Instant::now();
        let until = deadline.min(begun + silence);
        match timeout_at(until, body.frame()).await {
            Err(_) => {
                let after = begun.elapsed();
                return Err(TransportError::TimedOut { sent: Sent::MaybeSent, stage: Stage::Reading, after });
            }
            Ok(None) => return Ok(None),
            Ok(Some(Err(cause))) => {
                return Err(TransportError::Broken { sent: Sent::MaybeSent, reason: reason(&cause) });
            }
            // Trailers carry nothing we read.
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(_trailers) => {}
            },
        }
    }
}
