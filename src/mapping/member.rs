//! An element of an array that a boolean stands for: there or not, whatever else the array holds.

use crate::mapping::draft::Draft;
use crate::mapping::to_scim::RuleError;
use crate::mapping::transform::same;
use crate::mapping::{Rule, TransformError};
use crate::wire::{Body, Condition, Path, Scope};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What tells the element from all others: its fields, or the element itself under the path `.`. Of a list in a field any may stand there,
/// and an element that is made gets the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Each field, and what stands in it: a constant, a setting or a lookup.
    pub fields: Vec<(Path, Body)>,
}

/// Elements of an array that are none of a rule's.
#[derive(Debug, Clone, Default)]
pub struct Apart {
    /// Other rules own them.
    pub owned: Vec<Arc<Member>>,
    /// They are not ours, though the target shows them.
    pub absent: Vec<Condition>,
}

impl Apart {
    /// The elements that are left.
    ///
    /// # Errors
    /// A setting or lookup in an owned element has no value.
    pub fn others<'a>(&self, items: Vec<&'a Value>, known: &dyn Scope) -> Result<Vec<&'a Value>, TransformError> {
        if self.owned.is_empty() && self.absent.is_empty() {
            return Ok(items);
        }
        let owned = self.owned.iter().map(|member| member.wanted(known)).collect::<Result<Vec<_>, _>>()?;
        let apart = |item: &Value| {
            owned.iter().any(|wanted| fits(item, wanted)) || self.absent.iter().any(|when| when.fits(item, known))
        };
        Ok(items.into_iter().filter(|item| !apart(item)).collect())
    }
}

impl Member {
    /// Does the list hold it?
    ///
    /// # Errors
    /// A setting or lookup in it has no value.
    pub fn is_in<'a>(
        &self,
        list: impl IntoIterator<Item = &'a Value>,
        known: &dyn Scope,
    ) -> Result<bool, TransformError> {
        let wanted = self.wanted(known)?;
        Ok(list.into_iter().any(|one| fits(one, &wanted)))
    }

    /// Each field with its value.
    ///
    /// # Errors
    /// A setting or lookup in it has no value.
    pub fn wanted(&self, known: &dyn Scope) -> Result<Vec<(&Path, Value)>, TransformError> {
        let filled = self.fields.iter().map(|(at, body)| Some((at, body.fill(known)?)));
        filled.collect::<Option<_>>().ok_or(TransformError::Unset)
    }
}

/// Is it this element, or one of these? `7` and `"7"` are equal.
pub fn fits(element: &Value, wanted: &[(&Path, Value)]) -> bool {
    let one_of = |held: &Value, value: &Value| match value {
        Value::Array(list) => list.iter().any(|one| same(held, one)),
        one => same(held, one),
    };
    wanted.iter().all(|(at, value)| at.first(element).is_some_and(|held| one_of(held, value)))
}

/// Puts the array with the element in it, or without it; nothing where it is so already.
pub(super) fn write(
    (rule, at, member): (&Rule, &Path, &Member),
    (value, known): (&Value, &dyn Scope),
    (before, draft): (Option<&Value>, &mut Draft),
) -> Result<(), RuleError> {
    let failed = |cause: TransformError| rule.failed(cause);
    let there = match rule.transform.to_target(value, known).map_err(failed)? {
        Value::Bool(there) => there,
        _ => return Err(failed(TransformError::Kind { expected: "a boolean" })),
    };
    let wanted = member.wanted(known).map_err(failed)?;
    let mut list: Vec<Value> = match draft.standing(at, before) {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    };
    if list.iter().any(|one| fits(one, &wanted)) == there {
        return Ok(());
    }
    if there {
        let mut element = Value::Object(Map::new());
        for (at, value) in wanted {
            let value = match value {
                Value::Array(list) => list.into_iter().next().ok_or(TransformError::Unset).map_err(failed)?,
                one => one,
            };
            at.set(&mut element, value);
        }
        list.push(element);
    } else {
        list.retain(|one| !fits(one, &wanted));
    }
    draft.carry(at, before);
    draft.put(at, Value::Array(list), rule.line);
    Ok(())
}
