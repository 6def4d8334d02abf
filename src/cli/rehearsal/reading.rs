//! What the pretend product answers to reads: accounts, their further answers, lists page by page.

use super::accounts::{Scene, State};
use super::script::reply;
use crate::mapping::NamedRead;
use crate::wire::answer::fitting;
use crate::wire::template::as_text;
use crate::wire::{Answer, Listing, Meaning, Nothing, Paging, ResultAt, Total};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

impl Scene<'_> {
    pub(super) fn read(&self, state: &State) -> http::Response<Bytes> {
        match self.meant(state, None) {
            Some(at) => reply(StatusCode::OK, &[], &self.shown(&self.main_part(&state.held[at].1))),
            None => reply(StatusCode::NOT_FOUND, &[], &Value::Null),
        }
    }

    /// The account without what only further reads show.
    fn main_part(&self, document: &Value) -> Value {
        let mut document = document.clone();
        if let Value::Object(fields) = &mut document {
            fields.retain(|name, _| !self.kind.1.is_named_read(name));
        }
        document
    }

    /// A further answer; what the given account does not hold is not there, as far as the mapping has words for that.
    pub(super) fn part(&self, state: &State, named: &NamedRead) -> http::Response<Bytes> {
        let held = self.meant(state, None).map(|at| &state.held[at].1);
        let part = held.and_then(|document| document.get(&*named.name)).filter(|part| !part.is_null());
        let mut answer = Value::Null;
        match (part, &self.call.listing, &self.call.result) {
            (None, None, _) => return self.nothing(),
            (part, Some(listing), _) => {
                let all = part.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                self.put_page(listing, all.iter().cloned(), &mut answer);
            }
            (Some(part), None, ResultAt::At(path)) => path.set(&mut answer, part.clone()),
            (Some(part), None, _) => answer = part.clone(),
        }
        plain_json(&answer)
    }

    /// 404 where the call takes that for an empty answer, else null.
    fn nothing(&self) -> http::Response<Bytes> {
        let absent = Answer { status: StatusCode::NOT_FOUND, headers: HeaderMap::new(), body: Value::Null };
        match fitting(&self.call.answers, &absent, &Nothing).find_map(|row| row.means.said()) {
            Some(Meaning::Empty) => reply(StatusCode::NOT_FOUND, &[], &Value::Null),
            _ => plain_json(&Value::Null),
        }
    }

    pub(super) fn count(&self, state: &State) -> http::Response<Bytes> {
        let held = state.held.iter().filter(|(place, _)| *place == self.kind.0).count();
        let lists = self.mapping.calls.iter().filter_map(|call| call.listing.as_ref()?.total.as_ref());
        let at = lists.into_iter().find_map(|total| match total {
            Total::Call { call, at } if self.mapping.call(*call).name == self.call.name => Some(at),
            _ => None,
        });
        let mut answer = Value::Null;
        at.into_iter().for_each(|at| at.set(&mut answer, json!(held)));
        plain_json(&answer)
    }

    pub(super) fn list(&self, state: &State) -> http::Response<Bytes> {
        let all: Vec<&Value> =
            state.held.iter().filter(|(place, _)| *place == self.kind.0).map(|(_, document)| document).collect();
        let Some(listing) = &self.call.listing else { return reply(StatusCode::OK, &[], &Value::Null) };
        let mut answer = Value::Null;
        self.put_page(listing, all.iter().map(|document| self.main_part(document)), &mut answer);
        reply(StatusCode::OK, &[], &answer)
    }

    /// The page that was asked for, and how many there are.
    fn put_page(&self, listing: &Listing, all: impl ExactSizeIterator<Item = Value>, answer: &mut Value) {
        let (total, (skip, take)) = (all.len(), self.window(listing.paging.as_ref()));
        let page = all.skip(skip).take(take);
        let items: Value = match &listing.keyed {
            None => page.collect(),
            Some(name) => Value::Object(page.filter_map(|item| keyed(name, item)).collect()),
        };
        listing.items.set(answer, items);
        if let Some(Total::At(path)) = &listing.total {
            path.set(answer, json!(total));
        }
    }

    fn window(&self, paging: Option<&Paging>) -> (usize, usize) {
        let query: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            form_urlencoded::parse(self.request.uri().query().unwrap_or_default().as_bytes()).collect();
        let number = |name: &Option<Arc<str>>| {
            query.iter().find(|(known, _)| name.as_deref() == Some(known)).and_then(|(_, value)| value.parse().ok())
        };
        match paging {
            Some(Paging::Offset { offset, limit, max }) => {
                (number(offset).unwrap_or(0), number(limit).unwrap_or(*max).min(*max))
            }
            Some(Paging::Page { page, size, first, max }) => {
                let size: usize = number(size).unwrap_or(*max).min(*max);
                (number(page).unwrap_or(*first).saturating_sub(*first) * size, size)
            }
            Some(Paging::Cursor { .. }) | None => (0, usize::MAX),
        }
    }
}

/// JSON that may be null, which is not the same as no body.
fn plain_json(value: &Value) -> http::Response<Bytes> {
    reply(StatusCode::OK, &[], &Value::String(value.to_string()))
}

/// An item of a keyed list: its key, and the rest of it.
fn keyed(name: &str, mut item: Value) -> Option<(String, Value)> {
    let key = item.as_object_mut()?.remove(name)?;
    Some((as_text(&key).into_owned(), item))
}
