//! The line over the network: a request through the transport's client, its errors in this layer's words.

use super::line::{Exchange, Line, LineError, Sent};
use crate::transport::{self, Client, Request, TransportError};
use crate::wire::Call;
use bytes::Bytes;
use tokio::time::Instant;

impl Line for Client {
    fn exchange<'a>(&'a self, _call: &'a Call, request: http::Request<Bytes>, deadline: Instant) -> Exchange<'a> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let request = Request { method: head.method, url: head.uri, headers: head.headers, body };
            let reply = self.send(request, deadline).await.map_err(translated)?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

fn translated(error: TransportError) -> LineError {
    match error {
        TransportError::Unreachable { reason, .. } => LineError::Unreachable { reason: reason.into() },
        TransportError::TimedOut { sent, .. } => LineError::TimedOut { sent: known(sent) },
        TransportError::Broken { sent, .. } => LineError::Broken { sent: known(sent) },
        TransportError::TooLarge { .. } => LineError::TooLarge,
        TransportError::Queue => LineError::Queue,
        TransportError::Malformed(words) => LineError::Unsendable(words),
        TransportError::Compressed => LineError::Unreadable("it is compressed, which was not asked for"),
    }
}

fn known(sent: transport::Sent) -> Sent {
    match sent {
        transport::Sent::NotSent => Sent::No,
        transport::Sent::MaybeSent => Sent::Maybe,
    }
}
