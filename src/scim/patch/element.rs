//! The element a value filter describes: what `emails[type eq "work"]` makes where there is none.

use crate::scim::filter::{Filter, Operator};
use crate::scim::resource::is_nothing;
use crate::scim::schema::ResourceType;
use serde_json::{Map, Value};

/// An element that meets the filter, from its equality terms; `None` if the filter says more than equalities can, or
/// contradicts itself.
pub(super) fn described(filter: &Filter, kind: &ResourceType) -> Option<Map<String, Value>> {
    let mut element = Map::new();
    describe(filter, kind, &mut element)?;
    let is_found_again = || filter.matches_element(&Value::Object(element.clone()));
    (filter.paths().iter().any(|path| !kind.offers(path)) || is_found_again()).then_some(element)
}

fn describe(filter: &Filter, kind: &ResourceType, element: &mut Map<String, Value>) -> Option<()> {
    match filter {
        Filter::And(filters) => filters.iter().try_for_each(|filter| describe(filter, kind, element)),
        Filter::Compare(comparison) if comparison.operator == Operator::Equal => {
            // A label the target cannot hold is not made up for it.
            if kind.offers(&comparison.path) && !is_nothing(&comparison.value) {
                let sub = comparison.path.sub.as_ref()?;
                element.insert(sub.to_string(), comparison.value.clone());
            }
            Some(())
        }
        // Absence is met by what is not there.
        Filter::Not(inner) if matches!(**inner, Filter::Present(_)) => Some(()),
        _ => None,
    }
}
