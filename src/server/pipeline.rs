//! The life of a request: route, caller, body, operation, answer, one line in the log.

use crate::engine::{self, OperationError, Query, Work, detached};
use crate::gateway::{Gateway, Instance, PatchAnswer};
use crate::observe::{AccessLine, Event, RequestId, event};
use crate::scim::discovery::{self, Features};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::scim::list::{Window, list_response};
use crate::scim::projection::View;
use crate::scim::resource::{self, JsonLimits, Resource, parse_json};
use crate::scim::schema::ResourceType;
use crate::scim::{patch, schema};
use crate::server::respond::{Reply, plain};
use crate::server::route::{BASE, Parameters, Place, Route};
use crate::server::{AnswerBody, BodyError, Peer, read_body, refuse_body};
use crate::target::Budget;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
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
    let method = call.method.clone();
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
struct Call {
    gateway: Arc<Gateway>,
    request_id: RequestId,
    method: Method,
    route: Option<Route>,
    parameters: Parameters,
    origin: String,
    instance: Option<Arc<Instance>>,
    client: Option<Arc<str>>,
    budget: Arc<Budget>,
    bytes_in: u64,
}

impl Call {
    fn begin<B>(gateway: Arc<Gateway>, request: &Request<B>, peer: Peer, request_id: RequestId) -> Call {
        let route = Route::parse(request.uri().path());
        let instance = route.as_ref().and_then(|route| gateway.instances.get(route.target.as_str()).cloned());
        Call {
            request_id,
            method: request.method().clone(),
            parameters: Parameters::parse(request.uri().query()),
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
                return reply;
            }
        };
        let document = match self.document(&head, &mut body).await {
            Ok(document) => document,
            Err(reply) => {
                refuse_body(&head.headers, body).await;
                return reply;
            }
        };
        self.operate(place, document).await.unwrap_or_else(|error| {
            if error.side() != engine::Side::Client {
                tracing::warn!(request_id = self.request_id.as_str(), target = self.target_name(), %error, "an operation failed");
            }
            Reply::failure(&error)
        })
    }

    fn admit(&mut self, head: &http::request::Parts) -> Result<Place, Reply> {
        let target = self.route.as_ref().map(|route| route.target.clone()).unwrap_or_default();
        let now = (self.gateway.now)();
        let caller = self.gateway.authenticator.authenticate(head.headers.get(AUTHORIZATION), &target, now);
        self.client = Some(caller.map_err(|error| Reply::unauthorized(&error))?.token);
        let unknown = || Reply::error(&plain(404, "there is nothing at this path; SCIM is at /<target>/scim/v2"), "not_found");
        let place = self.route.as_ref().and_then(|route| route.place.clone()).filter(|_| self.instance.is_some()).ok_or_else(unknown)?;
        if !place.methods().contains(&head.method) {
            return Err(Reply::method_not_allowed(place.methods()));
        }
        Ok(place)
    }

    /// The body's JSON, for the methods that have one.
    async fn document<B>(&mut self, head: &http::request::Parts, body: &mut B) -> Result<Value, Reply>
    where
        B: Body<Data = bytes::Bytes> + Unpin,
    {
        if matches!(head.method, Method::GET | Method::DELETE) {
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

    async fn operate(&self, place: Place, document: Value) -> Result<Reply, OperationError> {
        match place {
            Place::Resources(endpoint) => {
                let work = self.work(&endpoint)?;
                match self.method {
                    Method::POST => self.create(work, &document).await,
                    _ => self.search(work).await,
                }
            }
            Place::Resource(endpoint, id) => self.one(self.work(&endpoint)?, id, &document).await,
            Place::ServiceProviderConfig => Ok(found(&discovery::service_provider_config(&self.base(), features(&self.gateway)))),
            Place::Schemas => Ok(found(&listed(discovery::schemas(&self.kinds())))),
            Place::ResourceTypes => Ok(found(&listed(discovery::resource_types(&self.kinds(), &self.base())))),
            Place::Schema(id) => self.single(discovery::schemas(&self.kinds()), "id", &id),
            Place::ResourceType(name) => self.single(discovery::resource_types(&self.kinds(), &self.base()), "name", &name),
            Place::Me => Err(OperationError::NotOffered("/Me: the caller is no user of it")),
            Place::Bulk => Err(OperationError::NotOffered("bulk operations")),
        }
    }

    async fn one(&self, work: Work, id: String, document: &Value) -> Result<Reply, OperationError> {
        let view = self.view(&work)?;
        let kind = work.kind();
        match self.method {
            Method::GET => {
                let resource = engine::read(&work, &id, &view).await?;
                Ok(found(&self.shown(&work, &view, resource).1))
            }
            Method::PUT => {
                let decoded = resource::decode(document, &kind.kind)?;
                self.note(&work, &decoded.ignored)?;
                let resource = detached(&self.gateway, engine::replace(work.clone(), id, decoded.resource)).await?;
                let (location, document) = self.shown(&work, &view, resource);
                Ok(found(&document).at(&location))
            }
            Method::PATCH => {
                let patch = patch::decode(document, &kind.kind)?;
                self.note(&work, &patch.ignored)?;
                // A client that names attributes wants to see them (RFC 7644 §3.5.2).
                let asks = self.parameters.value("attributes").is_some();
                let answer = if asks { PatchAnswer::Resource } else { work.instance.patch_answer(kind) };
                let resource = detached(&self.gateway, engine::patch(work.clone(), id, patch.operations, answer)).await?;
                let Some(resource) = resource else { return Ok(Reply::nothing()) };
                let (location, document) = self.shown(&work, &view, resource);
                Ok(found(&document).at(&location))
            }
            _ => {
                detached(&self.gateway, engine::delete(work, id)).await?;
                Ok(Reply::nothing())
            }
        }
    }

    async fn create(&self, work: Work, document: &Value) -> Result<Reply, OperationError> {
        let view = self.view(&work)?;
        let decoded = resource::decode(document, &work.kind().kind)?;
        self.note(&work, &decoded.ignored)?;
        let resource = detached(&self.gateway, engine::create(work.clone(), decoded.resource)).await?;
        let (location, document) = self.shown(&work, &view, resource);
        Ok(Reply::document(StatusCode::CREATED, &document).at(&location))
    }

    async fn search(&self, work: Work) -> Result<Reply, OperationError> {
        let kind = &work.kind().kind;
        let filter = self.parameters.value("filter").map(|text| Filter::parse(text, kind)).transpose().map_err(ScimError::from)?;
        let limits = self.gateway.limits;
        let (start, count) = (self.parameters.value("startIndex"), self.parameters.value("count"));
        let window = Window::parse(start, count, limits.default_count, limits.max_count)?;
        let query = Query { filter, window, view: self.view(&work)? };
        let found_all = engine::search(&work, &query).await?;
        let resources = found_all.resources.into_iter().map(|resource| self.shown(&work, &query.view, resource).1).collect();
        Ok(found(&list_response(resources, found_all.total, query.window.start)))
    }

    fn single(&self, all: Vec<Value>, field: &str, wanted: &str) -> Result<Reply, OperationError> {
        let one = all.into_iter().find(|one| one.get(field).and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(wanted)));
        one.map(|one| found(&one)).ok_or(OperationError::NotFound { kind: "resource".into(), id: Some(wanted.to_owned()) })
    }

    fn work(&self, endpoint: &str) -> Result<Work, OperationError> {
        let instance = self.instance.clone().ok_or(OperationError::NotOffered("this path"))?;
        let named = |kind: &ResourceType| kind.endpoint.trim_start_matches('/').eq_ignore_ascii_case(endpoint);
        let place = instance.mapping.types.iter().position(|one| named(&one.kind));
        let kind = place.ok_or_else(|| OperationError::NotFound { kind: "endpoint".into(), id: Some(endpoint.to_owned()) })?;
        Ok(Work { gateway: self.gateway.clone(), instance, kind, budget: self.budget.clone() })
    }

    /// Names that were left out are told to the administrator, or refused where the mapping says so.
    fn note(&self, work: &Work, ignored: &[String]) -> Result<(), OperationError> {
        if ignored.is_empty() {
            return Ok(());
        }
        let kind = work.kind();
        if kind.unsupported == crate::mapping::Unsupported::Refuse {
            let known = ignored.iter().find(|name| kind.kind.path(name).is_ok_and(|path| !kind.kind.offers(&path) && writable(&kind.kind, &path)));
            if let Some(name) = known {
                return Err(ScimError::bad_request(ScimType::InvalidValue, format!("this target does not offer `{name}`")).into());
            }
        }
        event(Event::AttributesIgnored(ignored), &self.request_id, self.target_name(), &kind.kind.name);
        Ok(())
    }

    fn view(&self, work: &Work) -> Result<View, OperationError> {
        let (wanted, excluded) = (self.parameters.value("attributes"), self.parameters.value("excludedAttributes"));
        Ok(View::parse(wanted, excluded, &work.kind().kind)?)
    }

    /// The resource as it goes out, and where it is.
    fn shown(&self, work: &Work, view: &View, resource: Resource) -> (String, Value) {
        let kind = &work.kind().kind;
        let id = percent_encoding::utf8_percent_encode(resource.id().unwrap_or_default(), percent_encoding::NON_ALPHANUMERIC).to_string();
        let location = format!("{}{}/{}", self.base(), kind.endpoint, id.replace("%2D", "-").replace("%5F", "_").replace("%2E", "."));
        let document = view.render(resource, kind, &location);
        (location, document)
    }

    fn kinds(&self) -> Vec<&ResourceType> {
        self.instance.iter().flat_map(|instance| instance.mapping.types.iter().map(|one| &one.kind)).collect()
    }

    fn base(&self) -> String {
        format!("{}/{}/{BASE}", self.origin, self.target_name())
    }

    fn target_name(&self) -> &str {
        self.instance.as_deref().map_or("", |instance| &instance.name)
    }
}

fn found(document: &Value) -> Reply {
    Reply::document(StatusCode::OK, document)
}

fn listed(all: Vec<Value>) -> Value {
    let total = all.len();
    list_response(all, total, 1)
}

fn features(gateway: &Gateway) -> Features {
    Features { patch: true, bulk: None, filter_max: Some(gateway.limits.max_count), sort: false, etag: false, change_password: false }
}

fn writable(kind: &ResourceType, path: &crate::scim::path::AttributePath) -> bool {
    kind.attribute(path).is_some_and(|attribute| attribute.mutability != schema::Mutability::ReadOnly)
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
