//! Sorting of whole results (RFC 7644 §3.4.2.3).

use super::error::ScimError;
use super::fold::fold;
use super::instant::instant;
use super::path::AttributePath;
use super::resource::Resource;
use super::schema::{Kind, ResourceType};
use serde_json::Value;
use std::cmp::Ordering;

/// By what, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    path: AttributePath,
    kind: Kind,
    case_exact: bool,
    descending: bool,
}

impl Sort {
    /// Reads `sortBy` and `sortOrder`. A complex attribute sorts by its `value`.
    ///
    /// # Errors
    /// `invalidPath` for an attribute that is not known, `invalidValue` for another order than the two.
    pub fn parse(by: Option<&str>, order: Option<&str>, kind: &ResourceType) -> Result<Option<Sort>, ScimError> {
        let Some(by) = by else { return Ok(None) };
        let mut path = kind.path(by).map_err(|error| ScimError::invalid_path(format!("sortBy: {error}")))?;
        if kind.attribute(&path).is_some_and(|attribute| attribute.kind == Kind::Complex) {
            path = path.with_sub(&"value".into());
        }
        let attribute =
            kind.attribute(&path).ok_or_else(|| ScimError::invalid_path("sortBy: a complex attribute has no order"))?;
        let descending = match order.map(str::to_ascii_lowercase).as_deref() {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(ScimError::invalid_value("`sortOrder` is `ascending` or `descending`")),
        };
        Ok(Some(Sort { kind: attribute.kind, case_exact: attribute.case_exact, path, descending }))
    }

    /// The attribute that is looked at.
    pub fn path(&self) -> &AttributePath {
        &self.path
    }

    /// Puts resources in order; those without a value come last going up, first going down. Equals keep their order.
    pub fn apply(&self, resources: &mut [Resource]) {
        resources.sort_by(|one, other| {
            let order = self.compare(self.value(one), self.value(other));
            if self.descending { order.reverse() } else { order }
        });
    }

    /// The value; of a multi-valued attribute the primary element's, else the first's.
    fn value<'a>(&self, resource: &'a Resource) -> Option<&'a Value> {
        let parent = self.path.parent();
        let elements = resource.elements(&parent);
        let primary =
            elements.iter().find(|element| element.get("primary") == Some(&Value::Bool(true))).or(elements.first());
        match (primary, &self.path.sub) {
            (Some(element), Some(sub)) => element.get(&**sub),
            (Some(element), None) => Some(element),
            (None, _) => resource.get(&self.path),
        }
    }

    fn compare(&self, one: Option<&Value>, other: Option<&Value>) -> Ordering {
        match (one, other) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => self.compare_values(one, other),
        }
    }

    fn compare_values(&self, one: &Value, other: &Value) -> Ordering {
        match (one, other) {
            (Value::String(one), Value::String(other)) => match (self.kind, self.case_exact) {
                (Kind::DateTime, _) => instant(one).cmp(&instant(other)),
                (_, true) => one.cmp(other),
                (_, false) => fold(one).cmp(&fold(other)),
            },
            (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
            (one, other) => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sorted(by: &str, order: Option<&str>, names: &[Value]) -> Vec<Value> {
        let sort = Sort::parse(Some(by), order, &ResourceType::user()).unwrap().unwrap();
        let mut resources: Vec<Resource> = names.iter().map(|one| Resource(one.as_object().unwrap().clone())).collect();
        sort.apply(&mut resources);
        resources.into_iter().map(|one| one.0["id"].clone()).collect()
    }

    #[test]
    fn text_sorts_folded_and_absence_comes_last() {
        let names = [json!({"id": 1, "userName": "b"}), json!({"id": 2}), json!({"id": 3, "userName": "A"})];
        assert_eq!(sorted("userName", None, &names), [3, 1, 2]);
        assert_eq!(sorted("USERNAME", Some("Descending"), &names), [2, 1, 3]);
    }

    #[test]
    fn a_list_sorts_by_its_primary_element() {
        let names = [
            json!({"id": 1, "emails": [{"value": "a"}, {"value": "z", "primary": true}]}),
            json!({"id": 2, "emails": [{"value": "m"}]}),
        ];
        assert_eq!(sorted("emails", None, &names), [2, 1]);
    }

    #[test]
    fn unknown_attributes_and_orders_are_refused() {
        let kind = ResourceType::user();
        assert!(Sort::parse(Some("shoeSize"), None, &kind).is_err());
        assert!(Sort::parse(Some("userName"), Some("sideways"), &kind).is_err());
        assert_eq!(Sort::parse(None, Some("sideways"), &kind), Ok(None));
    }
}
