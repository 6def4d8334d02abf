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
        Filter::Present(path) => is_implied(path) || place.any(path, |value| !is_nothing(value)),
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

fn compares(comparison: &Comparison, place: Place<'_>) -> bool {
    if let Some(implied) = &comparison.implied {
        return place.implied(comparison, implied);
    }
    let Comparison { path, operator, .. } = comparison;
    match operator {
        Operator::NotEqual => place.differs(path, |value| comparison.holds(value)),
        _ => place.any(path, |value| comparison.holds(value)),
    }
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

    // `ne` asks for one value that is not equal (RFC 7644 §3.4.2.2: of many one suffices), and holds where there is none.
    fn differs(self, path: &AttributePath, equal: impl Fn(&Value) -> bool) -> bool {
        let differs = |value: &Value| match &path.sub {
            Some(sub) => !value.get(&**sub).is_some_and(&equal),
            None => !equal(value),
        };
        let value = match self {
            Place::Resource(resource) => resource.whole(path),
            Place::Element(element) => Some(element),
        };
        match value {
            Some(Value::Array(elements)) => elements.is_empty() || elements.iter().any(differs),
            value => value.is_none_or(differs),
        }
    }

    fn implied(self, comparison: &Comparison, implied: &Value) -> bool {
        let negated = comparison.operator == Operator::NotEqual;
        let compares = |value: &Value| comparison.holds(value) != negated;
        let Place::Resource(resource) = self else { return compares(implied) };
        // Extensions stand under their URN; no attribute has a colon in its name.
        let mut extensions = resource.0.keys().filter(|name| comparison.path.sub.is_none() && name.contains(':'));
        compares(implied) || extensions.any(|urn| compares(&Value::from(urn.as_str())))
    }
}

fn is_implied(path: &AttributePath) -> bool {
    let place = (&*path.name, path.sub.as_deref());
    path.extension.is_none() && matches!(place, ("schemas", None) | ("meta", None | Some("resourceType" | "location")))
}

fn any_of(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(values) => values.iter().any(test),
        value => test(value),
    }
}
