//! `values:` — a table of attribute values and their spellings in the target.

use super::TransformError;
use crate::wire::template::as_text;
use serde_json::Value;

/// A table. Its rows are told apart by the attribute's value, and by each spelling of the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The attribute's value and the field's spellings, the first of which is sent. Null is absence, on either side.
    pub rows: Vec<(Value, Vec<Value>)>,
    /// What anything unlisted reads as.
    pub otherwise: Option<Value>,
}

impl Table {
    pub(super) fn to_target(&self, value: &Value) -> Result<Value, TransformError> {
        let exact = self.rows.iter().find(|(own, _)| own == value);
        let folded = || self.rows.iter().find(|(own, _)| same_word(own, value));
        let spellings = exact.or_else(folded).map(|(_, spellings)| spellings);
        spellings.and_then(|all| all.first()).cloned().ok_or(TransformError::Unlisted)
    }

    pub(super) fn to_scim(&self, value: &Value) -> Result<Option<Value>, TransformError> {
        let listed = self.rows.iter().find(|(_, spellings)| spellings.iter().any(|one| same(one, value)));
        let value = match (listed, &self.otherwise) {
            (Some((own, _)), _) => own,
            (None, _) if value.is_null() => return Ok(None),
            (None, Some(otherwise)) => otherwise,
            (None, None) => return Err(TransformError::Unlisted),
        };
        Ok(Some(value.clone()).filter(|value| !value.is_null()))
    }

    /// What the field holds when the attribute has no value, where the table says so.
    pub fn nothing(&self) -> Option<&Value> {
        self.rows.iter().find(|(own, _)| own.is_null()).and_then(|(_, spellings)| spellings.first())
    }
}

/// 7 and "7" are equal, null and "" are not.
pub(in crate::mapping) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(_) | Value::Object(_) | Value::Null, _)
        | (_, Value::Array(_) | Value::Object(_) | Value::Null) => one == other,
        _ => as_text(one) == as_text(other),
    }
}

fn same_word(one: &Value, other: &Value) -> bool {
    matches!((one, other), (Value::String(one), Value::String(other)) if one.to_lowercase() == other.to_lowercase())
}
