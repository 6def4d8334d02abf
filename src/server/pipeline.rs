//! The life of a request: route, caller, body, operation, answer, one line in the log.

use crate::engine::{OperationError, Side};
use crate::gateway::{Gateway, Instance};
use crate::observe::{AccessLine, RequestId};
use crate::scim::error::ScimError;
use crate::scim::resource::{JsonLimits, parse_json};
use crate::scim::version::Condition;
use crate::server::operations::Asked;
use crate::server::respond::{Reply, plain};
use crate::server::route::{Parameters, Place, Route};
use crate::server::{AnswerBody, BodyError, Peer, read_body, refuse_body};
use crate::target::Budget;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use hyper::body::Body;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers one request.
pub async fn answer<B>(gateway: Arc<Gateway>, request: Request<B>, peer: Peer) -> Response<AnswerBody>
where
    B: Body<Data = bytes::Bytes> + Unpin + Send + 'static,
{
    let began = Instant::now();
    let request_id = RequestId::accept(request.headers().get(&REQUEST_ID));
    let mut call = Call::begin(gateway, &request, peer, request_id);
    let method = request.method().clone();
    let reply = call.serve(request).await;
    let mut response = reply.response;
    if let Ok(id) = HeaderValue::from_str(call.request_id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    AccessLine {
        request_id: &call.request_id,
        method: known(&method),
        route: call.route.as_ref().and_then(|route| route.place.as_ref()).map_or("/{unknown}", Place::template),
        target: call.instance.as_deref().map(|instance| &*instance.name),
        status: response.status().as_u16(),
        duration: began.elapsed(),
        calls: call.budget.calls(),
        bytes_in: call.bytes_in,
        bytes_out: response.body().size_hint().exact().unwrap_or_default(),
        client: call.client.as_deref(),
        outcome: reply.outcome,
    }
    .write();
    response
}

/// One request on its way.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    pub(super) request_id: RequestId,
    pub(super) instance: Option<Arc<Instance>>,
    pub(super) budget: Arc<Budget>,
    /// Scheme and host under which the client sees us.
    pub(super) origin: String,
    route: Option<Route>,
    client: Option<Arc<str>>,
    bytes_in: u64,
}

impl Call {
    fn begin<B>(gateway: Arc<Gateway>, request: &Request<B>, peer: Peer, request_id: RequestId) -> Call {
        let route = Route::parse(request.uri().path());
        let instance = route.as_ref().and_then(|route| gateway.instances.get(route.target.as_str()).cloned());
        Call {
            request_id,
            origin: origin(&gateway, request, peer),
            budget: Arc::new(Budget::of(gateway.limits.budget)),
            instance,
            route,
            gateway,
            client: None,
            bytes_in: 0,
        }
    }

    /// Who asks, and for what, is settled before a byte of the body is read.
    async fn serve<B>(&mut self, request: Request<B>) -> Reply
    where
        B: Body<Data = bytes::Bytes> + Unpin + Send,
    {
        let (head, mut body) = request.into_parts();
        let place = match self.admit(&head) {
            Ok(place) => place,
            Err(reply) => {
                refuse_body(&head.headers, body).await;
                return *reply;
            }
        };
        let document = match self.document(&head, &mut body).await {
            Ok(document) => document,
            Err(reply) => {
                refuse_body(&head.headers, body).await;
                return reply;
            }
        };
        self.operate(asked(&head, place, document)).await.unwrap_or_else(|error| self.failed(&error))
    }

    fn admit(&mut self, head: &Parts) -> Result<Place, Box<Reply>> {
        self.client = Some(self.caller(head)?);
        let unknown =
            || Reply::error(&plain(404, "there is nothing at this path; SCIM is at /<target>/scim/v2"), "not_found");
        let place = self
            .route
            .as_ref()
            .and_then(|route| route.place.clone())
            .filter(|_| self.instance.is_some())
            .ok_or_else(unknown)?;
        if head.method == Method::OPTIONS {
            return Err(Box::new(Reply::methods(place.methods())));
        }
        if !place.methods().contains(&head.method) {
            return Err(Box::new(Reply::method_not_allowed(place.methods())));
        }
        Ok(place)
    }

    /// The name of the caller, for the log. Where the target itself judges its callers, their credentials go there unseen.
    fn caller(&self, head: &Parts) -> Result<Arc<str>, Box<Reply>> {
        let authorization = head.headers.get(AUTHORIZATION);
        let passes = self.instance.as_ref().is_some_and(|instance| instance.passes_through());
        if passes {
            let own = authorization.filter(|value| !value.is_empty()).ok_or_else(Reply::nothing_to_pass_on)?;
            self.budget.act_for(own.clone());
            return Ok("passed through".into());
        }
        let target = self.route.as_ref().map(|route| route.target.as_str()).unwrap_or_default();
        let caller = self.gateway.authenticator.authenticate(authorization, target, (self.gateway.now)());
        Ok(caller.map_err(|error| Reply::unauthorized(&error))?.token)
    }

    /// The body's JSON, for the methods that have one.
    async fn document<B>(&mut self, head: &Parts, body: &mut B) -> Result<Value, Reply>
    where
        B: Body<Data = bytes::Bytes> + Unpin,
    {
        if matches!(head.method, Method::GET | Method::HEAD | Method::DELETE) {
            return Ok(Value::Null);
        }
        check_content_type(head.headers.get(CONTENT_TYPE)).map_err(|error| Reply::error(&error, "client_error"))?;
        let read = read_body(body, self.gateway.limits.body, self.budget.deadline()).await;
        let bytes = read.map_err(|error| {
            let status = match error {
                BodyError::TooLarge { .. } => 413,
                BodyError::TimedOut => 408,
                BodyError::Broken => 400,
            };
            Reply::error(&plain(status, error.to_string()), "client_error")
        })?;
        self.bytes_in = bytes.len() as u64;
        parse_json(&bytes, JsonLimits::default()).map_err(|error| Reply::error(&error, "client_error"))
    }
}

impl Call {
    /// The answer to a failure. What is not the client's mistake is told to the operator too.
    pub(super) fn failed(&self, error: &OperationError) -> Reply {
        if error.side() != Side::Client {
            tracing::warn!(request_id = self.request_id.as_str(), target = self.target_name(), %error, "an operation failed");
        }
        Reply::failure(error)
    }

    /// The target's name, where the route names one that we have.
    pub(super) fn target_name(&self) -> &str {
        self.instance.as_deref().map_or("", |instance| &instance.name)
    }
}

fn asked(head: &Parts, place: Place, document: Value) -> Asked {
    // A tag that is no text matches nothing, so the condition does not hold.
    let text = |name| head.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let condition = Condition::of(text(IF_MATCH), text(IF_NONE_MATCH));
    Asked { method: head.method.clone(), place, parameters: Parameters::parse(head.uri.query()), document, condition }
}

fn check_content_type(header: Option<&HeaderValue>) -> Result<(), ScimError> {
    // A body without a type is taken for what it must be.
    let Some(header) = header else { return Ok(()) };
    let text = header.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(essence.as_str(), "application/scim+json" | "application/json" | "text/json") {
        return Ok(());
    }
    Err(plain(415, "the body must be application/scim+json or application/json"))
}

fn origin<B>(gateway: &Gateway, request: &Request<B>, peer: Peer) -> String {
    if let Some(url) = &gateway.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
    format!("{}://{host}", if peer.tls { "https" } else { "http" })
}

fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
