//! The one line that is written for every request.

use std::time::Duration;

use super::RequestId;

/// What an access line says. Texts that are `'static` cannot carry a value from the request.
#[derive(Clone, Debug)]
pub struct AccessLine<'a> {
    /// The request's id.
    pub request_id: &'a RequestId,
    /// The HTTP method, or `other` where it is none of the known.
    pub method: &'static str,
    /// The route's template, such as `/Users/{id}`: neither the id nor the query.
    pub route: &'static str,
    /// The target, where the route named one we have.
    pub target: Option<&'a str>,
    /// The answer's HTTP status.
    pub status: u16,
    /// From the head of the request to the end of the answer's making.
    pub duration: Duration,
    /// Calls made to the target.
    pub calls: u32,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// The name of the client's token, where one was accepted.
    pub client: Option<&'a str>,
    /// What kind of end it was: `ok`, or the kind of error.
    pub outcome: &'static str,
}

impl AccessLine<'_> {
    /// Writes the line, as a tracing event of target `transom::access` and level INFO.
    pub fn write(&self) {
        tracing::info!(
            target: "transom::access",
            request_id = self.request_id.as_str(),
            method = self.method,
            route = self.route,
            target = self.target,
            status = self.status,
            duration_ms = milliseconds(self.duration),
            calls = self.calls,
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            client = self.client,
            outcome = self.outcome,
            "request"
        );
    }
}

/// To the microsecond: many requests take less than a millisecond.
fn milliseconds(duration: Duration) -> f64 {
    Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)).as_secs_f64() * 1e3
}
