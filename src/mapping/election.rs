//! Which element of a multi-valued attribute is primary, where no field of the elements says so.

use crate::mapping::draft::Draft;
use crate::mapping::to_scim::RuleError;
use crate::mapping::transform::same;
use crate::mapping::{Item, Rule, Shape, TypeMapping};
use crate::scim::fold::fold;
use crate::scim::resource::Resource;
use crate::wire::template::as_text;
use crate::wire::{Path, Scope};
use serde_json::Value;

/// What makes an element primary.
#[derive(Debug, Clone)]
pub enum Election {
    /// It is the first of this array.
    First(Path),
    /// Its `value` stands in another field of the account.
    Equals(Path),
}

impl TypeMapping {
    /// Marks the primary element among those that were read.
    pub(super) fn read_election(
        &self,
        rule: &Rule,
        (account, known): (&Value, &dyn Scope),
        resource: &mut Resource,
    ) -> Result<(), RuleError> {
        let Shape::Elected { by, value, .. } = &rule.shape else { return Ok(()) };
        let attribute = rule.attribute.parent();
        let position = match by {
            Election::First(_) => Some(0),
            Election::Equals(at) => {
                let Some(held) = at.first(account) else { return Ok(()) };
                let path = attribute.with_sub(&value.sub);
                let kind = self.kind.attribute(&path).map_or(crate::scim::schema::Kind::String, |one| one.kind);
                let elected = value.transform.to_scim(held, kind, known).map_err(|cause| rule.failed(cause))?;
                let exact = self.kind.attribute(&path).is_some_and(|one| one.case_exact);
                let Some(elected) = elected else { return Ok(()) };
                resource.elements(&attribute).iter().position(|one| is(one, &elected, exact))
            }
        };
        let Some(position) = position else { return Ok(()) };
        let mut elements = resource.take_elements(&attribute);
        if let Some(Value::Object(element)) = elements.get_mut(position) {
            element.insert("primary".into(), true.into());
        }
        resource.set(&attribute, Value::Array(elements));
        Ok(())
    }

    /// The `value` of the primary element.
    pub(super) fn elected<'a>(&self, rule: &Rule, resource: &'a Resource) -> Option<&'a Value> {
        let elements = resource.elements(&rule.attribute.parent());
        elements.iter().find(|one| one.get("primary") == Some(&Value::Bool(true)))?.get("value")
    }
}

fn is(element: &Value, elected: &Value, exact: bool) -> bool {
    let Some(value) = element.get("value") else { return false };
    let (value, elected) = (as_text(value), as_text(elected));
    value == elected || !exact && fold(&value) == fold(&elected)
}

/// Moves the primary element to the front of its array.
pub(super) fn write_first(
    (rule, at, item): (&Rule, &Path, &Item),
    (value, known): (&Value, &dyn Scope),
    (before, draft): (Option<&Value>, &mut Draft),
) -> Result<(), RuleError> {
    let form = item.to_target(value, known).map_err(|cause| rule.failed(cause))?;
    let (array, filter) = at.without_filter();
    let Some(whole @ Value::Array(list)) = draft.standing(&array, before) else { return Ok(()) };
    let ours = filter.map_or_else(|| list.iter().collect(), |filter| filter.all(whole));
    let place = |found: Option<&&Value>| found.and_then(|own| list.iter().position(|one| std::ptr::eq(one, *own)));
    let first = place(ours.first());
    let elected = place(ours.iter().find(|one| item.at.first(one).is_some_and(|held| same(held, &form))));
    let (Some(first), Some(elected)) = (first, elected) else { return Ok(()) };
    if first == elected {
        return Ok(());
    }
    let mut list = list.clone();
    let element = list.remove(elected);
    list.insert(first, element);
    draft.carry(&array, before);
    draft.put(&array, Value::Array(list), rule.line);
    Ok(())
}
