//! A product that answers as a test's `exchange:` says, call by call, and notes whatever else it is asked.

use crate::mapping::Exchange;
use crate::wire::{Call, encode};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The exchanges still to come, and what came instead.
pub struct Script {
    state: Mutex<State>,
}

struct State {
    expected: VecDeque<Exchange>,
    faults: Vec<String>,
    made: Vec<String>,
}

impl Script {
    /// A product that expects these calls in order.
    pub fn new(exchange: &[Exchange]) -> Script {
        let expected = exchange.iter().cloned().collect();
        Script { state: Mutex::new(State { expected, faults: Vec::new(), made: Vec::new() }) }
    }

    /// What went otherwise than the test says, calls that never came included.
    pub fn faults(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = state.expected.iter().map(|one| format!("the call `{}` was never made", one.call));
        state.faults.iter().cloned().chain(missing).collect()
    }

    /// Every call that was made, in order, as the test would write it.
    pub fn made(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).made.clone()
    }

    pub(super) fn answer(&self, made: &Call, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut call, mut body) =
            (method_and_path(request), encode::decode_request(request.headers(), request.body()));
        let Some(expected) = state.expected.pop_front() else {
            state.faults.push(format!("the call `{call}` is one more than the test lists"));
            state.made.push(call);
            return reply(StatusCode::INTERNAL_SERVER_ERROR, &[], &Value::Null);
        };
        // A shared call goes by its name, too.
        if let Some(shared) = made.shared.as_ref().filter(|shared| *shared.label == *expected.call) {
            (call, body) = (expected.call.clone(), shared.shown(&body));
        }
        if expected.call != call {
            state.faults.push(format!("the call was `{call}`, the test says `{}`", expected.call));
        }
        if let Some(wanted) = expected.body.as_ref().filter(|wanted| !super::equals(wanted, &body)) {
            state.faults.push(format!("`{call}` carried {body}, the test says {wanted}"));
        }
        state.made.push(call);
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
