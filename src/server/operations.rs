//! What a request asks for, done by the engine and answered as SCIM: resources, searches, discovery.

use crate::engine::{self, OperationError, Query, Walked, Work, detached};
use crate::gateway::PatchAnswer;
use crate::observe::{Event, event};
use crate::scim::discovery::{self, Features};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::scim::list::{Window, list_response};
use crate::scim::path::AttributePath;
use crate::scim::projection::View;
use crate::scim::resource::{self, Resource};
use crate::scim::schema::{Mutability, ResourceType};
use crate::scim::sort::Sort;
use crate::scim::version::Condition;
use crate::scim::{bulk, patch};
use crate::server::pipeline::Call;
use crate::server::respond::Reply;
use crate::server::route::{BASE, Parameters, Place};
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Names that every body carries and nobody needs to hear of.
const USUAL: [&str; 3] = ["schemas", "meta", "id"];

/// One operation: a request of its own, or a part of a bulk request.
pub(super) struct Asked {
    pub method: Method,
    pub place: Place,
    pub parameters: Parameters,
    pub document: Value,
    pub condition: Option<Condition>,
}

impl Call {
    /// Does what is asked.
    pub(super) async fn operate(&self, asked: Asked) -> Result<Reply, OperationError> {
        match &asked.place {
            Place::Resources(endpoint) if asked.method == Method::POST => {
                self.create(self.work(endpoint, &asked)?, &asked).await
            }
            Place::Resources(endpoint) => self.list(&[self.work(endpoint, &asked)?], &asked.parameters).await,
            Place::Resource(endpoint, id) => self.one(self.work(endpoint, &asked)?, id.clone(), &asked).await,
            Place::Search(endpoint) => {
                let everywhere = || self.kinds().into_iter().map(|kind| kind.endpoint.to_string()).collect();
                let endpoints = endpoint.as_ref().map_or_else(everywhere, |one| vec![one.clone()]);
                let works = endpoints.iter().map(|one| self.work(one, &asked)).collect::<Result<Vec<_>, _>>()?;
                self.list(&works, &Parameters::of_search(&asked.document)?).await
            }
            Place::ServiceProviderConfig => {
                Ok(found(discovery::service_provider_config(&self.base(), self.features())))
            }
            Place::Schemas => Ok(found(listed(discovery::schemas(&self.kinds())))),
            Place::ResourceTypes => Ok(found(listed(discovery::resource_types(&self.kinds(), &self.base())))),
            Place::Schema(id) => single(discovery::schemas(&self.kinds()), "id", id),
            Place::ResourceType(name) => single(discovery::resource_types(&self.kinds(), &self.base()), "name", name),
            // No credentials of a provisioning client stand for a user of the target (RFC 7644 §3.11 allows this answer).
            Place::Me => Err(OperationError::NotOffered("/Me: the caller is no user of it")),
            Place::Bulk => self.bulk(&asked.document).await,
        }
    }

    async fn one(&self, work: Work, id: String, asked: &Asked) -> Result<Reply, OperationError> {
        match asked.method {
            Method::GET | Method::HEAD => self.read(&work, &id, asked).await,
            Method::PUT => {
                let decoded = resource::decode(&asked.document, &work.kind().kind)?;
                self.note(&work, &decoded.ignored)?;
                let resource = detached(&self.gateway, engine::replace(work.clone(), id, decoded.resource)).await?;
                self.shown(&work, resource, asked)
            }
            Method::PATCH => {
                let patch = patch::decode(&asked.document, &work.kind().kind)?;
                self.note(&work, &patch.ignored)?;
                // A client that names attributes wants to see them (RFC 7644 §3.5.2).
                let names = asked.parameters.value("attributes").is_some();
                let answer = if names { PatchAnswer::Resource } else { work.instance.patch_answer(work.kind()) };
                let resource =
                    detached(&self.gateway, engine::patch(work.clone(), id, patch.operations, answer)).await?;
                resource.map_or_else(|| Ok(Reply::nothing()), |resource| self.shown(&work, resource, asked))
            }
            _ => {
                detached(&self.gateway, engine::delete(work, id)).await?;
                Ok(Reply::nothing())
            }
        }
    }

    async fn read(&self, work: &Work, id: &str, asked: &Asked) -> Result<Reply, OperationError> {
        let resource = engine::read(work, id, &view(work, &asked.parameters)?).await?;
        let version = engine::version_of(&resource);
        match &asked.condition {
            Some(condition @ Condition::NoneMatch(_)) if !condition.allows(version) => Ok(Reply::not_modified(version)),
            Some(condition @ Condition::Match(_)) if !condition.allows(version) => Err(OperationError::VersionMismatch),
            _ => self.shown(work, resource, asked),
        }
    }

    async fn create(&self, work: Work, asked: &Asked) -> Result<Reply, OperationError> {
        let decoded = resource::decode(&asked.document, &work.kind().kind)?;
        self.note(&work, &decoded.ignored)?;
        let resource = detached(&self.gateway, engine::create(work.clone(), decoded.resource)).await?;
        Ok(self.shown(&work, resource, asked)?.with_status(StatusCode::CREATED))
    }

    /// One page of the matches of one resource type, or of all of them one after the other.
    async fn list(&self, works: &[Work], parameters: &Parameters) -> Result<Reply, OperationError> {
        let limits = self.gateway.limits;
        let window = Window::parse(
            parameters.value("startIndex"),
            parameters.value("count"),
            limits.default_count,
            limits.max_count,
        )?;
        let (mut shown, mut total, mut unknown) = (Vec::new(), 0, None);
        for work in works {
            let kind = &work.kind().kind;
            let filter = match parameters.value("filter").map(|text| Filter::parse(text, kind)).transpose() {
                Ok(filter) => filter,
                // What one type does not know, another may.
                Err(error) if works.len() > 1 => {
                    unknown = Some(error);
                    continue;
                }
                Err(error) => return Err(ScimError::from(error).into()),
            };
            let sort = Sort::parse(parameters.value("sortBy"), parameters.value("sortOrder"), kind)?
                .filter(|_| engine::sorts(work));
            let rest = Window { start: window.start.saturating_sub(total).max(1), count: window.count - shown.len() };
            let query = Query { filter, window: rest, view: view(work, parameters)?, sort };
            let page = engine::search(work, &query).await?;
            total += page.total;
            shown.extend(page.resources.into_iter().map(|resource| self.render(work, &query.view, resource).1));
            unknown = None;
        }
        match unknown {
            Some(error) if shown.is_empty() && total == 0 => Err(ScimError::from(error).into()),
            _ => Ok(found(list_response(shown, total, window.start))),
        }
    }

    pub(super) fn work(&self, endpoint: &str, asked: &Asked) -> Result<Work, OperationError> {
        let instance = self.instance.clone().ok_or(OperationError::NotOffered("this path"))?;
        let plain = |name: &str| name.trim_start_matches('/').to_ascii_lowercase();
        let place = instance.mapping.types.iter().position(|one| plain(&one.kind.endpoint) == plain(endpoint));
        let kind =
            place.ok_or_else(|| OperationError::NotFound { kind: "endpoint".into(), id: Some(endpoint.to_owned()) })?;
        let condition = asked.condition.clone();
        Ok(Work {
            gateway: self.gateway.clone(),
            instance,
            kind,
            budget: self.budget.clone(),
            condition,
            walked: Walked::default(),
        })
    }

    /// Names that were left out are told to the administrator, or refused where the mapping says so.
    fn note(&self, work: &Work, ignored: &[String]) -> Result<(), OperationError> {
        let kind = work.kind();
        let told: Vec<String> = ignored.iter().filter(|name| !USUAL.contains(&name.as_str())).cloned().collect();
        if kind.unsupported == crate::mapping::Unsupported::Refuse {
            let refused = |name: &&String| {
                kind.kind.find(name).is_some_and(|path| !kind.kind.offers(path) && writable(&kind.kind, path))
            };
            if let Some(name) = told.iter().find(refused) {
                return Err(ScimError::bad_request(
                    ScimType::InvalidValue,
                    format!("this target does not offer `{name}`"),
                )
                .into());
            }
        }
        if !told.is_empty() {
            event(Event::AttributesIgnored(&told), &self.request_id, self.target_name(), &kind.kind.name);
        }
        Ok(())
    }

    /// A resource as it goes out, with where it is and which version it has.
    fn shown(&self, work: &Work, resource: Resource, asked: &Asked) -> Result<Reply, OperationError> {
        let version = engine::version_of(&resource).map(str::to_owned);
        let (location, document) = self.render(work, &view(work, &asked.parameters)?, resource);
        Ok(found(document).at(&location).in_version(version.as_deref()))
    }

    fn render(&self, work: &Work, view: &View, resource: Resource) -> (String, Value) {
        let kind = &work.kind().kind;
        let id = utf8_percent_encode(resource.id().unwrap_or_default(), ID);
        let location = format!("{}{}/{id}", self.base(), kind.endpoint);
        let document = view.render(self.with_references(work, resource), kind, &location);
        (location, document)
    }

    /// The elements that are references say where the resource is (RFC 7643 §2.3.7).
    fn with_references(&self, work: &Work, mut resource: Resource) -> Resource {
        for (_, rule) in work.kind().rules.present_in(&[&resource]) {
            let Some(referred) = rule.elements_refer_to().and_then(|name| work.instance.mapping.kind(name)) else {
                continue;
            };
            let place = format!("{}{}/", self.base(), referred.kind.endpoint);
            let mut elements = resource.elements(&rule.attribute).to_vec();
            for element in elements.iter_mut().filter_map(Value::as_object_mut) {
                let Some(id) = element.get("value").and_then(Value::as_str) else { continue };
                let address = format!("{place}{}", utf8_percent_encode(id, ID));
                element.insert("$ref".into(), address.into());
            }
            if !elements.is_empty() {
                resource.set(&rule.attribute, Value::Array(elements));
            }
        }
        resource
    }

    fn features(&self) -> Features {
        let limits = self.gateway.limits;
        let sort = self
            .instance
            .iter()
            .all(|instance| instance.mapping.types.iter().all(|kind| kind.may_scan(&instance.mapping)));
        let writes_password = |kind: &ResourceType| kind.path("password").is_ok_and(|path| kind.offers(&path));
        Features {
            patch: true,
            bulk: Some(discovery::Bulk { max_operations: bulk::MAX_OPERATIONS, max_payload_size: limits.body }),
            filter_max: Some(limits.max_count),
            sort,
            etag: true,
            change_password: self.kinds().into_iter().any(writes_password),
        }
    }

    fn kinds(&self) -> Vec<&ResourceType> {
        self.instance.iter().flat_map(|instance| instance.mapping.types.iter().map(|one| &one.kind)).collect()
    }

    /// The URL below which the target's endpoints are.
    pub(super) fn base(&self) -> String {
        format!("{}/{}/{BASE}", self.origin, self.target_name())
    }
}

fn view(work: &Work, parameters: &Parameters) -> Result<View, OperationError> {
    let (wanted, excluded) = (parameters.value("attributes"), parameters.value("excludedAttributes"));
    Ok(View::parse(wanted, excluded, &work.kind().kind)?)
}

fn found(document: Value) -> Reply {
    Reply::document(StatusCode::OK, document)
}

fn listed(all: Vec<Value>) -> Value {
    let total = all.len();
    list_response(all, total, 1)
}

fn single(all: Vec<Value>, field: &str, wanted: &str) -> Result<Reply, OperationError> {
    let named =
        |one: &Value| one.get(field).and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    let one = all.into_iter().find(named);
    one.map(found).ok_or_else(|| OperationError::NotFound { kind: field.into(), id: Some(wanted.to_owned()) })
}

fn writable(kind: &ResourceType, path: &AttributePath) -> bool {
    kind.attribute(path).is_some_and(|attribute| attribute.mutability != Mutability::ReadOnly)
}
