//! A JSON-over-HTTP client for tests: one function, one answer, connections kept.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// What came back; `body` is null if there was none, and a text if it was not JSON.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Sends every request with the same headers.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    pub fn new(base: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { pool: Pool::builder(TokioExecutor::new()).build_http(), base: base.to_owned(), headers }
    }

    /// `call` is `METHOD /path?query`. `Err`: no answer, or half of one.
    pub async fn send(
        &self,
        call: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let (method, path) = call.split_once(' ').ok_or("METHOD /path")?;
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        // Some products take a Content-Type for the promise of a body.
        for (name, value) in self.headers.iter().filter(|(name, _)| body.is_some() || *name != "Content-Type") {
            request = request.header(*name, value);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.pool.request(request.body(Full::from(body))?).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.into_body().collect().await?.to_bytes();
        let body = match serde_json::from_slice(&text) {
            Ok(document) => document,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::String(String::from_utf8_lossy(&text).into_owned()),
        };
        Ok(Answer { status, headers, body })
    }
}
