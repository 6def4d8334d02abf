//! What a test or the demo holds of a running stand-in: faults to show, calls counted, and the way to stop it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use super::fault::Faults;

/// Cheap to clone; every clone speaks of the same stand-in.
#[derive(Clone, Debug)]
pub struct Controls {
    pub faults: Arc<Faults>,
    pub calls: Arc<Calls>,
    stop: Arc<watch::Sender<bool>>,
}

impl Default for Controls {
    fn default() -> Self {
        Self { faults: Arc::default(), calls: Arc::default(), stop: Arc::new(watch::Sender::new(false)) }
    }
}

impl Controls {
    /// Lets running requests end, then `serve` returns.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Ready once somebody called [`Controls::stop`].
    pub async fn stopped(&self) {
        // The sender is held by `self`, so waiting cannot fail.
        let _ = self.stop.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// The answer of a side path, or `None` if the path is the product's own.
    pub fn side_path(&self, method: &Method, path: &str, body: &[u8]) -> Option<Response<Bytes>> {
        let answer = match (method, path) {
            (&Method::GET, "/calls") => (StatusCode::OK, json!(self.calls.counts())),
            (&Method::DELETE, "/calls") => {
                self.calls.forget();
                (StatusCode::OK, json!({}))
            }
            (&Method::POST, "/faults") => match serde_json::from_slice(body) {
                Ok(fault) => {
                    self.faults.inject(fault);
                    (StatusCode::OK, json!({}))
                }
                Err(cause) => (StatusCode::BAD_REQUEST, json!({ "error": cause.to_string() })),
            },
            (&Method::DELETE, "/faults") => {
                self.faults.clear();
                (StatusCode::OK, json!({}))
            }
            _ => return None,
        };
        Some(super::server::json(answer.0, &answer.1))
    }
}

/// How often each `METHOD route` was called at the stand-in's socket, faults included.
#[derive(Debug, Default)]
pub struct Calls(Mutex<BTreeMap<&'static str, u64>>);

impl Calls {
    pub fn count(&self, route: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(route).or_default() += 1;
    }

    /// `METHOD route` → calls since the start or the last [`Calls::forget`].
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
