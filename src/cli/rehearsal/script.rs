//! A product that answers as a test's `exchange:` says, call by call, and notes whatever else it is asked.

use crate::mapping::Exchange;
use crate::wire::encode;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// The exchanges still to come, and what went otherwise.
pub struct Script {
    state: Mutex<(std::collections::VecDeque<Exchange>, Vec<String>)>,
}

impl Script {
    /// A product that expects these calls in order.
    pub fn new(exchange: &[Exchange]) -> Script {
        Script { state: Mutex::new((exchange.iter().cloned().collect(), Vec::new())) }
    }

    /// What went otherwise than the test says, calls that never came included.
    pub fn faults(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = state.0.iter().map(|one| format!("the call `{}` was never made", one.call));
        state.1.iter().cloned().chain(missing).collect()
    }

    pub(super) fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (call, body) = (method_and_path(request), encode::decode_request(request.headers(), request.body()));
        let Some(expected) = state.0.pop_front() else {
            state.1.push(format!("the call `{call}` is one more than the test lists"));
            return reply(StatusCode::INTERNAL_SERVER_ERROR, &[], &Value::Null);
        };
        if expected.call != call {
            state.1.push(format!("the call was `{call}`, the test says `{}`", expected.call));
        }
        if let Some(wanted) = expected.body.as_ref().filter(|wanted| !super::equals(wanted, &body)) {
            state.1.push(format!("`{call}` carried {body}, the test says {wanted}"));
        }
        let status = StatusCode::from_u16(expected.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        reply(status, &expected.headers, &expected.answer)
    }
}

/// `GET /users/7.json?include=groups`.
pub fn method_and_path(request: &http::Request<Bytes>) -> String {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    format!("{} {path}", request.method())
}

/// An answer with a JSON body, or none for null.
pub(super) fn reply(status: StatusCode, headers: &[(String, String)], body: &Value) -> http::Response<Bytes> {
    let bytes = match body {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text.clone()),
        other => Bytes::from(other.to_string()),
    };
    let mut response = http::Response::new(bytes);
    *response.status_mut() = status;
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
