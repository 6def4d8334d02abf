//! A panic while answering one request: its client gets a 500, everybody else notices nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::AnswerBody;

/// Written out here because whatever builds errors elsewhere may be what panicked.
const BODY: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500","detail":"The gateway failed while answering; its log says where."}"#;

/// Yields the future's answer, or a 500 if it panics.
pub(super) struct Guarded<F>(Option<Pin<Box<F>>>);

impl<F: Future<Output = Response<AnswerBody>>> Guarded<F> {
    pub(super) fn new(answering: F) -> Self {
        Guarded(Some(Box::pin(answering)))
    }
}

impl<F: Future<Output = Response<AnswerBody>>> Future for Guarded<F> {
    type Output = Response<AnswerBody>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(answering) = self.0.as_mut() else {
            return Poll::Ready(failure());
        };
        // Nothing of the future is looked at after a panic: it is dropped here.
        if let Ok(polled) = catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
            return polled;
        }
        self.0 = None;
        tracing::error!("answering a request panicked");
        Poll::Ready(failure())
    }
}

fn failure() -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::from(BODY));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response
}
