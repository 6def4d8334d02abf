//! A product that holds the accounts a test gives: reads are answered from them, writes change them, and every call is noted.

use super::Made;
use super::script::{method_and_path, reply};
use crate::mapping::{Item, Mapping, NamedRead, Reading, Rule, Search, Sends, Shape, TestCase, TypeMapping};
use crate::plan::key_value;
use crate::target::{self, Line, LineError};
use crate::wire::template::as_text;
use crate::wire::{Body, Call, CallId, Encoding, KeySource, Path, ResultAt, Scope, Total, Variable, encode};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The accounts of a pretend product.
pub struct Accounts {
    mapping: Arc<Mapping>,
    known: Known,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) held: Vec<(usize, Value)>,
    calls: Vec<Made>,
    made: u64,
}

impl Accounts {
    /// A product that holds what the test gives.
    pub fn new(mapping: Arc<Mapping>, test: &TestCase) -> Accounts {
        let known = Known::of(&mapping, test);
        let accounts = Accounts { mapping, known, state: Mutex::default() };
        accounts.put(&test.given);
        accounts
    }

    /// Puts accounts where those with the same keys were.
    pub fn put(&self, given: &[(Arc<str>, String, Value)]) {
        let place = |kind: &str| self.mapping.types.iter().position(|one| &*one.kind.name == kind);
        let mut state = self.state();
        for (place, document) in given.iter().filter_map(|(kind, _, document)| Some((place(kind)?, document))) {
            let kind = &self.mapping.types[place];
            let key = kind.key_of(document);
            state.held.retain(|(other, held)| *other != place || key.is_none() || kind.key_of(held) != key);
            state.held.push((place, document.clone()));
        }
    }

    /// The accounts as they are now.
    pub fn held(&self) -> Vec<Value> {
        self.state().held.iter().map(|(_, document)| document.clone()).collect()
    }

    /// The calls since this was last asked.
    pub fn take_calls(&self) -> Vec<Made> {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: &Call, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let found =
            self.mapping.types.iter().enumerate().find_map(|(place, kind)| Some((place, kind, self.role(kind, call)?)));
        let body = encode::decode_request(request.headers(), request.body());
        let Some((place, kind, role)) = found else { return self.further(call, request, &body) };
        let mut state = self.state();
        let reads = matches!(role, Role::Read | Role::Part(_) | Role::List | Role::Count);
        state.calls.push(noted(call, request, &body, reads));
        let given = &self.known;
        let scene = Scene { mapping: &self.mapping, given, call, request, kind: (place, kind), body: &body };
        match role {
            Role::Read => scene.read(&state),
            Role::Part(named) => scene.part(&state, named),
            Role::List => scene.list(&state),
            Role::Count => scene.count(&state),
            Role::Create => scene.create(&mut state),
            Role::Update(sends) => scene.update(&mut state, sends),
            Role::Delete => scene.delete(&mut state),
            Role::Element(rule, adds) => scene.element(&mut state, rule, adds),
        }
    }

    /// A call that follows a write, or that a function planned, is done; nothing else is known here.
    fn further(&self, call: &Call, request: &http::Request<Bytes>, body: &Value) -> http::Response<Bytes> {
        let is = |id: &CallId| self.mapping.call(*id).name == call.name;
        let follows = self.mapping.follows.values().flat_map(|follow| &follow.then);
        if !follows.chain(self.mapping.plannable.values().map(|plannable| &plannable.call)).any(is) {
            return reply(StatusCode::NOT_FOUND, &[], &Value::Null);
        }
        self.state().calls.push(noted(call, request, body, false));
        reply(StatusCode::NO_CONTENT, &[], &Value::Null)
    }

    /// What a call is for.
    fn role<'a>(&self, kind: &'a TypeMapping, call: &Call) -> Option<Role<'a>> {
        let is = |id: CallId| self.mapping.call(id).name == call.name;
        if kind.read.as_ref().and_then(Reading::call).is_some_and(is) {
            return Some(Role::Read);
        }
        if let Some(named) = kind.named_reads().iter().find(|named| is(named.call)) {
            return Some(Role::Part(named));
        }
        let searches = kind.list.iter().chain(kind.find.iter().map(|find| &find.search));
        let lists: Vec<CallId> = searches.flat_map(Search::calls).collect();
        if lists.iter().copied().any(is) {
            return Some(Role::List);
        }
        let total = |id| self.mapping.call(id).listing.as_ref().and_then(|listing| listing.total.as_ref());
        if lists.into_iter().any(|id| matches!(total(id), Some(Total::Call { call, .. }) if is(*call))) {
            return Some(Role::Count);
        }
        if kind.create.as_ref().is_some_and(|create| is(create.write.call)) {
            return Some(Role::Create);
        }
        if let Some(row) = kind.update.iter().find(|row| row.by.call().is_some_and(|write| is(write.call))) {
            return Some(Role::Update(row.sends));
        }
        if kind.delete.as_ref().and_then(|delete| delete.by.call()).is_some_and(|call| is(*call)) {
            return Some(Role::Delete);
        }
        kind.rules.all().iter().find_map(|rule| match &rule.shape {
            Shape::Each { add: Some(add), .. } if is(*add) => Some(Role::Element(rule, Element::Added)),
            Shape::Each { remove: Some(remove), .. } if is(*remove) => Some(Role::Element(rule, Element::Removed)),
            _ => None,
        })
    }
}

impl Line for Accounts {
    fn exchange<'a>(&'a self, call: &'a Call, request: http::Request<Bytes>, _: Instant) -> target::Exchange<'a> {
        Box::pin(async move { Ok::<_, LineError>(self.answer(call, &request)) })
    }
}

enum Role<'a> {
    Read,
    Part(&'a NamedRead),
    List,
    Count,
    Create,
    Update(Sends),
    Delete,
    Element(&'a Rule, Element),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Added,
    Removed,
}

/// One request on the stage.
pub(super) struct Scene<'a> {
    pub(super) mapping: &'a Mapping,
    given: &'a Known,
    pub(super) call: &'a Call,
    pub(super) request: &'a http::Request<Bytes>,
    pub(super) kind: (usize, &'a TypeMapping),
    pub(super) body: &'a Value,
}

impl Scene<'_> {
    fn create(&self, state: &mut State) -> http::Response<Bytes> {
        state.made += 1;
        let mut document = self.carried();
        let kind = self.kind.1;
        if let Some(key) = self.key_in_path() {
            kind.key.at.set(&mut document, key);
        }
        if kind.key_of(&document).is_none() {
            let key = if kind.key.number { json!(1000 + state.made) } else { json!(format!("new-{}", state.made)) };
            kind.key.at.set(&mut document, key);
        }
        state.held.push((self.kind.0, document.clone()));
        let mut shown = self.shown(&document);
        let mut headers = Vec::new();
        match (&self.call.key, kind.key_of(&document)) {
            (Some(KeySource::Header { name, after }), Some(key)) => {
                headers.push((name.to_string(), format!("{}{key}", after.as_deref().unwrap_or_default())))
            }
            (Some(KeySource::At(path)), Some(key)) => path.set(&mut shown, key.into()),
            _ => {}
        }
        reply(StatusCode::CREATED, &headers, &shown)
    }

    /// The key that a client-chosen one has in the path of the create.
    fn key_in_path(&self) -> Option<Value> {
        let place = self.call.path.iter().position(|segment| segment.alone() == Some(&Variable::Key))?;
        let segment = self.request.uri().path().split('/').nth(place + 1)?;
        Some(percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into())
    }

    fn update(&self, state: &mut State, sends: Sends) -> http::Response<Bytes> {
        let Some(at) = self.meant(state, None) else { return reply(StatusCode::NOT_FOUND, &[], &Value::Null) };
        let held = &mut state.held[at].1;
        let key = self.kind.1.key.at.first(held).cloned();
        match sends {
            Sends::Changed => merge(held, self.carried()),
            Sends::Account => {
                let mut parts = held.take();
                *held = self.carried();
                if let Value::Object(fields) = &mut parts {
                    fields.retain(|name, _| self.kind.1.is_named_read(name));
                }
                merge(held, parts);
            }
        }
        if let Some(key) = key {
            self.kind.1.key.at.set(held, key);
        }
        reply(StatusCode::NO_CONTENT, &[], &Value::Null)
    }

    fn delete(&self, state: &mut State) -> http::Response<Bytes> {
        let Some(at) = self.meant(state, None) else { return reply(StatusCode::NOT_FOUND, &[], &Value::Null) };
        state.held.remove(at);
        reply(StatusCode::NO_CONTENT, &[], &Value::Null)
    }

    fn element(&self, state: &mut State, rule: &Rule, what: Element) -> http::Response<Bytes> {
        let Shape::Each { at: array, items, .. } = &rule.shape else {
            return reply(StatusCode::NOT_FOUND, &[], &Value::Null);
        };
        let Some(item) = items.iter().find(|item| &*item.sub == "value") else {
            return reply(StatusCode::NOT_FOUND, &[], &Value::Null);
        };
        if let Some((at, place)) = self.named_item(state, array) {
            let mut list: Vec<Value> = array.items(&state.held[at].1).into_iter().cloned().collect();
            list.remove(place);
            array.set(&mut state.held[at].1, Value::Array(list));
            return reply(StatusCode::NO_CONTENT, &[], &Value::Null);
        }
        let kinds = self.mapping.types.iter().enumerate();
        let referred = kinds.filter(|(_, kind)| Some(&kind.kind.name) == item.refers_to.as_ref());
        let mut members: Vec<Value> = referred.flat_map(|(place, kind)| keys(state, place, kind)).collect();
        members.extend(self.said());
        let found = members.iter().find_map(|member| Some((self.meant(state, Some(member))?, member.clone())));
        let Some((at, member)) = found else { return reply(StatusCode::NOT_FOUND, &[], &Value::Null) };
        let document = &mut state.held[at].1;
        let members = member.as_array().cloned().unwrap_or_else(|| vec![member]);
        let members: Vec<Value> = members.into_iter().map(|member| self.listed(item, member)).collect();
        let mut list = Vec::new();
        for one in array.items(document) {
            if !item.at.first(one).is_some_and(|value| members.contains(value)) {
                list.push(one.clone());
            }
        }
        if what == Element::Added {
            for member in members {
                let mut element = Value::Null;
                item.at.set(&mut element, member);
                list.push(element);
            }
        }
        array.set(document, Value::Array(list));
        reply(StatusCode::NO_CONTENT, &[], &Value::Null)
    }

    /// A call names another account by its key; the list may hold it in a form of its own.
    fn listed(&self, item: &Item, member: Value) -> Value {
        match &item.refers_to {
            Some(_) => item.transform.to_target(&member, self.given).unwrap_or(member),
            None => member,
        }
    }

    /// The account and the place in its array of the element that a call names by fields of its own.
    fn named_item(&self, state: &State, array: &Path) -> Option<(usize, usize)> {
        if !self.call.holes().iter().any(|hole| matches!(hole, Variable::ItemField(_))) {
            return None;
        }
        let given = self.given;
        state.held.iter().enumerate().filter(|(_, (place, _))| *place == self.kind.0).find_map(|(at, (_, document))| {
            let key = key_value(self.kind.1, &self.kind.1.key_of(document)?)?;
            let asks = |item| self.is_asked(&Filled { key: &key, member: None, document, given, item: Some(item) });
            Some((at, array.items(document).into_iter().position(asks)?))
        })
    }

    /// What the request says: everything in its body, and the pieces of its path and query.
    fn said(&self) -> Vec<Value> {
        let uri = self.request.uri();
        let pieces = uri
            .path()
            .split('/')
            .map(|piece| percent_encoding::percent_decode_str(piece).decode_utf8_lossy().into_owned());
        let query =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).map(|(_, value)| value.into_owned());
        let mut said: Vec<Value> = pieces.chain(query).map(Value::from).collect();
        leaves(self.body, &mut said);
        said
    }

    /// The account that the request is about: the one whose key makes the call into this request.
    pub(super) fn meant(&self, state: &State, member: Option<&Value>) -> Option<usize> {
        state.held.iter().position(|(place, document)| {
            let key = (*place == self.kind.0).then(|| self.kind.1.key_of(document)).flatten();
            let Some(key) = key.and_then(|key| key_value(self.kind.1, &key)) else { return false };
            let handle = self.kind.1.list.as_ref().and_then(|list| list.handle.as_ref()?.first(document));
            let given = self.given;
            let asks = |key| self.is_asked(&Filled { key, member, document, given, item: None });
            std::iter::once(&key).chain(handle).any(asks)
        })
    }

    /// Does this make the call into the request? What a call without a key in its path is about stands in its body.
    fn is_asked(&self, filled: &Filled<'_>) -> bool {
        let path = self.call.target_path(filled);
        let asked = self.request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let sent = self.call.body.as_ref().filter(|_| self.call.encode != Encoding::Nothing);
        let body = || sent.is_none_or(|body| could_be(body, self.body, filled));
        let names_key = self.call.holes().contains(&&Variable::Key);
        let carries = || self.kind.1.key_of(&self.carried()).is_none_or(|carried| carried == as_text(filled.key));
        // Page parameters follow what the call itself says.
        let paged = |rest: &str| rest.is_empty() || (self.call.listing.is_some() && rest.starts_with(['?', '&']));
        path.is_ok_and(|path| asked.strip_prefix(&path).is_some_and(paged)) && body() && (names_key || carries())
    }

    /// The account that the request carries, taken out of its envelope.
    pub(super) fn carried(&self) -> Value {
        let envelope = self.call.body.as_ref().and_then(|body| envelope(body, &mut Vec::new()));
        let inner = match &envelope {
            Some(names) => Path::of_names(names.iter().map(|name| &**name)).first(self.body).cloned(),
            None => Some(self.body.clone()),
        };
        inner.filter(Value::is_object).unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// The account as the call's answer shows it.
    pub(super) fn shown(&self, document: &Value) -> Value {
        match &self.call.result {
            ResultAt::At(path) => {
                let mut answer = Value::Null;
                path.set(&mut answer, document.clone());
                answer
            }
            ResultAt::Whole => document.clone(),
            ResultAt::Nowhere => Value::Null,
        }
    }
}

/// Settings and lookups of the instance.
struct Known(Vec<(Variable, Value)>);

impl Known {
    fn of(mapping: &Mapping, test: &TestCase) -> Known {
        let settings = super::settings(mapping, test).into_iter();
        let settings = settings.map(|(name, value)| (Variable::Setting(name), Value::from(value)));
        let lookups = super::yielded(mapping, test).into_iter();
        Known(settings.chain(lookups.map(|(name, value)| (Variable::Lookup(name), value))).collect())
    }
}

impl Scope for Known {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        self.0.iter().find(|(known, _)| known == variable).map(|(_, value)| Cow::Borrowed(value))
    }
}

struct Filled<'a> {
    key: &'a Value,
    member: Option<&'a Value>,
    document: &'a Value,
    given: &'a Known,
    item: Option<&'a Value>,
}

/// Could the body have become this, filled with what is known here? What is not known may have been anything.
fn could_be(body: &Body, seen: &Value, known: &dyn Scope) -> bool {
    match (body, seen) {
        (Body::Constant(value), seen) => as_text(value) == as_text(seen),
        (Body::Template(template), seen) => {
            let open = template.holes().any(|hole| known.value(hole).is_none());
            open || template.fill(known).is_none_or(|filled| as_text(&filled) == as_text(seen))
        }
        (Body::List(list), Value::Array(seen)) => {
            list.len() != seen.len() || list.iter().zip(seen).all(|(one, seen)| could_be(one, seen, known))
        }
        (Body::Object(fields), Value::Object(seen)) => {
            fields.iter().all(|(name, one)| seen.get(&**name).is_none_or(|seen| could_be(one, seen, known)))
        }
        // Another spelling of the same, as a form has it, or nothing.
        (_, Value::String(_) | Value::Null) => true,
        _ => false,
    }
}

impl Scope for Filled<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Key => Some(Cow::Borrowed(self.key)),
            Variable::Member | Variable::Members | Variable::Value => self.member.map(Cow::Borrowed),
            Variable::Field(path) => path.first(self.document).map(Cow::Borrowed),
            Variable::ItemField(path) => path.first(self.item?).map(Cow::Borrowed),
            Variable::Setting(_) | Variable::Lookup(_) => self.given.value(variable),
            _ => None,
        }
    }
}

fn leaves(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|one| leaves(one, found)),
        Value::Array(list) => {
            found.push(value.clone());
            list.iter().for_each(|one| leaves(one, found));
        }
        scalar => found.push(scalar.clone()),
    }
}

/// A call as tests name it.
fn noted(call: &Call, request: &http::Request<Bytes>, body: &Value, reads: bool) -> Made {
    match &call.shared {
        Some(shared) => Made { line: shared.label.to_string(), body: shared.shown(body), reads },
        None => Made { line: method_and_path(request), body: body.clone(), reads },
    }
}

fn keys(state: &State, wanted: usize, kind: &TypeMapping) -> Vec<Value> {
    let held = state.held.iter().filter(|(place, _)| *place == wanted);
    held.filter_map(|(_, document)| key_value(kind, &kind.key_of(document)?)).collect()
}

/// The names under which `<account>` stands in a body.
fn envelope(body: &crate::wire::Body, names: &mut Vec<Arc<str>>) -> Option<Vec<Arc<str>>> {
    match body {
        crate::wire::Body::Template(template) if template.alone() == Some(&Variable::Account) => Some(names.clone()),
        crate::wire::Body::Object(fields) => fields.iter().find_map(|(name, inner)| {
            names.push(name.clone());
            let found = envelope(inner, names);
            names.pop();
            found
        }),
        _ => None,
    }
}

fn merge(held: &mut Value, change: Value) {
    match (held, change) {
        (Value::Object(held), Value::Object(change)) => {
            for (name, value) in change {
                merge(held.entry(name).or_insert(Value::Null), value);
            }
        }
        (held, change) => *held = change,
    }
}
