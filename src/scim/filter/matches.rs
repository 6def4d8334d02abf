//! Whether a resource, or one element of it, meets a filter.

use super::{Comparison, Filter, Operator};
use crate::scim::path::AttributePath;
use crate::scim::resource::{Resource, is_nothing};
use serde_json::Value;

pub(super) fn resource(filter: &Filter, resource: &Resource) -> bool {
    holds(filter, Place::Resource(resource))
}

pub(super) fn element(filter: &Filter, element: &Value) -> bool {
    holds(filter, Place::Element(element))
}

/// What paths are looked up in.
#[derive(Clone, Copy)]
enum Place<'r> {
    Resource(&'r Resource),
    Element(&'r Value),
}

fn holds(filter: &Filter, place: Place<'_>) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(|filter| holds(filter, place)),
        Filter::Or(filters) => filters.iter().any(|filter| holds(filter, place)),
        Filter::Not(inner) => !holds(inner, place),
        Filter::Compare(comparison) => compares(comparison, place),
        Filter::Present(path) => place.any(path, |value| !is_nothing(value)),
        Filter::Element { path, filter } => match place {
            Place::Resource(resource) => match resource.whole(path) {
                Some(Value::Array(elements)) => elements.iter().any(|element| holds(filter, Place::Element(element))),
                Some(single) => holds(filter, Place::Element(single)),
                None => false,
            },
            Place::Element(_) => false,
        },
    }
}

// `ne` holds where no value is equal, so also where there is none.
fn compares(comparison: &Comparison, place: Place<'_>) -> bool {
    let found = place.any(&comparison.path, |value| comparison.holds(value));
    found != (comparison.operator == Operator::NotEqual)
}

impl Place<'_> {
    fn any(self, path: &AttributePath, test: impl Fn(&Value) -> bool) -> bool {
        match (self, &path.sub) {
            (Place::Element(element), Some(sub)) => element.get(&**sub).is_some_and(|value| any_of(value, test)),
            (Place::Element(element), None) => test(element),
            (Place::Resource(resource), None) => resource.whole(path).is_some_and(|value| any_of(value, test)),
            (Place::Resource(resource), Some(sub)) => match resource.whole(path) {
                Some(Value::Array(elements)) => elements.iter().filter_map(|element| element.get(&**sub)).any(test),
                Some(value) => value.get(&**sub).is_some_and(|value| any_of(value, test)),
                None => false,
            },
        }
    }
}

fn any_of(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(values) => values.iter().any(test),
        value => test(value),
    }
}
