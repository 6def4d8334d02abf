//! The network as a target's line: the transport's client, in the words of `target`.

use crate::target::{Exchange, Line, LineError, Sent};
use crate::transport::{self, Client, Request, TransportError};
use crate::wire::Call;
use bytes::Bytes;
use tokio::time::Instant;

/// A line over HTTP.
pub struct Wire(pub Client);

impl Line for Wire {
    fn exchange<'a>(&'a self, _: &'a Call, request: http::Request<Bytes>, deadline: Instant) -> Exchange<'a> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let request = Request { method: head.method, url: head.uri, headers: head.headers, body };
            let reply = self.0.send(request, deadline).await.map_err(|error| in_words(&error))?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

fn in_words(error: &TransportError) -> LineError {
    // The log has the system's words; what leaves this module has none that could hold a value.
    tracing::warn!(%error, "a call to a target failed");
    let sent = match error.sent() {
        transport::Sent::NotSent => Sent::No,
        transport::Sent::MaybeSent => Sent::Maybe,
    };
    match error {
        TransportError::Unreachable { .. } => LineError::Unreachable,
        TransportError::TimedOut { .. } => LineError::TimedOut { sent },
        TransportError::Broken { .. } => LineError::Broken { sent },
        TransportError::TooLarge { .. } => LineError::TooLarge,
        TransportError::Queue => LineError::Queue,
        TransportError::Malformed(words) => LineError::Unsendable(words),
        TransportError::Compressed => LineError::Unreadable("it is compressed, which was not asked for"),
    }
}
